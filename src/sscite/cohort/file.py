"""Read the cohort's .h5mu block by block, so that no step holds the whole matrix."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import elements, io, names

if TYPE_CHECKING:
    from anndata import AnnData

BLOCK_NONZEROS = 20_000_000  # stored values of a block: 160 MB
THREADS = 2


def read_element(path: Path, name: str) -> Any:
    """Read one element of a .h5mu by its path in the file; None if it is absent."""
    with io.opened(path) as file:
        return elements.read(file[name]) if name in file else None


@contextmanager
def _reader(path: Path, matrix: str) -> Iterator[tuple[Any, h5py.Group, np.ndarray]]:
    """Open a CSR matrix of the RNA: a function that reads a range of an array, the group, and its row ends."""
    with io.opened(path) as file, ThreadPoolExecutor(THREADS) as pool:
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
    with io.opened(path) as file:
        rows, columns = file[f"mod/{names.RNA}/X"].attrs["shape"]
    return int(rows), int(columns)


def read_index(path: Path, part: str = "obs", modality: str = names.RNA) -> pd.Index:
    """Read the names of cells (`obs`) or features (`var`) and nothing else."""
    with io.opened(path) as file:
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
        Names of genes; all by default. The result has those that the cohort has, in the order of `names`.

    Returns
    -------
    AnnData
        X raw counts (cells × genes, CSR float32), obs of the cohort.
    """
    from anndata import AnnData

    with io.opened(path) as file:
        obs = elements.read(file[f"mod/{names.RNA}/obs"])
        var = elements.read(file[f"mod/{names.RNA}/var"])
    mask = None if cells is None else obs.index.isin(pd.Index(cells))
    places = None if genes is None else np.flatnonzero((found := var.index.get_indexer(pd.Index(genes))) >= 0)
    columns = None if places is None else found[places]
    X = gather(path, matrix=f"layers/{names.LAYER_COUNTS}", cells=mask, genes=columns)
    return AnnData(X, obs=obs if mask is None else obs[mask], var=var if columns is None else var.iloc[columns])


def _decompress(raw: bytes, dtype: np.dtype) -> np.ndarray:
    """Undo `_compress`."""
    planes = np.frombuffer(zlib.decompress(raw), np.uint8).reshape(dtype.itemsize, -1)
    return np.ascontiguousarray(planes.T).view(dtype).ravel()
