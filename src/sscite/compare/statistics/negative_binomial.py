"""A negative binomial regression of every gene at once: the model of DESeq2, written on whole matrices.

Counts of gene g in donor i are negative binomial with mean `s_i exp(x_i b_g)` and variance `mu + a_g mu^2`. The
dispersion a_g is estimated by Cox and Reid's adjusted profile likelihood, drawn towards its trend over the mean, and
the last coefficient is tested by Wald's statistic, as in Love, Huber and Anders 2014 (doi:10.1186/s13059-014-0550-8).
One thing differs: the statistic is referred to a t distribution, whose degrees of freedom are the residual ones and
those that the prior of the dispersions is worth, instead of the normal, which gives too many false findings between a
few donors (docs/methods/compare_expression.md has the figures).

A cohort asks for some hundred fits, one per subset and contrast: fitting all genes together takes a tenth of the time
of a fit per gene. `tests/unit/compare/test_expression_model.py` compares the result with PyDESeq2's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats
from scipy.special import gammaln, polygamma

MIN_MEAN = 0.5
RIDGE = 1e-6
MIN_DISPERSION = 1e-8
REPLACE_FROM, DISCARD_FROM = 7, 3


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
        Wald's statistic and its two-sided p from the t distribution; p is NaN where an outlying donor decides.
    df
        Degrees of freedom of that distribution.
    dispersion
        Final dispersion.
    replaced
        Whether a donor's outlying count was replaced before the fit.
    """

    base_mean: np.ndarray
    effect: np.ndarray
    error: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray
    df: float
    dispersion: np.ndarray
    replaced: np.ndarray


def fit(counts: np.ndarray, design: np.ndarray, *, cells: np.ndarray | None = None) -> Fit:
    """Fit every gene and test the last column of the design.

    Parameters
    ----------
    counts
        Summed counts, shape (n_donors, n_genes), no gene all zero.
    design
        Full-rank design of shape (n_donors, n_columns), intercept first, the tested column last.
    cells
        Group of each donor. Where given, a donor's outlying count (Cook's distance) is replaced in groups of seven or
        more, and makes the p value NaN in groups of three to six. Omit for paired designs.
    """
    y = np.asarray(counts, float).T
    factors = size_factors(y)
    mu, dispersion, prior = _dispersions(y, factors, design)
    df = y.shape[1] - design.shape[1] + _worth(prior)
    beta, mu = _coefficients(y, factors, design, dispersion)
    replaced = discarded = np.zeros(len(y), bool)
    if cells is not None and len(y.T) > design.shape[1]:
        y, replaced, discarded = _outliers(y, mu, factors, design, cells)
        if replaced.any():
            again = np.flatnonzero(replaced & (y.sum(axis=1) > 0))
            dispersion[again] = _dispersions(y, factors, design, only=again)[1]
            beta[again], mu[again] = _coefficients(y[again], factors, design, dispersion[again])
    error = _errors(mu, design, dispersion)
    z = beta[:, -1] / error
    p = np.where(discarded | ~np.isfinite(z), np.nan, 2 * stats.t.sf(np.abs(z), df))
    return Fit((y / factors).mean(axis=1), beta[:, -1] / np.log(2), error / np.log(2), z, p, df, dispersion, replaced)


def size_factors(y: np.ndarray) -> np.ndarray:
    """Median of ratios to the geometric mean over genes seen in every donor, or over positive counts if they are few.

    y has shape (n_genes, n_donors).
    """
    with np.errstate(divide="ignore"):
        logs = np.log(y)
    everywhere = np.isfinite(logs).all(axis=1)
    if everywhere.sum() >= 50:
        ratios = logs[everywhere] - logs[everywhere].mean(axis=1, keepdims=True)
        factors = np.exp(np.median(ratios, axis=0))
    else:
        factors = y.sum(axis=0)
    return factors / np.exp(np.log(factors).mean())


def _dispersions(
    y: np.ndarray, factors: np.ndarray, design: np.ndarray, only: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Estimate means and dispersions, gene by gene, then drawn to the trend; and the variance of the prior.

    `only` gives the values of some genes.
    """
    normal = y / factors
    base = normal.mean(axis=1)
    moments = (normal.var(axis=1, ddof=1) - (1 / factors).mean() * base) / np.maximum(base, 1e-12) ** 2
    _, mu = _coefficients(y, factors, design, np.clip(moments, 0.01, 10))
    ceiling = max(10.0, float(y.shape[1]))
    alone = _maximise(y, mu, design, ceiling)
    trend = _trend(base, alone)
    residual = np.log(alone) - np.log(trend)
    used = alone > 100 * MIN_DISPERSION
    spread = (stats.median_abs_deviation(residual[used], scale="normal") if used.any() else 1.0) ** 2
    prior = max(spread - float(polygamma(1, (y.shape[1] - design.shape[1]) / 2)), 0.25)
    rows = np.arange(len(y)) if only is None else only
    final = _maximise(y[rows], mu[rows], design, ceiling, centre=np.log(trend[rows]), variance=prior)
    outlying = residual[rows] > 2 * np.sqrt(spread)
    return mu[rows], np.where(outlying, alone[rows], final), prior


def _worth(prior: float) -> float:
    """Give the degrees of freedom that a log-normal prior of this variance is worth: trigamma(df / 2) = variance."""
    return float(optimize.brentq(lambda df: polygamma(1, df / 2) - prior, 1e-3, 1e3))


def _maximise(
    y: np.ndarray,
    mu: np.ndarray,
    design: np.ndarray,
    ceiling: float,
    *,
    centre: np.ndarray | None = None,
    variance: float = 1.0,
) -> np.ndarray:
    """Find each gene's dispersion of highest adjusted profile likelihood: a coarse grid, then golden section."""

    def score(log_a: np.ndarray) -> np.ndarray:
        value = _adjusted_likelihood(y, mu, design, np.exp(log_a))
        return value if centre is None else value - (log_a - centre) ** 2 / (2 * variance)

    grid = np.linspace(np.log(MIN_DISPERSION), np.log(ceiling), 15)
    best = np.argmax([score(np.full(len(y), point)) for point in grid], axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, len(grid) - 1)]
    ratio = (np.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = score(left), score(right)
    for _ in range(12):
        down = at_left > at_right
        low, high = np.where(down, low, left), np.where(down, right, high)
        probe = np.where(down, high - ratio * (high - low), low + ratio * (high - low))
        value = score(probe)
        left, right = np.where(down, probe, right), np.where(down, left, probe)
        at_left, at_right = np.where(down, value, at_right), np.where(down, at_left, value)
    return np.exp((low + high) / 2)


def _adjusted_likelihood(y: np.ndarray, mu: np.ndarray, design: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Log likelihood of the dispersions a (n_genes), less half the log determinant of the information."""
    a, r = a[:, None], 1 / a[:, None]
    likelihood = gammaln(y + r) - gammaln(r) + y * np.log(mu * a) - (y + r) * np.log1p(mu * a)
    information = _information(mu / (1 + mu * a), design)
    return likelihood.sum(axis=1) - 0.5 * np.linalg.slogdet(information)[1]


def _information(weights: np.ndarray, design: np.ndarray) -> np.ndarray:
    """X'WX of every gene, shape (n_genes, n_columns, n_columns)."""
    columns = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    return (weights @ products).reshape(-1, columns, columns)


def _trend(base: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Dispersion expected at a gene's mean, `a1 / mean + a0`, by a gamma regression that leaves out extreme genes."""
    used = (dispersion > 100 * MIN_DISPERSION) & (base > 0)
    if used.sum() < 20:
        return np.full(len(base), max(float(np.median(dispersion)), MIN_DISPERSION))
    x = np.column_stack([np.ones(used.sum()), 1 / base[used]])
    y = dispersion[used]
    coefficients = np.array([0.1, 1.0])
    for _ in range(50):
        expected = np.maximum(x @ coefficients, 1e-12)
        kept = (y / expected > 1e-4) & (y / expected < 15)
        weights = 1 / expected[kept] ** 2
        information = (x[kept].T * weights) @ x[kept]
        new = np.linalg.solve(information, (x[kept].T * weights) @ y[kept])
        if (new <= 0).any():
            return np.full(len(base), float(stats.trim_mean(y, 0.001)))
        if np.sum(np.log(new / coefficients) ** 2) < 1e-6:
            break
        coefficients = new
    return coefficients[0] + coefficients[1] / np.maximum(base, 1e-12)


def _coefficients(
    y: np.ndarray, factors: np.ndarray, design: np.ndarray, dispersion: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Iterate reweighted least squares; genes that have converged drop out. Coefficients are natural logs."""
    q, r = np.linalg.qr(design)
    beta = np.linalg.solve(r, q.T @ np.log(y / factors + 0.1).T).T
    mu = np.maximum(factors * np.exp(beta @ design.T), MIN_MEAN)
    ridge = RIDGE * np.eye(design.shape[1])
    active, before = np.arange(len(y)), np.full(len(y), np.inf)
    for _ in range(100):
        m, a, counts = mu[active], dispersion[active, None], y[active]
        weights = m / (1 + a * m)
        working = np.log(m / factors) + (counts - m) / m
        score = (weights * working) @ design
        beta[active] = np.linalg.solve(_information(weights, design) + ridge, score[..., None])[..., 0]
        beta[active] = np.clip(beta[active], -50, 50)
        mu[active] = np.maximum(factors * np.exp(np.clip(beta[active] @ design.T, -50, 50)), MIN_MEAN)
        m = mu[active]
        now = -2 * (counts * np.log(m) - (counts + 1 / a) * np.log1p(a * m)).sum(axis=1)
        moving = np.abs(now - before[active]) > 1e-8 * (np.abs(now) + 0.1)
        before[active] = now
        active = active[moving]
        if not len(active):
            break
    return beta, mu


def _errors(mu: np.ndarray, design: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Give the standard error of the last coefficient, natural log."""
    information = _information(mu / (1 + dispersion[:, None] * mu), design)
    inverse = np.linalg.inv(information + RIDGE * np.eye(design.shape[1]))
    return np.sqrt((inverse @ information @ inverse)[:, -1, -1])


def _outliers(
    y: np.ndarray, mu: np.ndarray, factors: np.ndarray, design: np.ndarray, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Replace counts of large Cook's distance in large groups; mark genes where a small group holds one."""
    normal = y / factors
    variance = _robust_variance(normal, cells)
    base = normal.mean(axis=1)
    robust = np.maximum((variance - base) / np.maximum(base, 1e-12) ** 2, 0.04)[:, None]
    weights = mu / (1 + robust * mu)
    inverse = np.linalg.inv(_information(weights, design) + RIDGE * np.eye(design.shape[1]))
    leverage = np.clip(weights * np.einsum("ip,gpq,iq->gi", design, inverse, design), 0, 1 - 1e-6)
    columns = design.shape[1]
    residual = (y - mu) ** 2 / (mu + robust * mu**2)
    cook = residual / columns * leverage / (1 - leverage) ** 2
    extreme = cook > stats.f.ppf(0.99, columns, y.shape[1] - columns)
    sizes = np.array([(cells == cell).sum() for cell in cells])
    replace = extreme & (sizes >= REPLACE_FROM)
    typical = np.round(stats.trim_mean(normal, 0.2, axis=1)[:, None] * factors)
    discarded = (extreme & (sizes >= DISCARD_FROM) & (sizes < REPLACE_FROM)).any(axis=1)
    return np.where(replace, typical, y), replace.any(axis=1), discarded


def _robust_variance(normal: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Largest trimmed variance of the groups, per gene (DESeq2's trims and scales for small, middle, large groups)."""
    found = []
    for cell in np.unique(cells):
        part = normal[:, cells == cell]
        size = part.shape[1]
        if size < DISCARD_FROM:
            continue
        trim, scale = (1 / 3, 2.04) if size <= 3 else (1 / 4, 1.86) if size <= 23 else (1 / 8, 1.51)
        centre = stats.trim_mean(part, trim, axis=1)
        found.append(scale * stats.trim_mean((part - centre[:, None]) ** 2, trim, axis=1))
    return np.max(found, axis=0) if found else normal.var(axis=1, ddof=1)
