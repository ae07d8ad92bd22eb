"""Write the cohort's .h5mu block by block, so that no step holds the whole matrix.

RNA: `X` is log1p of counts per 10,000, `layers/counts` the raw counts. Both are CSR; their `indices` and `indptr`
are one array on disk, linked twice, so that the second matrix costs its values alone. Chunks are gzip-compressed
(every HDF5 library reads them) by several threads, which plain h5py cannot do; each chunk is compressed separately, so
the bytes do not depend on the number of threads.
"""

from __future__ import annotations

import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import names
from sscite.logarithm import log1p

if TYPE_CHECKING:
    from anndata import AnnData

CHUNK = 1 << 19  # elements of a chunk: 2 MB of float32
TARGET_SUM = 1e4
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


class Matrices:
    """X and layer `counts` of an AnnData group, written cell block by cell block; both store the same places."""

    def __init__(self, group: h5py.Group, genes: int) -> None:
        self.group = group
        self.genes = genes
        self.pool = ThreadPoolExecutor(THREADS)
        x = group.create_group("X")
        counts = group.create_group("layers").create_group(names.LAYER_COUNTS)
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

    def finish(self) -> None:
        """Write what is left, the row ends and the attributes that anndata reads."""
        for array in self.arrays:
            array.finish()
        self.pool.shutdown()
        lengths = np.concatenate(self.row_lengths) if self.row_lengths else np.empty(0, np.int64)
        x, counts = self.group["X"], self.group["layers"][names.LAYER_COUNTS]
        x.create_dataset("indptr", data=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))
        for shared in ("indices", "indptr"):
            counts[shared] = x[shared]
        for matrix in (x, counts):
            _mark(matrix, "csr_matrix", "0.1.0", shape=np.array([len(lengths), self.genes]))
        _mark(self.group["layers"], "dict", "0.1.0")


class CohortWriter:
    """Writes a cohort .h5mu cell block by cell block: `append` for RNA, then `finish`."""

    def __init__(self, path: Path, genes: int) -> None:
        self.path = path
        self.genes = genes
        self.file = h5py.File(path, "w", userblock_size=512)
        self.matrices = Matrices(self.file.create_group(f"mod/{names.RNA}"), genes)

    def append(self, counts: sp.csr_matrix, normalised: np.ndarray) -> None:
        """Add cells: raw counts (cells × genes, sorted indices) and the normalised value of each stored count."""
        self.matrices.append(counts, normalised)

    def finish(self, obs: pd.DataFrame, var: pd.DataFrame, *, protein: AnnData | None, uns: dict[str, Any]) -> None:
        """Write tables, protein and the frame of the MuData format; close the file."""
        self.matrices.finish()
        write_parts(self.matrices.group, obs, var, uns=uns)
        _write_frame(self.file, obs, {names.RNA: var}, protein)
        self.file.close()
        with self.path.open("r+b") as handle:
            handle.write(b"MuData (format-version=0.1.0;creator=sscite)")


def _mark(group: h5py.Group, kind: str, version: str, **attributes: Any) -> None:
    """Set the encoding attributes that anndata and mudata read."""
    group.attrs.update({"encoding-type": kind, "encoding-version": version, **attributes})


def write_parts(
    group: h5py.Group, obs: pd.DataFrame, var: pd.DataFrame, *, uns: dict[str, Any], **others: dict[str, Any]
) -> None:
    """Write the parts of an AnnData other than its matrices; obsm, varm, obsp and varp are empty where not given."""
    from anndata.io import write_elem

    write_elem(group, "obs", obs)
    write_elem(group, "var", var)
    write_elem(group, "uns", uns)
    for part in ("obsm", "varm", "obsp", "varp"):
        write_elem(group, part, others.get(part, {}))
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


def log_normalise(counts: sp.csr_matrix, totals: np.ndarray) -> np.ndarray:
    """Return log1p of counts per 10,000 for each stored count, in the matrix's order (float32)."""
    factors = np.divide(TARGET_SUM, totals, out=np.zeros(len(totals)), where=totals > 0)
    return log1p(counts.data.astype(np.float64) * np.repeat(factors, np.diff(counts.indptr)))
