"""Quasi-likelihood test of every gene in a negative binomial regression, and its effect when donors are left out.

The method of edgeR (Lund et al. 2012, doi:10.1515/1544-6115.1826): a dispersion from the trend over abundance; per gene
a quasi-likelihood dispersion, the deviance over its degrees of freedom, drawn to its own trend by empirical Bayes; and
an F test of the last coefficient by the ratio of the deviances with and without it. The F test takes account of how
uncertain a gene's variance is when donors are few. `docs/methods/compare_expression.md` compares it
with edgeR and limma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from sscite.compare.statistics import distributions
from sscite.compare.statistics import negative_binomial as nb
from sscite.compare.statistics.donor_tests import moderated_t
from sscite.compare.statistics.variance_prior import posterior, trended_prior

PILOT_DISPERSION = 0.1
POISSON = 1e-8  # a dispersion that is none
SMALLEST_GROUP = 3
LEVEL = 0.05
PRIOR_COUNT_OF_LOGS = 2
FEWEST_GENES = 100  # that do not differ and whose ratios give the library factors
PRIOR_COUNT = 0.125  # mean count added to every row for the reported effect, which stays finite without counts


@dataclass(frozen=True)
class Fit:
    """Result per gene, for the last column of the design: effect, its error and its test.

    Attributes
    ----------
    base_mean
        Mean of the normalised counts.
    effect, error
        log2 fold change and its standard error.
    statistic, p_value
        Signed square root of F, which has a t distribution, and its two-sided p.
    df
        Residual and prior degrees of freedom.
    dispersion, scale
        Dispersion of the trend, and the quasi-likelihood dispersion after empirical Bayes.
    prior_df, prior_scale
        Degrees of freedom of the prior and its quasi-likelihood dispersion, at each gene's abundance.
    factors
        Effective library sizes, shape (n_rows,).
    outlier
        Whether a row's outlying count was excluded.
    """

    base_mean: np.ndarray
    effect: np.ndarray
    error: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray
    df: np.ndarray
    dispersion: np.ndarray
    scale: np.ndarray
    prior_df: np.ndarray
    prior_scale: np.ndarray
    factors: np.ndarray
    outlier: np.ndarray


def fit(
    counts: np.ndarray, design: np.ndarray, *, factors: np.ndarray | None = None, groups: np.ndarray | None = None
) -> Fit:
    """Fit every gene and test the last column of the design.

    Parameters
    ----------
    counts
        Summed counts, shape (n_rows, n_genes), no gene all zero.
    design
        Full-rank design of shape (n_rows, n_columns), intercept first, the tested column last.
    factors
        Effective library sizes; by default trimmed means of M values over the genes that hardly differ.
    groups
        Group of each row. If given, a gene with an outlying count (Cook's distance) in a group of three rows or more
        is tested without it. Omit for paired designs.
    """
    y = np.asarray(counts, float).T
    factors = _library_factors(y, design) if factors is None else factors / np.exp(np.log(factors).mean())
    abundance = _abundance(y, factors)
    pilot = nb.coefficients(y, factors, design, np.full(len(y), PILOT_DISPERSION), tolerance=1e-4)[1]
    dispersion = nb.dispersion_trend(y, pilot, design, abundance)
    ratio, raw, residual, mean = _deviances(y, factors, design, dispersion)
    prior_df, prior = trended_prior(raw, residual, abundance)
    scale = posterior(raw, residual, prior_df, prior)
    df = np.minimum(residual + prior_df, residual.sum())
    effect, wald = _effect(y, factors, design, dispersion)
    size = np.sqrt(ratio / scale)
    p = _at_least_poisson(distributions.t_p(size, df), y, factors, design, dispersion, scale, mean)
    extreme = np.zeros(y.shape, bool) if groups is None else outlying(y, mean, factors, design, groups)
    again = np.flatnonzero(extreme.any(axis=1))
    if len(again):
        included = (~extreme[again]).astype(float)
        part = y[again], factors, design, dispersion[again]
        ratio, raw, residual, _ = _deviances(*part, included=included)
        size[again] = np.sqrt(ratio / posterior(raw, residual, prior_df[again], prior[again]))
        df_again = np.minimum(residual + prior_df[again], df[again])
        p[again] = np.maximum(p[again], distributions.t_p(size[again], df_again))
        effect[again], wald[again] = _effect(*part, included=included)
    return Fit(
        (y / factors).mean(axis=1), effect, _error(effect, size, wald * np.sqrt(scale)), np.sign(effect) * size, p, df,
        dispersion, scale, prior_df, prior, factors, extreme.any(axis=1),
    )  # fmt: skip


def outlying(
    y: np.ndarray, mean: np.ndarray, factors: np.ndarray, design: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """Mark counts whose Cook's distance is extreme given a robust dispersion, in groups of three or more (DESeq2)."""
    normal = y / factors
    base = np.maximum(normal.mean(axis=1), 1e-12)
    robust = np.maximum((_robust_variance(normal, groups) - base) / base**2, 0.04)[:, None]
    weights = mean / (1 + robust * mean)
    columns = design.shape[1]
    inverse = np.linalg.inv(nb.information(weights, design) + nb.RIDGE * np.eye(columns))
    leverage = np.clip(weights * np.einsum("ip,gpq,iq->gi", design, inverse, design), 0, 1 - 1e-6)
    cook = (y - mean) ** 2 / (mean + robust * mean**2) / columns * leverage / (1 - leverage) ** 2
    large = np.array([(groups == group).sum() >= SMALLEST_GROUP for group in groups])
    return (cook > special.fdtri(columns, y.shape[1] - columns, 0.99)) & large


def _robust_variance(normal: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the largest trimmed variance of the groups (DESeq2's trims and scales for small, middle, large groups)."""
    variances = []
    for group in np.unique(groups):
        part = normal[:, groups == group]
        size = part.shape[1]
        trim, scale = (1 / 3, 2.04) if size <= 3 else (1 / 4, 1.86) if size <= 23 else (1 / 8, 1.51)
        if size >= SMALLEST_GROUP:
            centre = distributions.trimmed_mean(part, trim)
            variances.append(scale * distributions.trimmed_mean((part - centre[:, None]) ** 2, trim))
    return np.max(variances, axis=0) if variances else normal.var(axis=1, ddof=1)


def _library_factors(y: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return trimmed means of M values over the genes that do not differ at 5% by a moderated t on logs.

    Genes that differ mostly in one direction shift the trimmed mean: the effects of all others are then biased, and
    those of the former too small. They are excluded and the factors estimated again (Kadota, Nishiyama and Shimizu
    2012, doi:10.1186/1748-7188-7-5).
    """
    factors = nb.library_factors(y)
    prior = PRIOR_COUNT_OF_LOGS * factors / factors.mean()
    values = np.log((y + prior) / factors).T
    same = moderated_t(values, design[:, -1], design[:, :-1]).p > LEVEL
    return nb.library_factors(y[same]) if same.sum() >= FEWEST_GENES else factors


def _abundance(y: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return the log2 mean of each gene over all rows, after a prior count of 2, as edgeR's average log CPM."""
    prior = 2 * factors / factors.mean()
    ones, a = np.ones((y.shape[1], 1)), np.full(len(y), 0.05)
    return nb.coefficients(y + prior, factors, ones, a)[0][:, 0] / np.log(2)


def retest(
    counts: np.ndarray, design: np.ndarray, fitted: Fit, genes: np.ndarray, *, rows: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Test some genes again with another design or without some rows, given the trend and the prior of `fitted`.

    Parameters
    ----------
    counts
        As given to `fit`.
    design
        Shape (n_rows, n_columns), the tested column last.
    genes
        Positions of the genes.
    rows
        The rows to keep, boolean of shape (n_rows,); all by default.

    Returns
    -------
    effects (log2) and p values, shape (n_genes,); NaN if the rows left allow no test
    """
    rows = np.ones(len(design), bool) if rows is None else rows
    part = _of_full_rank(design[rows])
    if not part[:, -1].any() or len(part) <= part.shape[1]:
        return np.full(len(genes), np.nan), np.full(len(genes), np.nan)
    y, factors, dispersion = counts[rows][:, genes].T.astype(float), fitted.factors[rows], fitted.dispersion[genes]
    ratio, raw, residual, _ = _deviances(y, factors, part, dispersion)
    prior_df = fitted.prior_df[genes]
    scale = posterior(raw, residual, prior_df, fitted.prior_scale[genes])
    df = np.minimum(residual + prior_df, fitted.df.max())
    return _effect(y, factors, part, dispersion)[0], distributions.t_p(np.sqrt(ratio / scale), df)


def _of_full_rank(design: np.ndarray) -> np.ndarray:
    """Drop columns that the others make up; the tested column becomes zero if it is one of them."""
    kept = design[:, :0]
    for column in design[:, :-1].T:
        wider = np.column_stack([kept, column])
        if np.linalg.matrix_rank(wider) == wider.shape[1]:
            kept = wider
    whole = np.column_stack([kept, design[:, -1]])
    return whole if np.linalg.matrix_rank(whole) == whole.shape[1] else np.column_stack([kept, 0 * design[:, -1]])


def _deviances(
    y: np.ndarray, factors: np.ndarray, design: np.ndarray, dispersion: np.ndarray, included: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the likelihood ratio of the last column, deviance per degree of freedom, these degrees, and the means."""
    _, mean, deviance = nb.coefficients(y, factors, design, dispersion, included=included)
    null = nb.coefficients(y, factors, design[:, :-1], dispersion, included=included)[2]
    excluded = False if included is None else included == 0
    residual = _residual_df(((mean < 1e-4) & (y == 0)) | excluded, design)
    return np.maximum(null - deviance, 0), deviance / np.maximum(residual, 1), residual, mean


def _effect(
    y: np.ndarray, factors: np.ndarray, design: np.ndarray, dispersion: np.ndarray, included: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the effect (log2) after a small prior count, and its standard error for a scale of 1."""
    prior = PRIOR_COUNT * factors / factors.mean()
    beta, mean, _ = nb.coefficients(y + prior, factors, design, dispersion, included=included)
    weights = mean / (1 + dispersion[:, None] * mean) * (1 if included is None else included)
    variance = np.linalg.inv(nb.information(weights, design) + nb.RIDGE * np.eye(design.shape[1]))[:, -1, -1]
    return beta[:, -1] / np.log(2), np.sqrt(variance) / np.log(2)


def _at_least_poisson(
    p: np.ndarray, y: np.ndarray, factors: np.ndarray, design: np.ndarray, dispersion: np.ndarray, scale: np.ndarray,
    mean: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Raise p to that of a Poisson model for genes whose estimated variance is below Poisson in some row, as edgeR."""
    below = np.flatnonzero((scale[:, None] * (1 + dispersion[:, None] * mean) < 1).any(axis=1))
    if len(below):
        ratio = _deviances(y[below], factors, design, np.full(len(below), POISSON))[0]
        p[below] = np.maximum(p[below], special.chdtrc(1, np.maximum(ratio, 0)))
    return p


def _error(effect: np.ndarray, size: np.ndarray, wald: np.ndarray) -> np.ndarray:
    """Return the standard error that agrees with the test, effect over statistic; Wald's if the effect is near zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((size > 0.05) & (effect != 0), np.abs(effect) / size, wald)


def _residual_df(zero: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return the degrees of freedom of each gene without the rows that are zero and fitted as zero."""
    rows, columns = design.shape
    df = np.full(len(zero), float(rows - columns))
    affected = zero.any(axis=1)
    for pattern in np.unique(zero[affected], axis=0):
        left = design[~pattern]
        rank = np.linalg.matrix_rank(left) if len(left) else 0
        df[(zero == pattern).all(axis=1)] = len(left) - rank
    return df
