"""The gate of HDF5 files: what a reader needs is present, of the right kind, rank and size, before an array is read."""

from __future__ import annotations

import math
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from scipy import sparse

from sscite.errors import UserError
from sscite.reading import SMALL, memory_limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIGHEST_EXPANSION = 5000  # times that stored bytes may expand: gzip reaches 1,032
NUMBERS = "iuf"
BLOCK = 50_000_000  # bytes of an array that are read at once
REMEDY = "the file is damaged: copy or export it again"
PATIENCE = 60.0  # seconds for the structure of a file, which takes well under one


def probe(path: Path) -> None:
    """Read the structure of a file in a process of its own: damaged texts make the HDF5 library hang or crash.

    Raises
    ------
    UserError
        The process took over a minute or was ended by a signal.
    """
    child = os.fork()
    if child == 0:
        try:
            with h5py.File(path) as file:
                _touch("", file)
                file.visititems(_touch)
        finally:
            os._exit(0)  # what Python can report is reported by the reader
    deadline = time.monotonic() + PATIENCE
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise UserError(f"{path}: the HDF5 library cannot read its structure and does not end; {REMEDY}")
        time.sleep(0.002)
    if os.WIFSIGNALED(ended[1]):
        raise UserError(f"{path}: the HDF5 library crashes on its structure; {REMEDY}")


def _touch(name: str, item: h5py.Group | h5py.Dataset) -> None:
    """Read what is stored in a file's global heap: texts of variable length, in attributes and datasets."""
    with suppress(Exception):
        dict(item.attrs)
    with suppress(Exception):
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "O":
            item[()]


def group(parent: h5py.Group, name: str, where: str) -> h5py.Group:
    """Return a group.

    Raises
    ------
    UserError
        It is missing or not a group.
    """
    found = parent.get(name)
    if not isinstance(found, h5py.Group):
        raise UserError(f"{where}: it has no group '{name}' but {contents(parent)}; {REMEDY}")
    return found


def dataset(
    parent: h5py.Group, name: str, where: str, *, ndim: int = 1, kinds: str = "", length: int | None = None
) -> h5py.Dataset:
    """Return a dataset whose rank, kind and size were checked; nothing is read.

    Parameters
    ----------
    kinds
        NumPy kinds that are allowed; empty for any.
    length
        The number of entries that it must have, where known.

    Raises
    ------
    UserError
        It is missing, of another kind or rank, stored elsewhere, or larger than memory or than the file can hold.
    """
    found = parent.get(name)
    if not isinstance(found, h5py.Dataset):
        raise UserError(f"{where}: it has no dataset '{name}' but {contents(parent)}; {REMEDY}")
    return checked(found, where, ndim=ndim, kinds=kinds, length=length)


def checked(
    item: h5py.Dataset, where: str, *, ndim: int = 1, kinds: str = "", length: int | None = None
) -> h5py.Dataset:
    """Check the rank, kind and size of a dataset; see `dataset`."""
    if item.shape is None or item.ndim != ndim:
        raise UserError(f"{where}: '{item.name}' has shape {item.shape}, expected {ndim} dimensions; {REMEDY}")
    if kinds and item.dtype.kind not in kinds:
        raise UserError(f"{where}: '{item.name}' holds {_words(item.dtype)}, expected {_words(kinds)}; {REMEDY}")
    if length is not None and len(item) != length:
        raise UserError(f"{where}: '{item.name}' has {len(item):,} entries, expected {length:,}; {REMEDY}")
    if item.external is not None or item.is_virtual:
        raise UserError(f"{where}: '{item.name}' is stored in another file; write everything into one file")
    size, stored = math.prod(item.shape) * item.dtype.itemsize, item.id.get_storage_size()
    if size > SMALL and (size > HIGHEST_EXPANSION * stored or (ndim == 1 and size > memory_limit())):
        raise UserError(
            f"{where}: '{item.name}' claims {' × '.join(f'{n:,}' for n in item.shape)} entries ({size / 1e9:,.1f} "
            "GB), of "
            f"which the file holds {stored / 1e6:,.1f} MB; {REMEDY}"
        )
    return item


def compressed(parent: h5py.Group, shape: tuple[int, int], where: str, *, by_column: bool = False) -> sparse.csr_matrix:
    """Read a compressed sparse matrix whose structure was checked.

    Parameters
    ----------
    parent
        A group with `data`, `indices` and `indptr`.
    shape
        Of the matrix; the indices lie within it.
    by_column
        Whether columns, not rows, are compressed.

    Raises
    ------
    UserError
        Lengths disagree, `indptr` does not rise from 0 to the number of values, or an index lies outside.
    """
    major, minor = shape[::-1] if by_column else shape
    data = dataset(parent, "data", where, kinds=NUMBERS + "b")
    stored = dataset(parent, "indices", where, kinds="iu", length=len(data))
    indptr = dataset(parent, "indptr", where, kinds="iu", length=major + 1)[:].astype(np.int64)
    if indptr[0] != 0 or indptr[-1] != len(data) or (np.diff(indptr) < 0).any():
        raise UserError(
            f"{where}: '{parent.name}/indptr' must rise from 0 to {len(data):,}, the number of values, and does not; "
            f"{REMEDY}"
        )
    place = np.int32 if max(len(data), major, minor) <= np.iinfo(np.int32).max else np.int64
    indices, lowest, highest = _read_integers(stored, place)
    if len(indices) and (lowest < 0 or highest >= minor):
        raise UserError(
            f"{where}: '{parent.name}/indices' lie between {lowest:,} and {highest:,}, outside "
            f"0 to {minor - 1:,}; {REMEDY}"
        )
    kind = sparse.csc_matrix if by_column else sparse.csr_matrix
    matrix = kind((data[:], indices, indptr.astype(place)), shape=shape)
    return matrix.tocsr()


def _read_integers(item: h5py.Dataset, kind: type) -> tuple[NDArray, int, int]:
    """Read whole numbers into another kind of integers without holding both; return them, the lowest and highest."""
    values: NDArray = np.empty(len(item), dtype=kind)
    chunk = item.chunks[0] if item.chunks else 1
    step = chunk * max(1, BLOCK // (chunk * item.dtype.itemsize))  # whole chunks, each decompressed once
    lowest, highest = 0, 0
    for start in range(0, len(item), step):
        part = item[start : start + step]
        lowest, highest = min(lowest, int(part.min())), max(highest, int(part.max()))
        values[start : start + step] = part
    return values, lowest, highest


def dense(item: h5py.Dataset, shape: tuple[int, int], where: str) -> sparse.csr_matrix:
    """Read a dense matrix by blocks of rows into a sparse one; its shape is checked first."""
    checked(item, where, ndim=2, kinds=NUMBERS + "b")
    if item.shape != shape:
        raise mismatch(item.shape, shape, where)
    step = max(1, BLOCK // max(shape[1] * item.dtype.itemsize, 1))
    blocks = [sparse.csr_matrix(item[start : start + step]) for start in range(0, shape[0], step)]
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix(shape, dtype=item.dtype)


def mismatch(found: tuple[int, ...], expected: tuple[int, int], where: str) -> UserError:
    """Return the error of a matrix that does not fit its barcodes and features."""
    return UserError(
        f"{where}: a matrix of {' × '.join(f'{n:,}' for n in found)} does not fit {expected[0]:,} barcodes and "
        f"{expected[1]:,} features; the file is incomplete or of several runs: export it again"
    )


def texts(item: h5py.Dataset | h5py.Group, where: str) -> NDArray:
    """Read texts in any of anndata's encodings: plain, categorical, nullable; missing ones are empty."""
    if isinstance(item, h5py.Group):
        if "codes" in item:
            categories = texts(_member(item, "categories", where), where)
            return coded(dataset(item, "codes", where, kinds="iu")[:], categories, where)
        values = texts(_member(item, "values", where), where)
        if "mask" in item:
            values[dataset(item, "mask", where, kinds="biu", length=len(values))[:].astype(bool)] = ""
        return values
    return np.array([text(value) for value in checked(item, where)[:]], dtype=object)


def coded(codes: NDArray, categories: NDArray, where: str) -> NDArray:
    """Return the category of each code; negative codes are missing and give an empty text."""
    if len(codes) and int(codes.max()) >= len(categories):
        raise UserError(f"{where}: category {int(codes.max())} of {len(categories)} is used; {REMEDY}")
    return np.array([*categories, ""], dtype=object)[np.where(codes < 0, len(categories), codes).astype(np.int64)]


def text(value: object) -> str:
    """Return bytes or any scalar as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


def contents(parent: h5py.Group) -> str:
    """List what a group holds."""
    return ", ".join(f"'{name}'" for name in list(parent)[:8]) or "nothing"


def _member(parent: h5py.Group, name: str, where: str) -> h5py.Dataset | h5py.Group:
    """Return a member of a group."""
    if name not in parent:
        raise UserError(f"{where}: '{parent.name}' has no '{name}' but {contents(parent)}; {REMEDY}")
    return parent[name]


def _words(dtype: np.dtype | str) -> str:
    """Name a kind of values."""
    kind = dtype if isinstance(dtype, str) else dtype.kind
    if kind == "iu":
        return "whole numbers"
    return "numbers" if set(kind) <= set(NUMBERS + "b") else "texts or records"
