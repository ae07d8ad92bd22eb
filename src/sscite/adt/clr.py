"""Centred log-ratio in Seurat's form, with its two margins named by what is compared within.

log1p(x / exp(mean of log1p(x))): zeros stay zero and no value is negative. Stoeckius et al. 2017 (10.1038/nmeth.4380).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse


def clr_cell(counts: sparse.csr_matrix) -> np.ndarray:
    """Relate each count to the geometric mean of its cell over proteins (Seurat's margin 2).

    Takes out how much antibody a cell bound in all; what is left depends on the panel.

    Returns
    -------
    of shape (n_cells, n_proteins); a cell without counts is all zeros.
    """
    return _clr(counts, axis=1)


def clr_protein(counts: sparse.csr_matrix) -> np.ndarray:
    """Relate each count to the geometric mean of its protein over the library's cells (Seurat's margin 1, its default).

    Puts proteins on one scale; what is left depends on which cells the library holds.
    """
    return _clr(counts, axis=0)


def _clr(counts: sparse.csr_matrix, *, axis: int) -> np.ndarray:
    """Seurat's CLR along an axis; the mean runs over all entries, the sum over those above zero."""
    logged = counts.astype(float).log1p()
    centre = np.exp(np.asarray(logged.sum(axis=axis)).ravel() / counts.shape[axis])
    values = counts.astype(float).toarray()
    values /= centre[:, None] if axis == 1 else centre
    return np.log1p(values, out=values)
