"""Differential abundance of subsets between groups of donors: four methods side by side.

log_ratio    primary test: moderated t with a variance of each group on the log frequencies of a count model, measured
             from a robust centre, donors thinned to the same depth; family-wise p by Holm
permutation  the same statistic, labels of donors permuted, family-wise p of step-down max-T
ks           as in the original study: two-sided Kolmogorov-Smirnov on percents, Bonferroni
share        the primary test without a centre, Benjamini-Hochberg (close to propeller: Phipson 2022,
             doi 10.1093/bioinformatics/btac582, and crumblr: Hoffman 2023, doi 10.1101/2023.01.29.526122)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.compare.composition import closure, frequency
from sscite.compare.composition.effects import LEVEL, Arranged, Fitted, arrange, median_of, nuisance
from sscite.compare.composition.frequency import Measures
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import donor_tests, permutation
from sscite.compare.statistics.distributions import t_p, t_quantile

METHODS = {"ks": "ks_bonferroni", "log_ratio": "family_p", "permutation": "permutation_family_p", "share": "share_fdr"}
UNRELATED = 0.3  # largest correlation of the groups of an arrangement with the observed ones
COLUMNS = [
    "measure", "level", "parent", "subset", "donors_reference", "donors_target", "percent_reference", "percent_target",
    "fold_change", "fold_change_low", "fold_change_high", "family_p", "log_ratio_p", "log_ratio_fdr", "permutation_p",
    "permutation_family_p", "share_fold_change", "share_p", "share_fdr", "share_family_p", "ks_d", "ks_p",
    "ks_bonferroni", "spread_ratio", "welch_p", "agreement", "found_by", "finding", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Chance:
    """Arrangements of the labels and what they give.

    Attributes
    ----------
    number, exact
        Arrangements, and whether these are all.
    smallest_p
        Smallest permutation p that the design and their number allow.
    any_call
        Share of the arrangements unrelated to the observed one in which the primary test finds anything; 5% or less if
        it holds its level.
    """

    number: int
    exact: bool
    smallest_p: float
    any_call: float


def unrelated(listed: np.ndarray, comparison: Comparison) -> np.ndarray:
    """Mark the arrangements whose groups hardly correlate with the observed ones, so that a true effect cancels."""
    group = comparison.donors["group"].to_numpy()
    if comparison.paired:
        return np.abs(listed.mean(axis=1)) <= UNRELATED
    target = group[listed][:, group == 1].mean(axis=1) - group[listed][:, group == 0].mean(axis=1)
    return np.abs(target) <= UNRELATED


def arrangements(
    comparison: Comparison, donors: np.ndarray, *, draws: int, rng: np.random.Generator, limit: int
) -> tuple[np.ndarray, bool]:
    """List all arrangements of the donors at a mask, or draw some if there are over `limit`."""
    group = comparison.donors["group"].to_numpy()[donors]
    if comparison.paired:
        return permutation.flips(int(group.sum()), draws=draws, rng=rng)
    exact = nuisance(comparison, donors).shape[1] == 1
    return permutation.arrangements(group, draws=draws, rng=rng, exact=exact, limit=limit)


def test(
    fitted: Fitted, comparison: Comparison, *, draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, Arranged, Chance]:
    """Apply all four methods.

    Parameters
    ----------
    draws
        Permutations if they are too many to enumerate.

    Returns
    -------
    a row per test, findings first, and those not tested last; its effects; and what permuted labels give
    """
    everyone = np.ones(len(comparison.donors), dtype=bool)
    listed, exact = arrangements(comparison, everyone, draws=draws, rng=rng, limit=permutation.ENUMERABLE)
    arranged = arrange(fitted, comparison, everyone, listed)
    chance = Chance(
        len(listed), exact, smallest_p(comparison, len(listed), exact),
        arranged.chance_any(fitted.of_contrast, unrelated(listed, comparison)),
    )  # fmt: skip
    table = summarise(fitted, arranged, comparison, exact)
    untested = describe(fitted.untested, comparison).assign(finding="")
    whole = pd.concat([table, untested], ignore_index=True) if len(untested) else table
    order = whole[["family_p", "log_ratio_p", "permutation_p"]].fillna(2).to_numpy()
    ordered = whole.iloc[np.lexsort(order.T[::-1])].reindex(columns=COLUMNS).reset_index(drop=True)
    return ordered, arranged, chance


def smallest_p(comparison: Comparison, number: int, exact: bool) -> float:
    """Return the smallest permutation p that the design and the number of permutations allow."""
    least = permutation.smallest_p(*comparison.counts(), paired=comparison.paired)
    return least if exact else max(least, 1 / number)


def summarise(fitted: Fitted, arranged: Arranged, comparison: Comparison, exact: bool) -> pd.DataFrame:
    """Build the table of the tests of the contrast from their effects under all arrangements."""
    at, tested = fitted.of_contrast, fitted.measures.select(fitted.of_contrast)
    drawn = [permutation.Permuted(t[:, at], exact) for t in arranged.t]
    p, share_p, effect, error = (values[at] for values in (
        arranged.p(), arranged.share_p(), arranged.effect, arranged.error
    ))  # fmt: skip
    own = [
        (each.own[at], each.own_df[at], each.ratio[at], each.df[0, at], each.effect[0, at]) for each in arranged.share
    ]
    variance, own_df, ratio, df, share = (median_of(list(values)) for values in zip(*own, strict=True))
    reach = t_quantile(0.975, df) * error
    table = describe(tested, comparison).assign(
        **_ks(tested, comparison), family_p=donor_tests.holm(p), log_ratio_p=p,
        log_ratio_fdr=donor_tests.benjamini_hochberg(p), permutation_p=median_of([each.p() for each in drawn]),
        permutation_family_p=median_of([each.family_p() for each in drawn]),
        fold_change=np.exp(effect), fold_change_low=np.exp(effect - reach), fold_change_high=np.exp(effect + reach),
        share_fold_change=np.exp(share), share_p=share_p, share_fdr=donor_tests.benjamini_hochberg(share_p),
        share_family_p=donor_tests.holm(share_p), spread_ratio=ratio,
        welch_p=t_p(effect / np.sqrt(np.maximum(variance, 1e-12)), own_df),
    )  # fmt: skip
    testable = smallest_p(comparison, len(drawn[0].t), exact) <= LEVEL
    return _findings(table, testable=testable)


def describe(measures: Measures, comparison: Comparison) -> pd.DataFrame:
    """Return the tests with the number of donors and their mean percent in each group."""
    table = measures.tests.drop(columns="of_contrast")
    group, percent = comparison.donors["group"].to_numpy(), measures.percent
    for name, side in (("reference", 0), ("target", 1)):
        known = np.isfinite(percent[group == side])
        table[f"donors_{name}"] = known.sum(axis=0)
        sums = np.where(known, percent[group == side], 0).sum(axis=0)
        table[f"percent_{name}"] = sums / np.maximum(known.sum(axis=0), 1)
    return table


def _ks(measures: Measures, comparison: Comparison) -> dict[str, np.ndarray]:
    """Test percents by Kolmogorov-Smirnov with Bonferroni over all tests; ignores pairing and covariates."""
    group, values = comparison.donors["group"].to_numpy(), frequency.fill(measures.percent)
    distance = donor_tests.ks_distance(values, group)
    p = donor_tests.ks_p(distance, int((group == 0).sum()), int((group == 1).sum()), values)
    return {"ks_d": distance, "ks_p": p, "ks_bonferroni": donor_tests.bonferroni(p)}


def _findings(table: pd.DataFrame, *, testable: bool) -> pd.DataFrame:
    """Add what the primary test finds, which methods agree, and which changes compensate another.

    A finding has the direction of the mean percents; where the log ratio has the other, there is none. There is none
    either if no arrangement of the donors can reach 5%: then all would rest on the assumed distribution.
    """
    calls = pd.DataFrame({method: table[column] <= LEVEL for method, column in METHODS.items()})
    change = np.sign(table["percent_target"] - table["percent_reference"])
    against = calls["log_ratio"] & (change != np.sign(np.log(table["fold_change"])))
    found = calls["log_ratio"] & ~against & testable
    table = table.assign(
        agreement=[f"{n} of {len(METHODS)}" for n in calls.sum(axis=1)],
        found_by=[";".join(calls.columns[row]) for row in calls.to_numpy()],
        finding=np.where(found, np.where(change > 0, "up", "down"), ""),
        note=np.where(against, "percents and log ratio differ in direction", table["note"]),
    )
    compensates = ((table["share_family_p"] <= LEVEL) & ~calls["log_ratio"]).to_numpy()
    names = closure.causes(table, compensates) if compensates.any() else [""] * len(table)
    return table.assign(note=[f"compensates for the change of {n}" if n else old
                              for n, old in zip(names, table["note"], strict=True)])  # fmt: skip
