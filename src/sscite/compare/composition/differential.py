"""Differential abundance of subsets between groups of donors: four methods side by side.

permutation  primary test: labels of donors permuted, family-wise p of step-down max-T; log frequencies of a count
             model, weighted by precision, a variance of each group, measured from a robust centre
ks           as in the original study: two-sided Kolmogorov-Smirnov on percents, Bonferroni
log_ratio    t test of the same effects as the primary test, Benjamini-Hochberg
share        t test of the log frequencies without a centre, Benjamini-Hochberg (close to propeller: Phipson 2022,
             doi 10.1093/bioinformatics/btac582, and crumblr: Hoffman 2023, doi 10.1101/2023.01.29.526122)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from sscite.compare.composition import closure, frequency
from sscite.compare.composition.frequency import Measures
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import donor_tests, group_effects, permutation, poisson_lognormal
from sscite.compare.statistics.group_effects import Effects
from sscite.compare.statistics.poisson_lognormal import LogFrequencies
from sscite.errors import Reason, Skipped

MIN_EXPECTED = 10  # cells expected in each group; with fewer the counts are too skewed for a t
LEVEL = 0.05
METHODS = {"ks": "ks_bonferroni", "permutation": "family_p", "log_ratio": "log_ratio_fdr", "share": "share_fdr"}
COLUMNS = [
    "measure", "level", "parent", "subset", "donors_reference", "donors_target", "percent_reference", "percent_target",
    "fold_change", "fold_change_low", "fold_change_high", "family_p", "permutation_p", "share_fold_change",
    "share_p", "share_fdr", "share_family_p", "log_ratio_p", "log_ratio_fdr", "ks_d", "ks_p", "ks_bonferroni",
    "spread_ratio", "welch_p", "agreement", "found_by", "finding", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """What can be tested in one comparison.

    Attributes
    ----------
    measures
        Tests with enough cells, also those that the contrast does not ask about.
    data
        Their log frequencies.
    untested
        Asked tests with too few cells; the note says why.
    """

    measures: Measures
    data: LogFrequencies
    untested: Measures

    @property
    def asked(self) -> np.ndarray:
        """Mark the tests of the family."""
        return self.measures.tests["asked"].to_numpy()

    def places(self, table: pd.DataFrame) -> np.ndarray:
        """Find the rows of a table among the tests."""
        tests = pd.MultiIndex.from_frame(self.measures.tests[frequency.KEYS])
        return tests.get_indexer(pd.MultiIndex.from_frame(table[frequency.KEYS]))


def fit(measures: Measures, comparison: Comparison) -> Fitted:
    """Fit the count model and choose what can be tested."""
    group = comparison.donors["group"].to_numpy()
    common = np.min([np.median(measures.whole[group == side], axis=0) for side in (0, 1)], axis=0)
    data = poisson_lognormal.fit(measures.cells, measures.whole, np.maximum(common, 1))
    least = np.minimum(data.expected[group == 0].sum(axis=0), data.expected[group == 1].sum(axis=0))
    few = f"fewer than {MIN_EXPECTED} cells expected in one group"
    tests = measures.tests
    note = np.where((tests["note"] == "") & (least < MIN_EXPECTED), few, tests["note"])
    measures = Measures(tests.assign(note=note), measures.cells, measures.whole)
    enough = note == ""
    asked = tests["asked"].to_numpy()
    if not (enough & asked).any():
        raise Skipped(Reason.TOO_FEW_CELLS, "no subset has cells in enough donors")
    everyone = np.ones(len(group), dtype=bool)
    return Fitted(measures.select(enough), data.select(everyone, enough), measures.select(~enough & asked))


@dataclass(frozen=True)
class Arranged:
    """Effects under arrangements of the donors, the observed one first.

    Attributes
    ----------
    share
        Effects on the log frequency as it is.
    effect, error
        (n_arrangements, n_tests): effect measured from its centre, and its standard error.
    """

    share: Effects
    effect: np.ndarray
    error: np.ndarray

    @property
    def t(self) -> np.ndarray:
        """The statistic of the primary test."""
        return self.effect / self.error


def arrange(fitted: Fitted, comparison: Comparison, donors: np.ndarray, listed: np.ndarray) -> Arranged:
    """Estimate effects of the donors at a mask under listed arrangements (orders or, if paired, signs).

    The change of the target's denominator that the observed labels show is removed before the labels are permuted:
    within a permuted group it would count as variance between donors.
    """
    data = fitted.data.select(donors, np.ones(fitted.data.value.shape[1], dtype=bool))
    group, tests = comparison.donors["group"].to_numpy()[donors], fitted.measures.tests
    held = differences(comparison, donors) if comparison.paired else nuisance(comparison, donors)

    def estimate(values: np.ndarray) -> Effects:
        changed = replace(data, value=values)
        if comparison.paired:
            return group_effects.within(changed, held, listed)
        return group_effects.between(changed, group, held, listed)

    share = estimate(data.value)
    shift = share.effect[0] - closure.correct(share.effect, share.variance, tests)[0]
    cleared = estimate(data.value - group[:, None] * shift) if shift.any() else share
    centred = closure.correct(cleared.effect, cleared.variance, tests)
    return Arranged(share, centred, np.sqrt(cleared.variance))


def nuisance(comparison: Comparison, donors: np.ndarray) -> np.ndarray:
    """Return the nuisance design of the donors at a mask without columns that are constant among them."""
    held = frequency.nuisance(comparison)[donors]
    return held[:, (np.ptp(held, axis=0) > 0) | (np.arange(held.shape[1]) == 0)]


def differences(comparison: Comparison, donors: np.ndarray) -> np.ndarray:
    """Return the within-donor differences of the covariates of the donors at a mask; those of a donor cancel."""
    references, targets = np.split(comparison.covariate_matrix()[0][donors], 2)
    return (targets - references)[:, (targets != references).any(axis=0)]


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
    measures: Measures, comparison: Comparison, *, draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, permutation.Permuted]:
    """Apply all four methods; the table has a row per test, findings first, and those not tested last.

    Parameters
    ----------
    draws
        Permutations if they are too many to enumerate.
    """
    fitted = fit(measures, comparison)
    everyone = np.ones(len(measures.cells), dtype=bool)
    listed, exact = arrangements(comparison, everyone, draws=draws, rng=rng, limit=permutation.ENUMERABLE)
    table, drawn = summarise(fitted, arrange(fitted, comparison, everyone, listed), comparison, exact)
    untested = describe(fitted.untested, comparison).assign(finding="")
    whole = pd.concat([table, untested], ignore_index=True) if len(untested) else table
    order = whole[["family_p", "permutation_p", "log_ratio_p"]].fillna(2).to_numpy()
    return whole.iloc[np.lexsort(order.T[::-1])].reindex(columns=COLUMNS).reset_index(drop=True), drawn


def summarise(
    fitted: Fitted, arranged: Arranged, comparison: Comparison, exact: bool
) -> tuple[pd.DataFrame, permutation.Permuted]:
    """Build the table of the tests that the contrast asks about from their effects under all arrangements."""
    at, effects = fitted.asked, arranged.share
    drawn = permutation.Permuted(arranged.t[:, at], exact)
    share = permutation.Permuted((effects.effect / np.sqrt(effects.variance))[:, at], exact)
    asked = fitted.measures.select(at)
    table = describe(asked, comparison).assign(
        **_ks(asked, comparison), family_p=drawn.family_p(), permutation_p=drawn.p(), share_family_p=share.family_p()
    )
    values, reach = arranged.effect[0, at], stats.t.ppf(0.975, effects.df[at]) * arranged.error[0, at]
    table = table.assign(
        fold_change=np.exp(values), fold_change_low=np.exp(values - reach), fold_change_high=np.exp(values + reach),
        share_fold_change=np.exp(effects.effect[0, at]), share_p=_t_p(share.t[0], effects.df[at]),
        log_ratio_p=_t_p(drawn.t[0], effects.df[at]), spread_ratio=effects.ratio[at],
        welch_p=_t_p(values / np.sqrt(np.maximum(effects.own[at], 1e-12)), effects.own_df[at]),
    )  # fmt: skip
    for name in ("share", "log_ratio"):
        table[f"{name}_fdr"] = donor_tests.benjamini_hochberg(table[f"{name}_p"].to_numpy())
    return _findings(table), drawn


def _t_p(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    return 2 * stats.t.sf(np.abs(t), df)


def describe(measures: Measures, comparison: Comparison) -> pd.DataFrame:
    """Return the tests with the number of donors and their mean percent in each group."""
    table = measures.tests.drop(columns="asked")
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


def _findings(table: pd.DataFrame) -> pd.DataFrame:
    """Add what the primary test finds, which methods agree, and which changes compensate another.

    A finding has the direction of the mean percents; where the log ratio has the other, there is none.
    """
    calls = pd.DataFrame({method: table[column] <= LEVEL for method, column in METHODS.items()})
    change = np.sign(table["percent_target"] - table["percent_reference"])
    against = calls["permutation"] & (change != np.sign(np.log(table["fold_change"])))
    found = calls["permutation"] & ~against
    table = table.assign(
        agreement=[f"{n} of {len(METHODS)}" for n in calls.sum(axis=1)],
        found_by=[";".join(calls.columns[row]) for row in calls.to_numpy()],
        finding=np.where(found, np.where(change > 0, "up", "down"), ""),
        note=np.where(against, "percents and log ratio differ in direction", table["note"]),
    )
    compensates = ((table["share_family_p"] <= LEVEL) & ~calls["permutation"]).to_numpy()
    names = closure.causes(table, compensates)
    return table.assign(note=[f"compensates for the change of {n}" if n else old
                              for n, old in zip(names, table["note"], strict=True)])  # fmt: skip
