"""The cohort on disk: a .h5mu written and read block by block, so that no step holds the whole matrix.

RNA: `X` is log1p of counts per 10,000, `layers/counts` the raw counts. Both are CSR; their `indices` and `indptr`
are one array on disk, linked twice, so that the second matrix costs its values alone. Chunks are gzip-compressed
(every HDF5 library reads them) by several threads, which plain h5py cannot do; each chunk is compressed alone, so
the bytes do not depend on the number of threads.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import names

if TYPE_CHECKING:
    from anndata import AnnData

CHUNK = 1 << 19  # elements of a chunk: 2 MB of float32
TARGET_SUM = 1e4
BLOCK_NONZEROS = 20_000_000  # of a block that a reader is handed: 160 MB
THREADS = 2


class ChunkedArray:
    """A growing one-dimensional array in an HDF5 file, compressed by a pool of threads."""

    def __init__(self, group: h5py.Group, name: str, dtype: str, pool: ThreadPoolExecutor) -> None:
        self.dataset = group.create_dataset(
            name, shape=(0,), maxshape=(None,), dtype=dtype, chunks=(CHUNK,), compression="gzip", compression_opts=1,
            shuffle=True,
        )  # fmt: skip
        self.pool = pool
        self.rest: list[np.ndarray] = []
        self.waiting: list[tuple[int, Future[bytes]]] = []
        self.length = 0
        self.written = 0

    def append(self, values: np.ndarray) -> None:
        """Add values at the end; full chunks go to the pool."""
        self.rest.append(np.ascontiguousarray(values, dtype=self.dataset.dtype))
        self.length += len(values)
        if self.length - self.written < CHUNK:
            return
        joined = np.concatenate(self.rest)
        full = len(joined) // CHUNK * CHUNK
        for start in range(0, full, CHUNK):
            self._submit(joined[start : start + CHUNK])
        self.rest = [joined[full:]]
        self._collect(keep=2 * THREADS)

    def finish(self) -> None:
        """Write what is left, padded to a chunk, and give the dataset its true length."""
        joined = np.concatenate(self.rest) if self.rest else np.empty(0, self.dataset.dtype)
        if len(joined):
            self._submit(np.concatenate([joined, np.zeros(CHUNK - len(joined), joined.dtype)]))
        self._collect(keep=0)
        self.dataset.resize((self.length,))

    def _submit(self, chunk: np.ndarray) -> None:
        self.waiting.append((self.written, self.pool.submit(_compress, chunk)))
        self.written += CHUNK

    def _collect(self, *, keep: int) -> None:
        while len(self.waiting) > keep:
            offset, future = self.waiting.pop(0)
            self.dataset.resize((offset + CHUNK,))
            self.dataset.id.write_direct_chunk((offset,), future.result())


def _compress(chunk: np.ndarray) -> bytes:
    """Shuffle bytes and deflate, as HDF5's own filters do."""
    shuffled = chunk.view(np.uint8).reshape(len(chunk), chunk.itemsize).T
    return zlib.compress(np.ascontiguousarray(shuffled), 1)


def _decompress(raw: bytes, dtype: np.dtype) -> np.ndarray:
    """Undo `_compress`."""
    planes = np.frombuffer(zlib.decompress(raw), np.uint8).reshape(dtype.itemsize, -1)
    return np.ascontiguousarray(planes.T).view(dtype).ravel()


class CohortWriter:
    """Writes a cohort .h5mu cell block by cell block: `append` for RNA, then `finish`."""

    def __init__(self, path: Path, genes: int) -> None:
        self.path = path
        self.genes = genes
        self.file = h5py.File(path, "w", userblock_size=512)
        self.pool = ThreadPoolExecutor(THREADS)
        rna = self.file.create_group(f"mod/{names.RNA}")
        x = rna.create_group("X")
        counts = rna.create_group("layers").create_group(names.LAYER_COUNTS)
        self.arrays = [
            ChunkedArray(x, "data", "float32", self.pool), ChunkedArray(x, "indices", "int32", self.pool),
            ChunkedArray(counts, "data", "float32", self.pool),
        ]  # fmt: skip
        self.row_lengths: list[np.ndarray] = []

    def append(self, counts: sp.csr_matrix, normalised: np.ndarray) -> None:
        """Add cells: raw counts (cells × genes, sorted indices) and the normalised value of each stored count."""
        for array, values in zip(self.arrays, (normalised, counts.indices, counts.data), strict=True):
            array.append(values)
        self.row_lengths.append(np.diff(counts.indptr))

    def finish(self, obs: pd.DataFrame, var: pd.DataFrame, *, protein: AnnData | None, uns: dict[str, Any]) -> None:
        """Write tables, protein and the frame of the MuData format; close the file."""
        for array in self.arrays:
            array.finish()
        self.pool.shutdown()
        rna = self.file[f"mod/{names.RNA}"]
        lengths = np.concatenate(self.row_lengths) if self.row_lengths else np.empty(0, np.int64)
        rna["X"].create_dataset("indptr", data=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))
        counts = rna["layers"][names.LAYER_COUNTS]
        for shared in ("indices", "indptr"):
            counts[shared] = rna["X"][shared]
        for group in (rna["X"], counts):
            _mark(group, "csr_matrix", "0.1.0", shape=np.array([len(obs), self.genes]))
        _mark(rna["layers"], "dict", "0.1.0")
        _write_parts(rna, obs, var, uns=uns)
        _write_frame(self.file, obs, {names.RNA: var}, protein)
        self.file.close()
        with self.path.open("r+b") as handle:
            handle.write(b"MuData (format-version=0.1.0;creator=sscite)")


def _mark(group: h5py.Group, kind: str, version: str, **attributes: Any) -> None:
    """Set the encoding attributes that anndata and mudata read."""
    group.attrs.update({"encoding-type": kind, "encoding-version": version, **attributes})


def _write_parts(group: h5py.Group, obs: pd.DataFrame, var: pd.DataFrame, *, uns: dict[str, Any]) -> None:
    """Write the parts of an AnnData other than its matrices."""
    from anndata.io import write_elem

    write_elem(group, "obs", obs)
    write_elem(group, "var", var)
    write_elem(group, "uns", uns)
    for empty in ("obsm", "varm", "obsp", "varp"):
        write_elem(group, empty, {})
    _mark(group, "anndata", "0.1.0")


def _write_frame(file: h5py.File, obs: pd.DataFrame, tables: dict[str, pd.DataFrame], protein: AnnData | None) -> None:
    """Write the MuData around its modalities: all have the same cells."""
    from anndata.io import write_elem

    if protein is not None:
        write_elem(file["mod"], names.PROTEIN, protein, dataset_kwargs={"compression": "gzip", "compression_opts": 1})
        tables = {**tables, names.PROTEIN: protein.var}
    index = pd.Index(np.concatenate([var.index.to_numpy(dtype=object) for var in tables.values()]))
    write_elem(file, "obs", obs)
    write_elem(file, "var", pd.DataFrame(index=index.astype(str)))
    for empty in ("obsm", "varm", "obsp", "varp", "uns"):
        write_elem(file, empty, {})
    write_elem(file, "obsmap", {name: np.arange(1, len(obs) + 1, dtype=np.uint32) for name in tables})
    ends = np.cumsum([0] + [len(var) for var in tables.values()])
    maps = {}
    for i, (name, var) in enumerate(tables.items()):
        maps[name] = np.zeros(ends[-1], np.uint32)
        maps[name][ends[i] : ends[i + 1]] = np.arange(1, len(var) + 1)
    write_elem(file, "varmap", maps)
    file["mod"].attrs["mod-order"] = list(tables)
    _mark(file, "MuData", "0.1.0", axis=0)


def write_elements(path: Path, elements: dict[str, Any]) -> None:
    """Replace or add elements of a .h5mu by their path in the file, such as `mod/rna/obsm/X_umap`."""
    from anndata.io import write_elem

    with h5py.File(path, "r+") as file:
        for name, value in elements.items():
            parent, _, key = name.rpartition("/")
            group = file[parent] if parent else file
            if key in group:
                del group[key]
            write_elem(group, key, value)


def read_element(path: Path, name: str) -> Any:
    """Read one element of a .h5mu by its path in the file; None if it is absent."""
    from anndata.io import read_elem

    with h5py.File(path) as file:
        return read_elem(file[name]) if name in file else None


@contextmanager
def _reader(path: Path, matrix: str) -> Iterator[tuple[Any, h5py.Group, np.ndarray]]:
    """Open a CSR matrix of the RNA: a function that reads a range of an array, the group, and its row ends."""
    with h5py.File(path) as file, ThreadPoolExecutor(THREADS) as pool:
        group = file[f"mod/{names.RNA}/{matrix}"]

        def read(name: str, start: int, end: int) -> np.ndarray:
            return _read_range(group[name], start, end, pool)

        yield read, group, group["indptr"][:]


def _read_range(dataset: h5py.Dataset, start: int, end: int, pool: ThreadPoolExecutor) -> np.ndarray:
    """Read a range; where the chunks are ours, decompress them by several threads."""
    ours = dataset.chunks and dataset.compression == "gzip" and dataset.shuffle and not dataset.fletcher32
    if not ours or start == end:
        return dataset[start:end]
    size = dataset.chunks[0]
    first = start // size * size
    raw = (dataset.id.read_direct_chunk((offset,))[1] for offset in range(first, end, size))
    parts = list(pool.map(lambda chunk: _decompress(chunk, dataset.dtype), raw))
    return np.concatenate(parts)[start - first : end - first]


def iterate(
    path: Path, *, matrix: str = "X", cells: np.ndarray | None = None, genes: np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, sp.csr_matrix]]:
    """Read the RNA block by block.

    Parameters
    ----------
    matrix
        `X` (log1p of counts per 10,000) or `layers/counts`.
    cells
        Mask of the cells to read; all by default.
    genes
        Positions of the genes to read, in the order given; all by default.

    Yields
    ------
    tuple
        Row numbers in the file, and their cells × genes CSR matrix.
    """
    with _reader(path, matrix) as (read, group, indptr):
        width = int(group.attrs["shape"][1])
        for start, end in _blocks(indptr):
            rows = np.arange(start, end)
            wanted = np.arange(end - start) if cells is None else np.flatnonzero(cells[start:end])
            if cells is not None and len(wanted) == 0:
                continue
            first, last = int(indptr[start]), int(indptr[end])
            parts = (read("data", first, last), read("indices", first, last), indptr[start : end + 1] - first)
            block = sp.csr_matrix(parts, shape=(end - start, width))
            block = block if cells is None else block[wanted]
            yield rows[wanted], block if genes is None else block[:, genes]


def _blocks(indptr: np.ndarray) -> Iterator[tuple[int, int]]:
    """Cut rows into blocks of about BLOCK_NONZEROS stored values each."""
    start, rows = 0, len(indptr) - 1
    while start < rows:
        end = int(np.searchsorted(indptr, indptr[start] + BLOCK_NONZEROS, side="right")) - 1
        end = min(max(end, start + 1), rows)
        yield start, end
        start = end


def gather(
    path: Path, *, matrix: str = "X", cells: np.ndarray | None = None, genes: np.ndarray | None = None
) -> sp.csr_matrix:
    """Read chosen cells and genes of the RNA into one matrix; the memory is what is chosen plus a block."""
    blocks = [block for _, block in iterate(path, matrix=matrix, cells=cells, genes=genes)]
    width = read_shape(path)[1] if genes is None else len(genes)
    return sp.vstack(blocks, format="csr") if blocks else sp.csr_matrix((0, width), dtype=np.float32)


def read_shape(path: Path) -> tuple[int, int]:
    """Return the number of cells and of genes."""
    with h5py.File(path) as file:
        rows, columns = file[f"mod/{names.RNA}/X"].attrs["shape"]
    return int(rows), int(columns)


def read_index(path: Path, part: str = "obs", modality: str = names.RNA) -> pd.Index:
    """Read the names of cells (`obs`) or features (`var`) and nothing else."""
    with h5py.File(path) as file:
        group = file[f"mod/{modality}/{part}"]
        return pd.Index(group[group.attrs["_index"]].asstr()[:])


def read_counts(path: Path, cells: Sequence[str] | None = None, genes: Sequence[str] | None = None) -> AnnData:
    """Read raw RNA counts of chosen cells and genes from a cohort, block by block.

    Parameters
    ----------
    path
        `merged.h5mu` or `cohort.h5mu`.
    cells
        Names of cells, in any order; all by default. The result keeps the order of the file.
    genes
        Names of genes; all by default. The result has those that the cohort has, in the order asked.

    Returns
    -------
    AnnData
        X raw counts (cells × genes, CSR float32), obs of the cohort.
    """
    from anndata import AnnData
    from anndata.io import read_elem

    with h5py.File(path) as file:
        obs = read_elem(file[f"mod/{names.RNA}/obs"])
        var = read_elem(file[f"mod/{names.RNA}/var"])
    mask = None if cells is None else obs.index.isin(pd.Index(cells))
    places = None if genes is None else np.flatnonzero((found := var.index.get_indexer(pd.Index(genes))) >= 0)
    columns = None if places is None else found[places]
    X = gather(path, matrix=f"layers/{names.LAYER_COUNTS}", cells=mask, genes=columns)
    return AnnData(X, obs=obs if mask is None else obs[mask], var=var if columns is None else var.iloc[columns])


def log_normalise(counts: sp.csr_matrix, totals: np.ndarray) -> np.ndarray:
    """Return log1p of counts per 10,000 for each stored count, in the matrix's order (float32)."""
    factors = np.divide(TARGET_SUM, totals, out=np.zeros(len(totals)), where=totals > 0).astype(np.float32)
    return np.log1p(counts.data * np.repeat(factors, np.diff(counts.indptr)))
