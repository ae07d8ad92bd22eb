"""Sums of sparse counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse


def per_cell(counts: sparse.csr_matrix) -> NDArray:
    """Return the sum of each row, in 64 bits, without a copy of the values (scipy's own sum makes two)."""
    sums = np.zeros(counts.shape[0], dtype=np.result_type(counts.dtype, np.int64))
    filled = np.flatnonzero(np.diff(counts.indptr))
    sums[filled] = np.add.reduceat(counts.data[: counts.indptr[-1]], counts.indptr[filled], dtype=sums.dtype)
    return sums
