"""Tail probabilities and quantiles by scipy.special, which scipy.stats calls: importing the latter takes half a second.

A cohort starts a few of these steps for every contrast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


def t_p(t: ArrayLike, df: ArrayLike) -> np.ndarray:
    """Return the two-sided p of t values; df may be infinite."""
    return 2 * special.stdtr(df, -np.abs(t))


def t_quantile(probability: float, df: ArrayLike) -> np.ndarray:
    """Return the quantile of Student's t; df may be infinite."""
    df = np.asarray(df, dtype=float)
    return np.where(np.isinf(df), special.ndtri(probability), special.stdtrit(df, probability))


def welch_p(target: np.ndarray, reference: np.ndarray) -> float:
    """Return the two-sided p of Welch's t test (doi:10.1093/biomet/34.1-2.28) of two groups of two donors or more."""
    groups = (target, reference)
    squares = [values.var(ddof=1) / len(values) for values in groups]
    with np.errstate(divide="ignore", invalid="ignore"):  # donors who are all the same have no p
        df = sum(squares) ** 2 / sum(part**2 / (len(values) - 1) for part, values in zip(squares, groups, strict=True))
        return float(t_p((target.mean() - reference.mean()) / np.sqrt(sum(squares)), df))


def trimmed_mean(values: np.ndarray, share: float) -> np.ndarray:
    """Return the mean of each row without the given share of its values at either end, (n_rows,)."""
    cut = int(share * values.shape[1])
    kept = np.partition(values, (cut, values.shape[1] - cut - 1), axis=1)[:, cut : values.shape[1] - cut]
    return kept.mean(axis=1)
