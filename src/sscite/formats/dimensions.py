"""Cells and stored values of a count file, from its header where the format has one."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from sscite.formats import folders, hdf5
from sscite.formats.read import FORMATS, HDF5, check_exists, find_kind, read_counts
from sscite.reading import open_bytes, reading

# where a matrix is: 10x, MuData of our own (counts before normalised values), AnnData
PLACES = ("matrix", "mod/rna/layers/counts", "mod/rna/X", "layers/counts", "X", "raw/X")
BLOCK = 1000  # rows of a dense matrix that are read at once


def dimensions(path: Path) -> tuple[int, int]:
    """Return cells and stored values of a count file; of MuData those of its RNA.

    A table, and what has no header that is known, is read whole.

    Raises
    ------
    UserError
        The path is missing, its format unknown or the file unreadable.
    """
    check_exists(path)
    kind = find_kind(path)
    with reading(path, FORMATS[kind]):
        found = None
        if kind in HDF5.values():
            hdf5.probe(path)
            found = _of_hdf5(path)
        elif kind in ("10x_mtx", "citeseq_count"):
            found = _of_matrix_market(path / "umi_count" if (path / "umi_count").is_dir() else path)
    if found:
        return found
    matrix = read_counts(path, kind=kind).matrix
    return matrix.shape[0], matrix.nnz


def _of_hdf5(path: Path) -> tuple[int, int] | None:
    """Return cells and stored values of the first matrix that is known; None without any."""
    with h5py.File(path) as file:
        item = next((file[place] for place in PLACES if place in file), None)
        if isinstance(item, h5py.Dataset):
            blocks = range(0, len(item), BLOCK)
            return len(item), int(sum(np.count_nonzero(item[start : start + BLOCK]) for start in blocks))
        if item is None:
            return None
        shape = item.attrs.get("shape", item.attrs.get("h5sparse_shape"))
        cells = len(item["indptr"]) - 1 if shape is None else shape[0]
        return int(cells), len(item["data"])


def _of_matrix_market(folder: Path) -> tuple[int, int]:
    """Return the number of barcodes, and the values that the matrix's header declares."""
    matrix, barcodes, _ = folders.find_parts(folder)
    with open_bytes(matrix) as stream:
        _, values, _ = folders.read_head(stream, matrix)
    return len(folders.rows(barcodes)), values
