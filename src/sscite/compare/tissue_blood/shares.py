"""Share of each subset in its lineage, a tissue against the reference tissue, at equal numbers of cells.

A biopsy has a tenth of the cells of blood, so that its donors have more zeros and more noise. As in the comparison of
groups (`composition.depth`), cells of each lineage are taken away at random until both tissues have the same numbers of
them: in pairs, the smaller of a donor's two numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sscite.compare.composition import depth, effects, frequency, stress
from sscite.compare.composition.effects import MIN_EXPECTED, THINNINGS, Fitted, median_of
from sscite.compare.composition.frequency import Measures
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.expression.robustness import write_influence
from sscite.compare.statistics import dissociation_stress, poisson_lognormal
from sscite.compare.statistics.donor_tests import benjamini_hochberg
from sscite.errors import Skipped


def compare_composition(
    composition: pd.DataFrame, comparison: Comparison, scores: pd.DataFrame, *, tested: bool, seed: int
) -> pd.DataFrame:
    """Compare the log share of each subset in its lineage; FDR over all shares of the tissue.

    Parameters
    ----------
    composition
        As COMPARE_PSEUDOBULK writes it.
    scores
        Stress scores of each sample by lineage.
    tested
        False gives effects without p values.

    Returns
    -------
    a row per subset: feature, subset, effect (natural logarithm), p_value, fdr, donors, given the stress score, and
    the range without each donor; subsets with too few cells have no row
    """
    try:
        measures = frequency.measure(composition, comparison, min_donors=1)
    except Skipped:
        return pd.DataFrame()
    shares = measures.select((measures.tests["measure"] == "parent").to_numpy())
    complete = _complete(shares, comparison)
    parts = []
    for donors in np.unique(complete, axis=1).T:
        kept = shares.select((complete == donors[:, None]).all(axis=0))
        group = comparison.donors["group"].to_numpy()[donors]
        if len(set(group)) == 2:
            parts.append(_compare(kept, _restrict(comparison, donors), donors, scores, tested=tested, seed=seed))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return table.assign(fdr=benjamini_hochberg(table["p_value"].to_numpy(float))) if len(table) else table


def _complete(shares: Measures, comparison: Comparison) -> np.ndarray:
    """Mark for each test the donors with cells of its lineage, in both tissues where paired: (n_donors, n_tests)."""
    known = shares.whole > 0
    if comparison.paired:
        both = np.logical_and(*np.split(known, 2))
        return np.vstack([both, both])
    return known


def _restrict(comparison: Comparison, donors: np.ndarray) -> Comparison:
    """Keep the samples of the donors (and groups) at a mask."""
    kept = pd.MultiIndex.from_frame(comparison.donors.loc[donors, ["donor", "group"]])
    rows = pd.MultiIndex.from_frame(comparison.samples[["donor", "group"]]).isin(kept)
    return replace(comparison, samples=comparison.samples[rows].reset_index(drop=True))


def _compare(
    shares: Measures, comparison: Comparison, donors: np.ndarray, scores: pd.DataFrame, *, tested: bool, seed: int
) -> pd.DataFrame:
    """Compare the shares of lineages that the same donors have."""
    fitted = fit(Measures(shares.tests, shares.cells[donors], shares.whole[donors]), comparison, seed=seed)
    tests = fitted.measures.tests
    reference, target = comparison.counts()
    table = pd.DataFrame({"feature": tests["subset"], "subset": tests["subset"], "kind": "composition",
                          "level": "subset", "donors_tissue": target, "donors_reference": reference})  # fmt: skip
    everyone, none = np.ones(len(comparison.donors), dtype=bool), np.zeros(len(tests))
    if not len(tests) or not tested or len(everyone) <= frequency.nuisance(comparison).shape[1] + 1:
        return table.assign(effect=_difference(fitted, comparison), p_value=np.nan)
    found = effects.observed(fitted, comparison, everyone, none)
    table = table.assign(effect=found.effect, p_value=found.p(), effect_given_stress=np.nan, p_given_stress=np.nan)
    for lineage, rows in tests.groupby("parent"):
        adjusted = stress.with_score(comparison, dissociation_stress.sample_scores(scores, without=str(lineage)))
        if adjusted is not None:
            given = effects.observed(fitted, adjusted, everyone, none)
            table.loc[rows.index, "effect_given_stress"] = given.effect[rows.index]
            table.loc[rows.index, "p_given_stress"] = given.p()[rows.index]
    return _without_each_donor(table, fitted, comparison)


def fit(shares: Measures, comparison: Comparison, *, seed: int) -> Fitted:
    """Thin the cells of each lineage to the same numbers in both groups and fit the count model.

    A subset is kept if, after that, at least 10 cells are expected in each group at its mean share of all donors.
    """
    group, rng = comparison.donors["group"].to_numpy(), np.random.default_rng([seed, 8])
    left, drawn = np.empty_like(shares.whole), np.empty((THINNINGS, *shares.cells.shape))
    for _, rows in shares.tests.groupby("parent"):
        at = rows.index.to_numpy()
        cells, whole = shares.cells[:, at].astype(int), shares.whole[:, at[0]].astype(int)
        kept = depth.kept_cells(whole, group, paired=comparison.paired)
        parts = np.column_stack([cells, whole - cells.sum(axis=1)])
        each = [rng.multivariate_hypergeometric(row, n, THINNINGS) for row, n in zip(parts, kept, strict=True)]
        drawn[:, :, at] = np.moveaxis(np.array(each), 1, 0)[..., :-1]
        left[:, at] = kept[:, None]
    expected = left * shares.cells.sum(axis=0) / np.maximum(shares.whole.sum(axis=0), 1)
    least = np.minimum(expected[group == 0].sum(axis=0), expected[group == 1].sum(axis=0))
    enough = least >= MIN_EXPECTED
    data = [poisson_lognormal.fit(cells[:, enough], left[:, enough]) for cells in drawn] if enough.any() else []
    return Fitted(shares.select(enough), data, expected[:, enough], shares.select(~enough))


def _difference(fitted: Fitted, comparison: Comparison) -> np.ndarray:
    """Return the difference of the mean log shares of both groups."""
    group = comparison.donors["group"].to_numpy()
    means = [each.value[group == 1].mean(axis=0) - each.value[group == 0].mean(axis=0) for each in fitted.data]
    return median_of(means) if means else np.empty(0)


def _without_each_donor(table: pd.DataFrame, fitted: Fitted, comparison: Comparison) -> pd.DataFrame:
    """Add the largest p value without one donor, that donor, and the range of the effect."""
    names = comparison.donors["donor"].to_numpy()
    people = np.unique(names)
    effect, p = (np.full((len(people), len(table)), np.nan) for _ in range(2))
    for place, person in enumerate(people):
        kept = names != person
        left = comparison.donors["group"].to_numpy()[kept]
        if min((left == side).sum() for side in (0, 1)) >= 2:
            found = effects.observed(fitted, comparison, kept, np.zeros(len(table)))
            effect[place], p[place] = found.effect, found.p()
    return write_influence(table, table.index.to_numpy(), effect, p, people)
