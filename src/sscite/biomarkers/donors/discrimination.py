"""How well features tell two groups of donors apart in donors that were held out: nested cross-validated AUC."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import optimize, stats

from sscite.compare.statistics.permutation import ROUNDING, arrangements

CHOSEN = 3  # features in the rule of a fold
MOST_FOLDS = 200
DRAWS = 999
ENUMERABLE = 2000
POOLED = 0.9  # weight of the variance within groups; the rest is the variance over all donors
MIN_DONORS = 3  # per level: one is held out, two estimate


@dataclass(frozen=True)
class Discrimination:
    """Result of a variable with two levels.

    Attributes
    ----------
    auc, low, high
        Share of held-out pairs (one donor of each level) that are ordered correctly, and its 95% interval.
    p, exact
        Share of labelings of the donors with at least this AUC (with the same AUC: at least this mean margin, since an
        AUC of 1 is also reached by some labelings at random), and whether all labelings were taken.
    null
        AUC under permuted labels.
    selected
        (n_features,): share of folds whose rule holds the feature.
    weight
        (n_features,): weight in the rule of all donors, 0 if not in it; positive: higher in the target.
    rank
        (n_donors,): share of the other level's donors above which the donor was placed, held out.
    """

    auc: float
    low: float
    high: float
    p: float
    exact: bool
    null: np.ndarray
    selected: np.ndarray
    weight: np.ndarray
    rank: np.ndarray


def discriminate(values: np.ndarray, group: np.ndarray, *, seed: int, draws: int = DRAWS) -> Discrimination:
    """Estimate how well a rule learnt on the other donors orders a held-out donor of each level.

    One donor of each level is held out at a time (leave-pair-out, Airola et al. 2011, doi:10.1016/j.csda.2010.11.018:
    with single donors held out and the scores pooled, the AUC of pure noise is below 0.5). In each fold the features
    are ranked and the rule is fitted anew. The labels of donors are permuted through all of it.

    Parameters
    ----------
    values
        (n_donors, n_features) without missing values.
    group
        (n_donors,): 0 reference, 1 target; at least three of each.
    """
    rng = np.random.default_rng(seed)
    orders, exact = arrangements(group, draws=draws, rng=rng, exact=True, limit=ENUMERABLE)
    values = values - values.mean(axis=0)
    pairs, margin, chosen = held_out_margins(values, group)
    margins = [margin, *(held_out_margins(values, group[order])[1] for order in orders[1:])]
    aucs, means = np.array([auc_of(each) for each in margins]), np.array([each.mean() for each in margins])
    extreme = (aucs > aucs[0] + ROUNDING) | (
        (aucs >= aucs[0] - ROUNDING) & (means >= means[0] - ROUNDING * abs(means[0]))
    )
    n0, n1 = int((group == 0).sum()), int((group == 1).sum())
    low, high = auc_interval(aucs[0], n0, n1, inflation=aucs.var() / ((n0 + n1 + 1) / (12 * n0 * n1)))
    return Discrimination(
        float(aucs[0]), low, high, float(extreme.mean()), exact, aucs[1:],
        np.bincount(chosen.ravel(), minlength=values.shape[1]) / len(pairs), fit(values, group),
        _ranks(pairs, margin, len(group)),
    )  # fmt: skip


def held_out_margins(values: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hold out one donor of each level at a time.

    Returns
    -------
    pairs
        (n_folds, 2): the held-out donors of reference and target.
    margin
        (n_folds,): score of the target's donor minus that of the reference's donor.
    chosen
        (n_folds, k): features of the fold's rule.
    """
    pairs = choose_pairs(np.flatnonzero(group == 0), np.flatnonzero(group == 1))
    out0, out1 = values[pairs[:, 0]], values[pairs[:, 1]]
    n0, n1 = int((group == 0).sum()) - 1, int((group == 1).sum()) - 1
    mean0 = (values[group == 0].sum(axis=0) - out0) / n0
    mean1 = (values[group == 1].sum(axis=0) - out1) / n1
    squares = (values**2).sum(axis=0) - out0**2 - out1**2
    strength, weight = rank_features(mean0, mean1, squares, n0, n1)
    k = min(CHOSEN, values.shape[1])
    chosen = np.argpartition(-strength, k - 1, axis=1)[:, :k]
    margin = np.take_along_axis(weight * (out1 - out0), chosen, axis=1).sum(axis=1)
    return pairs, margin, chosen


def rank_features(
    mean0: np.ndarray, mean1: np.ndarray, squares: np.ndarray, n0: int, n1: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the strength of each feature, the squared standardised difference of means, and its weight in the rule.

    The rule is diagonal linear discriminant analysis (Dudoit et al. 2002, doi:10.1198/016214502753479248): a feature
    weighs the difference of means over its variance, here nine tenths within groups and one tenth over all donors.
    """
    n = n0 + n1
    within = (squares - n0 * mean0**2 - n1 * mean1**2) / max(n - 2, 1)
    overall = (squares - (n0 * mean0 + n1 * mean1) ** 2 / n) / (n - 1)
    variance = POOLED * within + (1 - POOLED) * overall
    difference = mean1 - mean0
    weight = np.divide(difference, variance, out=np.zeros_like(difference), where=variance > 1e-12)
    return difference * weight, weight


def fit(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Fit the rule on all donors; the weight of each feature per standard deviation over donors, 0 if not chosen."""
    n0, n1 = int((group == 0).sum()), int((group == 1).sum())
    means = [values[group == level].mean(axis=0) for level in (0, 1)]
    strength, weight = rank_features(means[0], means[1], (values**2).sum(axis=0), n0, n1)
    chosen = np.argsort(-strength, kind="stable")[:CHOSEN]
    result = np.zeros(values.shape[1])
    result[chosen] = (weight * values.std(axis=0))[chosen]
    return result


def choose_pairs(reference: np.ndarray, target: np.ndarray) -> np.ndarray:
    """List all pairs of a reference and a target donor; at most 200, in which all donors occur about equally often."""
    every = len(reference) * len(target)
    if every <= MOST_FOLDS:
        return np.array(list(product(reference, target)))
    long, short = max(len(reference), len(target)), min(len(reference), len(target))
    steps = np.arange(max(MOST_FOLDS, long))
    first, second = steps % long, (steps + steps // np.lcm(long, short)) % short
    if len(reference) >= len(target):
        return np.column_stack([reference[first], target[second]])
    return np.column_stack([reference[second], target[first]])


def auc_of(margin: np.ndarray) -> float:
    """Return the share of positive margins; ties count half."""
    return float((margin > 0).mean() + 0.5 * (margin == 0).mean())


def auc_interval(auc: float, n0: int, n1: int, *, inflation: float = 1.0, level: float = 0.95) -> tuple[float, float]:
    """Return an interval of an AUC by Newcombe's method 5 (2006, doi:10.1002/sim.2324), also sensible at 0 and 1.

    The limits are the values t at which (auc - t)^2 is z^2 times Hanley and McNeil's variance at t.

    Parameters
    ----------
    inflation
        Variance of the held-out AUC under permuted labels over that of a fixed rule: rules differ between folds, which
        Hanley and McNeil's variance does not hold. Values below 1 are taken as 1.
    """
    z2 = stats.norm.ppf(0.5 + level / 2) ** 2 * max(inflation, 1.0)
    half = (n0 + n1) / 2 - 1

    def excess(t: float) -> float:
        variance = t * (1 - t) * (1 + half * ((1 - t) / (2 - t) + t / (1 + t))) / (n0 * n1)
        return (auc - t) ** 2 - z2 * variance

    low = 0.0 if auc <= 0 else optimize.brentq(excess, 0, min(auc, 1 - 1e-9))
    high = 1.0 if auc >= 1 else optimize.brentq(excess, max(auc, 1e-9), 1)
    return float(low), float(high)


def _ranks(pairs: np.ndarray, margin: np.ndarray, n_donors: int) -> np.ndarray:
    """Return for each donor the share of its folds in which it was placed above the donor of the other level."""
    above = np.where(margin > 0, 1.0, np.where(margin == 0, 0.5, 0.0))
    sums = np.bincount(pairs[:, 1], above, n_donors) + np.bincount(pairs[:, 0], 1 - above, n_donors)
    return sums / np.maximum(np.bincount(pairs.ravel(), minlength=n_donors), 1)
