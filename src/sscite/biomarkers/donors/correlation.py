"""Rank correlation of features with a number or an ordered category of the donor, adjusted for covariates."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np
from scipy import stats

from sscite.compare.statistics.permutation import Permuted

DRAWS = 1999
MIN_DONORS = 5


@dataclass(frozen=True)
class Correlation:
    """Correlation of each feature: arrays of shape (n_features,).

    Attributes
    ----------
    rho, low, high
        Spearman's correlation, partial if adjusted, with its 95% interval.
    p, family_p
        Permutation p of each feature alone, and family-wise over the features (step-down max-T).
    """

    rho: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    family_p: np.ndarray


def correlate(
    values: np.ndarray, outcome: np.ndarray, adjust: np.ndarray, *, seed: int, draws: int = DRAWS
) -> Correlation:
    """Correlate ranks of features with ranks of an outcome, both after regression on the covariates.

    The outcome's residuals are permuted between donors and projected again (Freedman and Lane 1983,
    doi:10.1080/07350015.1983.10509354); without covariates this is the permutation test of Spearman's correlation.

    Parameters
    ----------
    values
        (n_donors, n_features).
    outcome
        (n_donors,).
    adjust
        (n_donors, n_covariates): numbers as ranks, categories as 0/1 columns; may have no column.
    """
    rng = np.random.default_rng(seed)
    n = len(outcome)
    design = np.column_stack([np.ones(n), adjust])
    basis = np.linalg.svd(design, full_matrices=False)[0][:, : np.linalg.matrix_rank(design)]
    features = _unit(_residuals(stats.rankdata(values, axis=0), basis))
    residual = _residuals(stats.rankdata(outcome)[:, None], basis)[:, 0]
    orders = np.vstack([np.arange(n), *(rng.permutation(n) for _ in range(draws))])
    permuted = _unit(_residuals(residual[orders].T, basis))
    rho = permuted.T @ features
    result = Permuted(rho, exact=False)
    low, high = interval(rho[0], n, basis.shape[1] - 1)
    return Correlation(rho[0], low, high, result.p(), result.family_p())


def interval(rho: np.ndarray, n: int, covariates: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of Spearman's correlation by Bonett and Wright (2000, doi:10.1007/BF02294183).

    On Fisher's scale the standard error is sqrt((1 + rho^2 / 2) / (n - 3 - covariates)); NaN with too few donors.
    """
    freedom = n - 3 - covariates
    if freedom < 1:
        return np.full_like(rho, np.nan), np.full_like(rho, np.nan)
    bounded = np.clip(rho, -1 + 1e-12, 1 - 1e-12)
    half = stats.norm.ppf(0.5 + level / 2) * np.sqrt((1 + bounded**2 / 2) / freedom)
    return np.tanh(np.arctanh(bounded) - half), np.tanh(np.arctanh(bounded) + half)


def smallest_p(n: int, draws: int = DRAWS) -> float:
    """Return the smallest two-sided p that n donors without ties, and this number of permutations, can reach."""
    return max(min(2 / factorial(n), 1.0), 1 / (draws + 1))


def _residuals(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return what an orthonormal basis (n, k) does not explain of each column."""
    return values - basis @ (basis.T @ values)


def _unit(values: np.ndarray) -> np.ndarray:
    """Scale columns to unit length; a column without variation becomes zero."""
    norm = np.sqrt((values**2).sum(axis=0))
    return np.divide(values, norm, out=np.zeros_like(values), where=norm > 1e-9)
