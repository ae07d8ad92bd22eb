"""Tests between groups of donors, on arrays: rows are donors, columns are what is tested.

Two-sided Kolmogorov-Smirnov (exact), Kruskal-Wallis with Dunn, moderated t (Smyth 2004, doi 10.2202/1544-6115.1027),
Benjamini-Hochberg, Holm and Bonferroni.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb, gcd

import numpy as np
import pandas as pd
from scipy import special

from sscite.compare.statistics import distributions


@dataclass(frozen=True)
class Moderated:
    """Estimates of one moderated linear fit, one value per column.

    Attributes
    ----------
    effect, se
        Difference target minus reference in the unit of the data, and its moderated standard error.
    t, p
        Moderated t and its two-sided p.
    low, high
        95% interval of the effect.
    df
        Residual plus prior degrees of freedom.
    """

    effect: np.ndarray
    se: np.ndarray
    t: np.ndarray
    p: np.ndarray
    low: np.ndarray
    high: np.ndarray
    df: float


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjust p values for the false discovery rate; NaN stays NaN and does not count."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known])[::-1]]
    ranks = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum.accumulate(p[order] * len(order) / ranks).clip(max=1)
    return adjusted


def bonferroni(p: np.ndarray) -> np.ndarray:
    """Multiply p values by their number; NaN stays NaN and does not count."""
    return np.minimum(p * np.isfinite(p).sum(), 1)


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust p values for the family-wise error rate, step-down (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    return adjusted


def ks_distance(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the largest distance between the two groups' empirical distributions, per column.

    Parameters
    ----------
    values
        (n_donors, n_tests), finite.
    group
        (n_donors,), 0 or 1.
    """
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    step = np.where(group == 1, 1 / (group == 1).sum(), -1 / (group == 0).sum())
    gap = np.abs(np.cumsum(step[order], axis=0))
    last_of_tie = np.ones_like(gap, dtype=bool)
    last_of_tie[:-1] = ordered[1:] != ordered[:-1]
    return np.where(last_of_tie, gap, 0).max(axis=0)


def ks_p(distance: np.ndarray, n_reference: int, n_target: int, values: np.ndarray | None = None) -> np.ndarray:
    """Return the exact two-sided p of Kolmogorov-Smirnov distances.

    Parameters
    ----------
    values
        (n_donors, n_tests): if given, p is conditional on their ties, as R's `ks.test`; without, as scipy's
        `ks_2samp(method="exact")`, which is conservative with ties such as several donors without a cell.
    """
    unit = n_reference * n_target // gcd(n_reference, n_target)
    heights = [round(d * unit) for d in distance]
    if values is None:
        return np.array([_ks_tail(height, n_reference, n_target) for height in heights])
    ends = [tuple(np.cumsum(np.unique(column, return_counts=True)[1]).tolist()) for column in values.T]
    return np.array([_ks_tail(h, n_reference, n_target, end) for h, end in zip(heights, ends, strict=True)])


@lru_cache(maxsize=100_000)
def _ks_tail(height: int, n: int, m: int, ends: tuple[int, ...] | None = None) -> float:
    """Count the lattice paths from (0, 0) to (n, m) that reach |i/n - j/m| >= height/lcm(n, m) where a tie ends."""
    unit = n * m // gcd(n, m)
    if height <= 0:
        return 1.0
    compared = set(range(n + m + 1) if ends is None else ends)
    inside = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            if i + j not in compared or abs(i * (unit // n) - j * (unit // m)) < height:
                inside[i][j] = 1 if i == j == 0 else (inside[i - 1][j] if i else 0) + (inside[i][j - 1] if j else 0)
    return 1 - inside[n][m] / comb(n + m, n)


def kruskal_dunn(values: np.ndarray, levels: np.ndarray, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Test whether any level differs (Kruskal-Wallis), then which pairs do (Dunn 1964, ties corrected).

    Parameters
    ----------
    values
        (n_donors,), finite.
    levels
        (n_donors,), the level of each.
    pairs
        Levels to compare after the omnibus test.

    Returns
    -------
    a row per pair: kruskal_h, kruskal_p, level, other, dunn_z (level minus other), dunn_p, dunn_p_adjusted
    (Bonferroni over the pairs)
    """
    ranks, n = pd.Series(values).rank().to_numpy(), len(values)
    tie_counts = np.unique(values, return_counts=True)[1]
    ties = (tie_counts.astype(float) ** 3 - tie_counts).sum()
    variance = n * (n + 1) / 12 - ties / (12 * (n - 1))
    mean = pd.Series(ranks).groupby(levels).agg(["mean", "size"])
    constant = len(tie_counts) == 1
    h = 0.0 if constant else float(mean["size"] @ (mean["mean"] - (n + 1) / 2) ** 2 / variance)
    p = float(special.chdtrc(len(mean) - 1, h))
    rows = []
    for level, other in pairs:
        (a, n_a), (b, n_b) = mean.loc[level], mean.loc[other]
        z = 0.0 if constant else (a - b) / np.sqrt(variance * (1 / n_a + 1 / n_b))
        dunn = 2 * special.ndtr(-abs(z))
        rows.append([h, p, level, other, z, dunn, min(1, dunn * len(pairs))])
    columns = ["kruskal_h", "kruskal_p", "level", "other", "dunn_z", "dunn_p", "dunn_p_adjusted"]
    return pd.DataFrame(rows, columns=columns)


def residualise(values: np.ndarray, nuisance: np.ndarray) -> np.ndarray:
    """Take out of each column what the nuisance columns (n_donors, k) explain."""
    basis = np.linalg.qr(nuisance)[0]
    return values - basis @ (basis.T @ values)


def squeeze_prior(variances: np.ndarray, df: float) -> tuple[float, float]:
    """Estimate the prior of the variances: degrees of freedom and variance (limma's fitFDist).

    Columns of zero variance do not count. With fewer than three columns nothing is borrowed (0 degrees of freedom).
    """
    positive = variances[variances > 1e-12]
    if len(positive) < 3:
        return 0.0, 1.0
    log_variance = np.log(positive)
    centred = log_variance - special.digamma(df / 2) + np.log(df / 2)
    excess = centred.var(ddof=1) - special.polygamma(1, df / 2)
    if excess <= 0:
        return np.inf, float(np.exp(centred.mean()))
    prior_df = 2 * trigamma_inverse(float(excess))
    return prior_df, float(np.exp(centred.mean() + special.digamma(prior_df / 2) - np.log(prior_df / 2)))


def trigamma_inverse(value: float) -> float:
    """Solve trigamma(x) = value by Newton's method on its reciprocal, which is nearly linear."""
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = special.polygamma(1, x)
        step = trigamma * (1 - trigamma / value) / special.polygamma(2, x)
        x += step
        if abs(step / x) < 1e-10:
            break
    return float(x)


def shrink(variances: np.ndarray, df: float, prior: tuple[float, float]) -> np.ndarray:
    """Move variances towards the prior in proportion to the degrees of freedom of each."""
    prior_df, prior_variance = prior
    if np.isinf(prior_df):
        return np.full_like(variances, prior_variance)
    return (prior_df * prior_variance + df * variances) / (prior_df + df)


def moderated_t(values: np.ndarray, group: np.ndarray, nuisance: np.ndarray) -> Moderated:
    """Compare two groups of donors in a linear model with moderated variances.

    Parameters
    ----------
    values
        (n_donors, n_tests), finite.
    group
        (n_donors,), 0 reference, 1 target.
    nuisance
        (n_donors, k): the intercept, covariates, or an indicator per donor where paired.
    """
    x = residualise(group.astype(float)[:, None], nuisance)[:, 0]
    y = residualise(values, nuisance)
    xx = x @ x
    effect = (x @ y) / xx
    df = len(x) - nuisance.shape[1] - 1
    variances = ((y - np.outer(x, effect)) ** 2).sum(axis=0) / df
    prior = squeeze_prior(variances, df)
    total_df = min(df + prior[0], df * values.shape[1])
    se = np.sqrt(np.maximum(shrink(variances, df, prior), 1e-12) / xx)
    t = effect / se
    reach = distributions.t_quantile(0.975, total_df) * se
    return Moderated(effect, se, t, distributions.t_p(t, total_df), effect - reach, effect + reach, total_df)
