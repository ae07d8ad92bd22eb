"""Sums of sparse counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse


def per_cell(counts: sparse.csr_matrix) -> NDArray:
    """Return the sum of each row, in 64 bits, without a copy of the values (scipy's own sum makes two)."""
    values, sizes = counts.data[: counts.indptr[-1]], np.diff(counts.indptr)
    sums = np.zeros(counts.shape[0], dtype=np.result_type(counts.dtype, np.int64))
    filled = np.flatnonzero(sizes)
    kind = np.int32 if len(filled) and _fit(values, int(sizes.max())) else sums.dtype
    sums[filled] = np.add.reduceat(values, counts.indptr[filled], dtype=kind)
    return sums


def _fit(values: NDArray, most: int) -> bool:
    """Return whether any sum of so many values fits into their own 32 bits: added without conversion, far faster."""
    if values.dtype != np.int32:
        return False
    return max(int(values.max()), -int(values.min())) * most <= np.iinfo(np.int32).max
