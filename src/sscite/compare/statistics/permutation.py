"""Permutation tests on donors with a family-wise p (Westfall and Young 1993, step-down max-T).

Labels are permuted between donors, or signs of within-donor differences flipped where paired. All arrangements are
enumerated where they are at most 20,000, which makes the p exact; otherwise a sample of them is drawn. With covariates
the residuals of the covariate fit are permuted (Freedman and Lane 1983), which is approximate. The statistics are in
`group_effects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

ENUMERABLE = 20_000
ROUNDING = 1e-9


@dataclass(frozen=True)
class Permuted:
    """A statistic under the observed labels (row 0) and under permuted ones.

    Attributes
    ----------
    t
        (n_arrangements, n_tests).
    exact
        Whether all arrangements are there; then p counts them, otherwise it is (count + 1) / (drawn + 1), which the
        observed row 0 gives of itself.
    """

    t: np.ndarray
    exact: bool

    def p(self) -> np.ndarray:
        """Return the two-sided p of each test alone."""
        size = np.abs(self.t)
        return (size >= size[0] - ROUNDING).mean(axis=0)

    def family_p(self) -> np.ndarray:
        """Return two-sided p of each test, adjusted for all by step-down max-T: controls the family-wise error rate.

        Each test is first divided by its root mean square over all arrangements, so that no test owns the maximum only
        because its statistic spreads wider under the null.
        """
        size = np.abs(self.t) / np.maximum(np.sqrt((self.t**2).mean(axis=0)), 1e-12)
        order = np.argsort(-size[0], kind="stable")
        rest = np.maximum.accumulate(size[:, order[::-1]], axis=1)[:, ::-1]
        p = np.maximum.accumulate((rest >= rest[0] - ROUNDING).mean(axis=0))
        adjusted = np.empty_like(p)
        adjusted[order] = p
        return adjusted


def arrangements(
    group: np.ndarray, *, draws: int, rng: np.random.Generator, exact: bool, limit: int = ENUMERABLE
) -> tuple[np.ndarray, bool]:
    """List orders of the donors, the observed first: labels permuted are `group[order]`.

    Parameters
    ----------
    group
        (n_donors,), 0 or 1.
    draws
        How many to draw where they are not enumerated.
    exact
        Whether enumerating makes sense: with covariates the order within a group matters too.
    limit
        Arrangements beyond which they are drawn.

    Returns
    -------
    orders of shape (n_arrangements, n_donors), and whether they are all there
    """
    n, ones = len(group), np.flatnonzero(group == 1)
    if not exact or comb(n, len(ones)) > limit:
        return np.vstack([np.arange(n), *[rng.permutation(n) for _ in range(draws)]]), False
    chosen = _choices(n, len(ones))
    orders = np.empty(chosen.shape, dtype=int)
    orders[chosen], orders[~chosen] = np.tile(ones, len(chosen)), np.tile(np.flatnonzero(group == 0), len(chosen))
    observed = np.flatnonzero((chosen == (group == 1)).all(axis=1))[0]
    orders[[0, observed]] = orders[[observed, 0]]
    return orders, True


@lru_cache(maxsize=8)
def _choices(n: int, k: int) -> np.ndarray:
    """List all ways to choose k of n as rows of a mask."""
    places = np.array(list(combinations(range(n), k)))
    mask = np.zeros((len(places), n), dtype=bool)
    mask[np.arange(len(places))[:, None], places] = True
    return mask


def flips(n: int, *, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """List signs for n pairs, the observed (all +1) first; all 2^n where they are few."""
    if 2**n > ENUMERABLE:
        return np.vstack([np.ones(n), rng.choice([-1.0, 1.0], size=(draws, n))]), False
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return 1.0 - 2.0 * bits, True


def smallest_p(reference: int, target: int, *, paired: bool) -> float:
    """Return the smallest two-sided permutation p that these numbers of donors can reach.

    Unpaired with equal groups, and paired, the mirror arrangement is as extreme as the observed one.
    """
    if paired:
        return 2 / 2**reference
    return (2 if reference == target else 1) / comb(reference + target, target)
