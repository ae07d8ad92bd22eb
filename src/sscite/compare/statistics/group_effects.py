"""Weighted differences between groups of donors under many arrangements of the donors, with variances of each group.

The variance of a test is shared by its donors up to a factor of each group, which all tests share: groups may differ
in spread, and four donors estimate the factor from all tests together. The variance is moderated towards the typical
one of all tests (Smyth 2004, doi 10.2202/1544-6115.1027) with a prior that is estimated without the groups; it is never
below the variance of counting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sscite.compare.statistics.donor_tests import squeeze_prior
from sscite.compare.statistics.poisson_lognormal import LogFrequencies

LEAST_PRIOR, MOST_PRIOR = 2.0, 40.0  # degrees of freedom
CHUNK = 512  # arrangements held at once


@dataclass(frozen=True)
class Effects:
    """Effects under arrangements of donors; row 0 is the observed one.

    Attributes
    ----------
    effect, variance
        (n_arrangements, n_tests): target minus reference, and the moderated variance of that.
    own
        (n_tests,): variance of the observed effect from each group's own donors alone (Welch); NaN where paired.
    ratio
        (n_tests,): standard deviation of the target's donors over that of the reference's; NaN where paired.
    df
        (n_arrangements, n_tests): degrees of freedom of `variance`.
    own_df
        (n_tests,): degrees of freedom of `own` (Satterthwaite).
    """

    effect: np.ndarray
    variance: np.ndarray
    own: np.ndarray
    ratio: np.ndarray
    df: np.ndarray
    own_df: np.ndarray


def between(data: LogFrequencies, group: np.ndarray, nuisance: np.ndarray, orders: np.ndarray) -> Effects:
    """Estimate effects with group and nuisance rows permuted against the donors' residuals (Freedman and Lane 1983).

    Parameters
    ----------
    group
        (n_donors,), 0 or 1.
    nuisance
        (n_donors, k): intercept and covariates.
    orders
        (n_arrangements, n_donors), the first row in order.
    """
    values = _residuals(data, nuisance)
    rest = len(group) - nuisance.shape[1]
    total = (data.weight * values**2).sum(axis=0) / rest
    prior = _prior(total, rest / (1 + data.kurtosis.mean(axis=0) / 2))
    design = np.column_stack([nuisance, group])
    parts = [_chunk(data, values, design[rows], group[rows], prior) for rows in _chunks(orders)]
    effect, variance, df = (np.vstack([part[i] for part in parts]) for i in range(3))
    own, ratio, own_df = parts[0][3:]
    return Effects(effect, variance, own, ratio, df, own_df)


def within(data: LogFrequencies, nuisance: np.ndarray, signs: np.ndarray) -> Effects:
    """Estimate mean within-donor differences under flipped signs of what the covariates leave of them.

    Parameters
    ----------
    data
        Rows are the references, then the targets of the same donors in the same order.
    nuisance
        (n_pairs, k): within-donor differences of the covariates.
    signs
        (n_arrangements, n_pairs), the first row +1.
    """
    half = len(data.value) // 2
    difference = data.value[half:] - data.value[:half]
    precision = 1 / np.maximum(data.weight, 1e-9)
    known = (data.weight[:half] > 0) & (data.weight[half:] > 0)
    weight = known / (precision[:half] + precision[half:])
    rest = half - nuisance.shape[1]
    left = difference - np.einsum("pk,tkq,qt->pt", nuisance, _solve(weight, nuisance), difference)
    design = np.column_stack([nuisance, np.ones(half)])
    solve = _solve(weight, design)
    square = (weight * left**2).sum(axis=0)
    df = (rest - 1) / (1 + data.kurtosis.mean(axis=0) / 2)
    prior = _prior(square / rest, df)
    beta = np.einsum("ap,tkp,pt->atk", signs, solve, left)
    moment = np.einsum("pk,pt,pl->tkl", design, weight, design)
    residual = np.maximum(square - np.einsum("atk,tkl,atl->at", beta, moment, beta), 0) / max(rest - 1, 1)
    unit = (solve[:, -1] ** 2 / np.maximum(weight.T, 1e-12)).sum(axis=1)
    missing = np.full(len(unit), np.nan)
    variance = _shrink(residual, df, prior) * unit
    return Effects(beta[..., -1], variance, missing, missing, np.broadcast_to(df + prior, variance.shape), missing)


def _prior(variances: np.ndarray, df: np.ndarray) -> float:
    """Estimate the prior degrees of freedom of the variances, within sensible limits."""
    return float(np.clip(squeeze_prior(variances, float(np.median(df)))[0], LEAST_PRIOR, MOST_PRIOR))


def _shrink(variances: np.ndarray, df: np.ndarray, prior: float) -> np.ndarray:
    """Move variances (n_arrangements, n_tests) towards their typical value over the tests."""
    df = np.broadcast_to(df, variances.shape)
    # the median of chi-squared over its degrees of freedom is (1 - 2 / (9 df))^3 (Wilson and Hilferty 1931)
    expected = (1 - 2 / (9 * np.maximum(df, 1))) ** 3
    typical = np.median(variances / expected, axis=1, keepdims=True)
    return np.maximum((prior * typical + df * variances) / (prior + df), 1e-12)


def _residuals(data: LogFrequencies, nuisance: np.ndarray) -> np.ndarray:
    """Return the values without what the nuisance columns explain, by weighted least squares of each test."""
    return data.value - np.einsum("dk,tke,et->dt", nuisance, _solve(data.weight, nuisance), data.value)


def _solve(weight: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return what turns the values of a test into its coefficients by weighted least squares, (n_tests, k, n_rows)."""
    root = np.sqrt(weight).T
    return np.linalg.pinv(root[:, :, None] * design) * root[:, None, :]


def _chunks(orders: np.ndarray) -> list[np.ndarray]:
    return [orders[start : start + CHUNK] for start in range(0, len(orders), CHUNK)]


def _chunk(data: LogFrequencies, values: np.ndarray, design: np.ndarray, group: np.ndarray, prior: float) -> tuple:
    """Fit all tests under some arrangements from weighted moments of each group.

    Parameters
    ----------
    design
        (n_arrangements, n_donors, k), the group last.
    group
        (n_arrangements, n_donors).
    """
    n, columns = design.shape[1:]
    products = (design[..., :, None] * design[..., None, :]).reshape(len(design), n, columns**2)
    inside = [(group == side).astype(float) for side in (0, 1)]
    moments = [(np.swapaxes(products * mask[..., None], 1, 2) @ data.weight) for mask in inside]
    moments = [np.swapaxes(part, 1, 2).reshape(len(design), -1, columns, columns) for part in moments]
    sides = [np.swapaxes(np.swapaxes(design * mask[..., None], 1, 2) @ (data.weight * values), 1, 2) for mask in inside]
    inverse = np.linalg.inv(moments[0] + moments[1] + 1e-9 * np.eye(columns))
    beta = (inverse @ (sides[0] + sides[1])[..., None])[..., 0]
    squares = [
        np.maximum(mask @ (data.weight * values**2) - 2 * (beta * side).sum(-1)
                   + np.einsum("btk,btkl,btl->bt", beta, moment, beta), 0)
        for mask, side, moment in zip(inside, sides, moments, strict=True)
    ]  # fmt: skip
    last = inverse[..., -1, :]
    spread = [np.einsum("btk,btkl,btl->bt", last, moment, last) for moment in moments]
    counts = [mask[0].sum() for mask in inside]
    df = [max(count - 1 - (columns - 2) * count / n, 0.5) for count in counts]
    kurtosis = [mask @ data.kurtosis / count for mask, count in zip(inside, counts, strict=True)]
    variance, effective = _variances(squares, df, kurtosis, prior)
    counting = [mask @ data.counting / count for mask, count in zip(inside, counts, strict=True)]
    variance = [np.maximum(values, least) for values, least in zip(variance, counting, strict=True)]
    own = [square / d for square, d in zip(squares, df, strict=True)]
    parts = [own[side][0] * spread[side][0] for side in (0, 1)]
    welch = parts[0] + parts[1]
    own_df = _satterthwaite(parts, df)
    ratio = np.sqrt(own[1][0] / np.maximum(own[0][0], 1e-12))
    of_group = [values * size for values, size in zip(variance, spread, strict=True)]
    total = _degrees_of_freedom(of_group, effective, prior)
    return beta[..., -1], np.maximum(of_group[0] + of_group[1], 1e-12), total, welch, ratio, own_df


def _degrees_of_freedom(parts: list[np.ndarray], effective: list[np.ndarray], prior: float) -> np.ndarray:
    """Return the degrees of freedom of the sum of the groups' variances: between those of two assumptions.

    If the spreads of the groups have the same ratio in every test, all donors estimate one variance. If each test has a
    ratio of its own, only a group's donors estimate its variance (Satterthwaite). The geometric mean is taken.
    """
    common = effective[0] + effective[1] + prior
    apart = _satterthwaite(parts, [values + prior for values in effective])
    return np.sqrt(common * np.minimum(common, apart))


def _satterthwaite(parts: list[np.ndarray], df: list) -> np.ndarray:
    """Return the degrees of freedom of a sum of two variances (Satterthwaite 1946, doi 10.2307/3002019)."""
    whole = (parts[0] + parts[1]) ** 2
    return whole / np.maximum(parts[0] ** 2 / df[0] + parts[1] ** 2 / df[1], 1e-300)


def _variances(
    squares: list[np.ndarray], df: list[float], kurtosis: list[np.ndarray], prior: float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Estimate the variance of each group: the test's own, moderated, times the group's factor over all tests.

    Returns
    -------
    variances and degrees of freedom of both groups
    """
    pooled = (squares[0] + squares[1]) / (df[0] + df[1])
    effective = [d / (1 + excess / 2) for d, excess in zip(df, kurtosis, strict=True)]
    own = [square / d for square, d in zip(squares, df, strict=True)]
    typical = [
        (weight * values).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
        for values, weight in zip([*own, pooled], [*effective, effective[0] + effective[1]], strict=True)
    ]
    factor = [np.maximum(values / np.maximum(typical[2], 1e-12), 1e-3) for values in typical[:2]]
    total = effective[0] + effective[1]
    scaled = (own[0] * effective[0] / factor[0] + own[1] * effective[1] / factor[1]) / total
    shared = _shrink(scaled, total, prior)
    return [values * shared for values in factor], effective
