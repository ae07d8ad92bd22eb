"""Shrinkage of log fold changes towards zero by their standard errors."""

from __future__ import annotations

import numpy as np


def shrink(effect: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Shrink effects towards zero by a Cauchy prior whose scale is estimated from all genes (mode of the posterior).

    As apeglm (Zhu, Ibrahim and Love 2018, doi:10.1093/bioinformatics/bty895) with a normal likelihood: large effects
    stay, those of genes with little information go to zero.
    """
    known = np.isfinite(effect) & np.isfinite(error) & (error > 0)
    if not known.any():
        return effect.copy()
    b, s2 = effect[known], error[known] ** 2
    scale2 = min(_prior_variance(b, s2), 1 / np.log(2) ** 2)
    shrunk = b.copy()
    for _ in range(100):
        shrunk = b / (1 + 2 * s2 / (scale2 + shrunk**2))
    result = effect.copy()
    result[known] = shrunk
    return result


def _prior_variance(b: np.ndarray, s2: np.ndarray) -> float:
    """Return the variance A of true effects that solves sum w (b^2 - s^2 - A) = 0, w = 1 / (s^2 + A)^2 (as apeglm)."""
    variance = 1.0
    for _ in range(100):
        weight = 1 / (s2 + variance) ** 2
        variance = max(float((weight * (b**2 - s2)).sum() / weight.sum()), 1e-4)
    return variance
