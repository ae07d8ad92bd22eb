"""How much of a difference between groups the ambient RNA of their libraries predicts."""

from __future__ import annotations

import numpy as np

EXPLAINED = 0.5  # share of a difference, or of a gene's counts, from which it is ascribed to ambient RNA
FLAG = "explained by ambient RNA"


def predicted_share(counts: np.ndarray, ambient: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the share of each gene's difference that ambient RNA predicts.

    Differences are those of the groups' mean shares of all counts; ambient RNA adds to expression, so shares of the
    difference add up on this scale and not on a logarithmic one. Half as threshold allows the contamination to be
    underestimated by a factor of two.

    Parameters
    ----------
    counts, ambient
        Observed and expected ambient counts, shape (n_rows, n_genes).
    group
        0 for the reference, 1 for the target, shape (n_rows,).

    Returns
    -------
    shape (n_genes,), between 0 (or the opposite direction) and 1; 0 without a difference
    """
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    observed, predicted = (_difference(values / totals, group) for values in (counts, ambient))
    share = np.divide(predicted, observed, out=np.zeros_like(observed), where=observed != 0)
    return np.clip(share, 0, 1)


def _difference(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the mean of the target less that of the reference."""
    return values[group == 1].mean(axis=0) - values[group == 0].mean(axis=0)
