"""Negative binomial regression of every gene at once: coefficients, deviance, and the trend of the dispersion.

Counts of gene g in row i have mean `s_i exp(x_i b_g)` and variance `mu + a_g mu^2`. A cohort asks for hundreds of fits
(subsets times contrasts), so all genes are fitted together on matrices of shape (n_genes, n_rows).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gammaln

from sscite.compare.statistics.variance_prior import highest

SMALLEST_MEAN = 1e-6
RIDGE = 1e-9
LONGEST_STEP = 5.0  # natural log; a coefficient of a group without counts has no finite maximum
GRID = np.linspace(np.log(1e-4), np.log(10), 23)  # log dispersions
MOST_GENES = 2500  # evenly over the abundances, whose likelihoods make the trend
WINDOW, SMALLEST_WINDOW = 0.08, 50  # genes of similar mean that share a dispersion: share, and number at least


def library_factors(counts: np.ndarray) -> np.ndarray:
    """Return effective library sizes with geometric mean 1: totals times trimmed means of M values (TMM).

    Robinson and Oshlack 2010, doi:10.1186/gb-2010-11-3-r25, as edgeR's `calcNormFactors`.

    Parameters
    ----------
    counts
        Shape (n_genes, n_rows).
    """
    totals = counts.sum(axis=0)
    shares = counts / totals
    quartile = np.quantile(shares, 0.75, axis=0)
    reference = int(np.argmin(np.abs(quartile - quartile.mean())))
    ratios = [_trimmed_ratio(counts[:, i], counts[:, reference]) for i in range(counts.shape[1])]
    factors = totals * np.array(ratios)
    return factors / np.exp(np.log(factors).mean())


def _trimmed_ratio(counts: np.ndarray, reference: np.ndarray, trim: float = 0.3, trim_mean: float = 0.05) -> float:
    """Return the trimmed mean of the ratios of shares to the reference, weighted by their inverse variance."""
    both = (counts > 0) & (reference > 0)
    own, other = counts[both] / counts.sum(), reference[both] / reference.sum()
    ratio, mean = np.log2(own / other), np.log2(own * other) / 2
    if np.abs(ratio).max(initial=0.0) < 1e-6:
        return 1.0
    kept = np.ones(len(ratio), bool)
    for values, share in ((ratio, trim), (mean, trim_mean)):
        rank, lowest = pd.Series(values).rank().to_numpy(), np.floor(len(values) * share) + 1
        kept &= (rank >= lowest) & (rank <= len(values) + 1 - lowest)
    weight = 1 / ((1 - own) / counts[both] + (1 - other) / reference[both])
    return float(2 ** (weight[kept] @ ratio[kept] / weight[kept].sum())) if kept.any() else 1.0


def unit_deviance(counts: np.ndarray, mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Return twice the log likelihood of each count at itself less that at its mean; dispersion (n_genes, 1)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(counts > 0, counts * np.log(counts / mean), 0.0)
    return 2 * (own - (counts + 1 / dispersion) * np.log((1 + dispersion * counts) / (1 + dispersion * mean)))


def information(weights: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return X'WX of every gene, shape (n_genes, n_columns, n_columns)."""
    columns = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    return (weights @ products).reshape(-1, columns, columns)


def coefficients(
    counts: np.ndarray,
    factors: np.ndarray,
    design: np.ndarray,
    dispersion: np.ndarray,
    *,
    included: np.ndarray | None = None,
    tolerance: float = 1e-7,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maximise the likelihood of every gene by Fisher scoring; a step that raises the deviance is halved.

    Parameters
    ----------
    counts
        Shape (n_genes, n_rows).
    factors
        Effective library sizes, shape (n_rows,) or (n_genes, n_rows).
    design
        Shape (n_rows, n_columns), intercept first.
    dispersion
        Shape (n_genes,).
    included
        0 or 1, shape (n_genes, n_rows): the rows that count for each gene; all by default.

    Returns
    -------
    coefficients (natural log), means and deviances; shapes (n_genes, n_columns), (n_genes, n_rows), (n_genes,)
    """
    weight = np.ones_like(counts) if included is None else included
    factors, a = np.broadcast_to(factors, counts.shape), dispersion[:, None]
    beta = _initial(counts, factors, design, weight)
    mean = _means(factors, beta, design)
    deviance = (unit_deviance(counts, mean, a) * weight).sum(axis=1)
    active = np.arange(len(counts))
    for _ in range(50):
        parts = counts[active], factors[active], a[active], weight[active]
        step = _step(*parts, mean[active], design)
        new, at, value = _halved(*parts, beta[active], step, deviance[active], design)
        gain = deviance[active] - value
        beta[active], mean[active], deviance[active] = new, at, value
        active = active[gain > tolerance * (value + 0.1)]
        if not len(active):
            break
    return beta, mean, deviance


def _initial(counts: np.ndarray, factors: np.ndarray, design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return start values: the common mean of each gene, or least squares of logs where all rows count."""
    if not weight.all():
        beta = np.zeros((len(counts), design.shape[1]))
        beta[:, 0] = np.log(np.maximum((counts * weight).sum(axis=1), 0.1) / (factors * weight).sum(axis=1))
        return beta
    q, r = np.linalg.qr(design)
    return np.linalg.solve(r, q.T @ np.log(counts / factors + 0.1).T).T


def _means(factors: np.ndarray, beta: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return the fitted means."""
    return np.maximum(factors * np.exp(np.clip(beta @ design.T, -40, 40)), SMALLEST_MEAN)


def _step(
    counts: np.ndarray, factors: np.ndarray, a: np.ndarray, weight: np.ndarray, mean: np.ndarray, design: np.ndarray
) -> np.ndarray:
    """Return the step of Fisher scoring, bounded in length."""
    score = (weight * (counts - mean) / (1 + a * mean)) @ design
    matrix = information(weight * mean / (1 + a * mean), design)
    scale = np.trace(matrix, axis1=1, axis2=2)[:, None, None] / design.shape[1]
    step = np.linalg.solve(matrix + RIDGE * (1 + scale) * np.eye(design.shape[1]), score[..., None])[..., 0]
    return step * np.minimum(1, LONGEST_STEP / np.maximum(np.abs(step).max(axis=1), 1e-12))[:, None]


def _halved(
    counts: np.ndarray,
    factors: np.ndarray,
    a: np.ndarray,
    weight: np.ndarray,
    beta: np.ndarray,
    step: np.ndarray,
    before: np.ndarray,
    design: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take the step, halved up to twelve times where it raises the deviance; coefficients, means, deviances."""
    new = beta + step
    mean = _means(factors, new, design)
    value = (unit_deviance(counts, mean, a) * weight).sum(axis=1)
    size = np.ones(len(beta))
    for _ in range(12):
        worse = np.flatnonzero(value > before + 1e-8 * (before + 0.1))
        if not len(worse):
            break
        size[worse] /= 2
        new[worse] = beta[worse] + size[worse, None] * step[worse]
        mean[worse] = _means(factors[worse], new[worse], design)
        value[worse] = (unit_deviance(counts[worse], mean[worse], a[worse]) * weight[worse]).sum(axis=1)
    return new, mean, value


def adjusted_likelihood(counts: np.ndarray, mean: np.ndarray, design: np.ndarray, a: float) -> np.ndarray:
    """Return the log likelihood of one dispersion less half the log determinant of the information (Cox and Reid)."""
    r = 1 / a
    likelihood = gammaln(counts + r) - gammaln(r) + counts * np.log(mean * a) - (counts + r) * np.log1p(mean * a)
    matrix = information(mean / (1 + mean * a), design) + RIDGE * np.eye(design.shape[1])
    return likelihood.sum(axis=1) - 0.5 * np.linalg.slogdet(matrix)[1]


def dispersion_trend(counts: np.ndarray, mean: np.ndarray, design: np.ndarray, abundance: np.ndarray) -> np.ndarray:
    """Return the dispersion at each gene's abundance: that of highest likelihood over genes of similar abundance.

    The adjusted profile likelihoods of a window of genes are added, so that a gene whose own maximum lies at zero adds
    what it knows and no more (McCarthy, Chen and Smyth 2012, doi:10.1093/nar/gks042).
    """
    order = np.argsort(abundance, kind="stable")
    used = order[np.linspace(0, len(order) - 1, min(MOST_GENES, len(order))).round().astype(int)]
    parts = counts[used], mean[used], design
    table = np.stack([adjusted_likelihood(*parts, float(np.exp(x))) for x in GRID], axis=1)
    n = len(used)
    half = max(SMALLEST_WINDOW, round(WINDOW * n)) // 2
    running = np.vstack([np.zeros(len(GRID)), np.cumsum(table, axis=0)])
    place = np.arange(n)
    total = running[np.minimum(place + half + 1, n)] - running[np.maximum(place - half, 0)]
    trend = highest(total, GRID)
    ranks = np.empty(len(order))
    ranks[order] = np.arange(len(order))
    return np.exp(np.interp(ranks, ranks[used], trend))
