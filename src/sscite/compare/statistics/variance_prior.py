"""Empirical Bayes prior of gene-wise variances along a trend over abundance (limma's `fitFDist` with a covariate).

Smyth 2004, doi:10.2202/1544-6115.1027; used for the quasi-likelihood dispersions of `quasi_likelihood`.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from sscite.compare.statistics.donor_tests import trigamma_inverse


def posterior(raw: np.ndarray, df: np.ndarray, prior_df: float, prior: np.ndarray) -> np.ndarray:
    """Return the variances, weighted with the prior by degrees of freedom."""
    if np.isinf(prior_df):
        return prior
    return (prior_df * prior + df * raw) / (prior_df + df)


def trended_prior(raw: np.ndarray, df: np.ndarray, abundance: np.ndarray) -> tuple[float, np.ndarray]:
    """Estimate the prior of variances along a trend: degrees of freedom, and the variance at each gene's abundance.

    limma's `fitFDist` with a covariate: log variances on a natural spline of the abundance.
    """
    used = df > 0
    positive = np.maximum(raw[used], 1e-5 * np.median(raw[used]))
    half = df[used] / 2
    centred = np.log(positive) - special.digamma(half) + np.log(half)
    knots = 1 + (used.sum() >= 3) + (used.sum() >= 6) + (used.sum() >= 30)
    basis = natural_spline(abundance, np.quantile(abundance[used], np.linspace(0, 1, knots)))
    coefficient = np.linalg.lstsq(basis[used], centred, rcond=None)[0]
    excess = ((centred - basis[used] @ coefficient) ** 2).sum() / max(used.sum() - basis.shape[1], 1)
    excess -= special.polygamma(1, half).mean()
    trend = np.exp(basis @ coefficient)
    if excess <= 0:
        return np.inf, trend
    prior_df = 2 * trigamma_inverse(float(excess))
    return prior_df, trend * np.exp(special.digamma(prior_df / 2) - np.log(prior_df / 2))


def natural_spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return the basis of natural cubic splines, intercept first; the number of columns is that of distinct knots."""
    knots = np.unique(knots)
    if len(knots) < 3:
        return np.column_stack([np.ones_like(x), x])[:, : len(knots)]
    low, width = knots[0], knots[-1] - knots[0]
    u, k = (x - low) / width, (knots - low) / width

    def part(j: int) -> np.ndarray:
        return (np.maximum(u - k[j], 0) ** 3 - np.maximum(u - k[-1], 0) ** 3) / (k[-1] - k[j])

    last = part(len(k) - 2)
    return np.column_stack([np.ones_like(u), u, *[part(j) - last for j in range(len(k) - 2)]])
