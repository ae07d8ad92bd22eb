"""Empirical Bayes prior of gene-wise variances, whose mean and degrees of freedom change with abundance.

The prior of Smyth 2004, doi:10.2202/1544-6115.1027, as limma's `fitFDist` with a covariate has it, but for the degrees
of freedom: limma and edgeR estimate one number for all genes. Where counts are few, counting makes most of the variance
and genes differ little in it; where they are many, genes differ by their biology. One number is too large for the
latter, whose p values become too small, and too small for the former, which lose power.
Used for the quasi-likelihood dispersions of `quasi_likelihood`.
"""

from __future__ import annotations

import numpy as np
from scipy import special

DEGREES = 2.0 ** np.linspace(0, 10, 21)  # of freedom of the prior that are compared
WINDOW, SMALLEST_WINDOW = 0.3, 200  # genes of similar abundance that share them: share, and number at least


def posterior(raw: np.ndarray, df: np.ndarray, prior_df: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return the variances, weighted with the prior by degrees of freedom."""
    return (prior_df * prior + df * raw) / (prior_df + df)


def trended_prior(raw: np.ndarray, df: np.ndarray, abundance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the prior at each gene's abundance: degrees of freedom and variance, shapes (n_genes,).

    The trend of the log variances is a natural spline, as in limma; degrees of freedom are those of highest likelihood
    (a scaled F distribution) over a window of genes of similar abundance.
    """
    used = df > 0
    positive = np.maximum(raw[used], 1e-5 * np.median(raw[used]))
    half = df[used] / 2
    centred = np.log(positive) - special.digamma(half) + np.log(half)
    knots = 1 + (used.sum() >= 3) + (used.sum() >= 6) + (used.sum() >= 30)
    basis = natural_spline(abundance, np.quantile(abundance[used], np.linspace(0, 1, knots)))
    trend = basis @ np.linalg.lstsq(basis[used], centred, rcond=None)[0]
    order = np.argsort(abundance[used], kind="stable")
    local = _local_degrees((np.log(positive) - trend[used])[order], half[order])
    prior_df = np.exp(np.interp(abundance, abundance[used][order], np.log(local)))
    return prior_df, np.exp(trend + _mean_log(prior_df))


def _mean_log(df: np.ndarray) -> np.ndarray:
    """Return the mean of the log of a chi-squared variable over its degrees of freedom."""
    return special.digamma(df / 2) - np.log(df / 2)


def _local_degrees(log_variance: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Return the prior degrees of freedom of highest likelihood over the window around each gene.

    Parameters
    ----------
    log_variance
        Relative to the trend, genes in the order of their abundance.
    half
        Half the residual degrees of freedom of each.
    """
    h, d = half[:, None], DEGREES / 2
    x = log_variance[:, None] - _mean_log(DEGREES)
    table = h * (x + np.log(h / d)) - (h + d) * np.log1p(h / d * np.exp(x)) - special.betaln(h, d)
    n = len(table)
    width = min(n, max(SMALLEST_WINDOW, round(WINDOW * n)))
    running = np.vstack([np.zeros(len(DEGREES)), np.cumsum(table, axis=0)])
    start = np.clip(np.arange(n) - width // 2, 0, n - width)
    return np.exp(highest(running[start + width] - running[start], np.log(DEGREES)))


def highest(table: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return where each row of a table of values on an even grid is highest, by the parabola through three points."""
    rows = np.arange(len(table))
    inner = np.clip(table.argmax(axis=1), 1, len(grid) - 2)
    left, middle, right = (table[rows, inner + shift] for shift in (-1, 0, 1))
    offset = np.clip(0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-12), -1, 1)
    return grid[inner] + offset * (grid[1] - grid[0])


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
