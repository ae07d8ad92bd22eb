from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from unit.compare import cohorts

from sscite.command import Facts
from sscite.compare.composition import differential, effects, frequency, influence, report
from sscite.errors import Reason, Skipped
from sscite.findings import Concern


def analysed(people: pd.DataFrame, cells: dict, **options: object) -> tuple[pd.DataFrame, frequency.Measures]:
    comparison = cohorts.comparison(people, **options)
    measures = frequency.measure(cohorts.counted(cells, people), comparison)
    fitted = effects.fit(measures, comparison)
    return differential.test(fitted, comparison, draws=200, rng=np.random.default_rng(0))[0], measures


def row(table: pd.DataFrame, subset: str, measure: str = "parent") -> pd.Series:
    return table[(table["subset"] == subset) & (table["measure"] == measure)].iloc[0]


def test_percents_are_those_computed_by_hand():
    people = cohorts.samples(3, 3)
    cells = {("mono", "A"): [30] * 6, ("mono", "B"): [70] * 6, ("T", "C"): [90] * 6, ("T", "D"): [10] * 6}
    measures = frequency.measure(cohorts.counted(cells, people), cohorts.comparison(people))
    at = {(r.measure, r.subset): i for i, r in enumerate(measures.tests.itertuples())}
    assert measures.percent[0, at["parent", "A"]] == 30
    assert measures.percent[0, at["all", "A"]] == 15
    assert measures.percent[0, at["all", "mono"]] == 50


def test_a_planted_rise_is_found_by_all_four_methods_and_called_up():
    people = cohorts.samples(10, 8)
    table = analysed(people, cohorts.random_cells(18, raised=8, fold=5.0))[0]
    found = row(table, "S0")
    assert (found["agreement"], found["finding"]) == ("4 of 4", "up")
    assert found["fold_change_low"] > 1
    assert found["share_fold_change"] == pytest.approx(found["percent_target"] / found["percent_reference"], rel=0.05)


def test_a_fall_that_follows_from_another_subset_s_rise_is_named_as_such_and_is_no_finding():
    # S0 rises ten-fold in absolute numbers, the others do not change: their percents fall
    rng, people = np.random.default_rng(3), cohorts.samples(10, 8)
    numbers = {("mono", "S0"): [2000] * 10 + [20_000] * 8}
    numbers |= {("mono", f"S{j}"): (500 * np.exp(rng.normal(0, 0.3, 18))).astype(int).tolist() for j in range(1, 5)}
    numbers |= {("T", f"S{j}"): (500 * np.exp(rng.normal(0, 0.3, 18))).astype(int).tolist() for j in range(5, 9)}
    table = analysed(people, numbers)[0]
    other = row(table, "S6", "all")
    assert other["percent_target"] < 0.5 * other["percent_reference"]
    assert other["note"] == "compensates for the change of S0"
    assert set(table.loc[table["finding"] == "down", "subset"]) <= {"T"}
    assert row(table, "S0", "all")["finding"] == "up"


def test_a_finding_never_contradicts_its_percents():
    # the log ratio of S1 rises against the other subsets, its percent falls as S0 expands
    rng, people = np.random.default_rng(1), cohorts.samples(10, 8)
    numbers = {("mono", "S0"): [2000] * 10 + [40_000] * 8, ("mono", "S1"): [500] * 10 + [1500] * 8}
    numbers |= {("T", f"S{j}"): (500 * np.exp(rng.normal(0, 0.2, 18))).astype(int).tolist() for j in range(2, 9)}
    found = row(analysed(people, numbers)[0], "S1", "all")
    assert found["family_p"] <= 0.05
    assert found["fold_change"] > 1
    assert found["percent_target"] < found["percent_reference"]
    assert found["finding"] == ""
    assert "differ in direction" in found["note"]


def test_no_finding_of_random_cohorts_contradicts_its_percents():
    """One subset expands in one group, each cohort by another factor; every finding has the direction of its means."""
    number = 0
    for seed, fold in enumerate((0.05, 0.2, 5, 20, 60)):
        rng, people = np.random.default_rng(seed), cohorts.samples(9, 7)
        names = [("mono" if j < 4 else "T", f"S{j}") for j in range(9)]
        numbers = {name: (400 * np.exp(rng.normal(0, 0.3, 16))).astype(int).tolist() for name in names}
        numbers["mono", "S0"] = [3000] * 9 + [int(3000 * fold)] * 7
        table = analysed(people, numbers)[0]
        found = table[table["finding"] != ""]
        rises = found["percent_target"] > found["percent_reference"]
        assert (rises == (found["finding"] == "up")).all()
        assert ((found["fold_change"] > 1) == rises).all()
        number += len(found)
    assert number >= 5


def test_donors_thinned_to_few_cells_give_no_finding():
    """Rare subsets were called up in thinned donors by the logit with half a cell added."""
    rng, false = np.random.default_rng(3), 0
    people = cohorts.samples(10, 10)
    profile = np.repeat([0.1, 0.02, 0.003], [7, 12, 20])
    for _ in range(12):
        shares = rng.dirichlet(40 * profile / profile.sum(), 20)
        drawn = np.array([rng.multinomial(n, p) for n, p in zip([8000] * 10 + [300] * 10, shares, strict=True)])
        cells = {("mono" if j % 2 else "T", f"S{j}"): drawn[:, j].tolist() for j in range(39)}
        false += (analysed(people, cells)[0]["finding"] != "").any()
    assert false <= 2


def test_the_kolmogorov_smirnov_path_is_scipys_with_bonferroni_over_all_tests():
    people = cohorts.samples(6, 4)
    table, measures = analysed(people, cohorts.random_cells(10))
    found = row(table, "S3")
    at = ((measures.tests["subset"] == "S3") & (measures.tests["measure"] == "parent")).to_numpy().argmax()
    expected = stats.ks_2samp(measures.percent[:6, at], measures.percent[6:, at], method="exact").pvalue
    assert found["ks_p"] == pytest.approx(expected)
    assert found["ks_bonferroni"] == pytest.approx(min(1, expected * table["ks_p"].notna().sum()))


def test_a_subset_in_too_few_donors_is_listed_as_not_tested():
    people = cohorts.samples(5, 4)
    cells = cohorts.random_cells(9) | {("T", "rare"): [0] * 7 + [5, 9]}
    table = analysed(people, cells)[0]
    assert "fewer than 3 donors" in row(table, "rare")["note"]
    assert np.isnan(row(table, "rare")["family_p"])
    assert table.iloc[-1]["subset"] == "rare"


def test_a_donor_without_cells_of_the_parent_weighs_neither_way():
    people = cohorts.samples(5, 4)
    cells = cohorts.random_cells(9)
    for key in cells:
        if key[0] == "T":
            cells[key][2] = 0
    table = analysed(people, cells)[0]
    assert row(table, "S6")["donors_reference"] == 4


def test_pairs_find_a_change_that_unpaired_donors_hide():
    people = cohorts.samples(7, 7, paired=True)
    level = [40, 80, 160, 320, 640, 1280, 2000]
    cells = {("mono", "A"): level + [round(1.6 * n) for n in level], ("mono", "B"): [4000 + n for n in range(14)]}
    cells[("T", "C")] = [3000 + 11 * n % 50 for n in range(14)]
    table = analysed(people, cells)[0]
    found = row(table, "A")
    assert found["permutation_p"] == pytest.approx(2 / 2**7)
    assert found["ks_p"] > 0.3


def test_a_contrast_that_names_subsets_tests_only_these():
    people = cohorts.samples(5, 4)
    table = analysed(people, cohorts.random_cells(9), subset=("S0", "T"))[0]
    assert set(table["subset"]) == {"S0", "T", "S4", "S5", "S6", "S7"}


def test_a_contrast_of_absent_subsets_is_skipped():
    people = cohorts.samples(5, 4)
    with pytest.raises(Skipped) as error:
        analysed(people, cohorts.random_cells(9), subset=("THBS1_Mac",))
    assert error.value.reason is Reason.NO_SUBSETS


def test_the_share_with_a_covariate_agrees_with_least_squares_where_cells_are_many():
    people = cohorts.samples(6, 5).assign(age=[str(a) for a in (50, 61, 47, 70, 66, 58, 49, 73, 62, 55, 68)])
    table, measures = analysed(people, cohorts.random_cells(11), covariates=("age",))
    design = np.column_stack([np.ones(11), people["age"].astype(float), [0] * 6 + [1] * 5])
    at = ((measures.tests["subset"] == "S2") & (measures.tests["measure"] == "all")).to_numpy().argmax()
    expected = np.linalg.lstsq(design, np.log(measures.percent[:, at]), rcond=None)[0][2]
    assert np.log(row(table, "S2", "all")["share_fold_change"]) == pytest.approx(expected, abs=0.02)


def reported(people: pd.DataFrame, cells: dict, *, stress: list[float] | None = None) -> tuple[Facts, pd.DataFrame]:
    comparison = cohorts.comparison(people)
    facts = Facts("compare_composition", "x", seed=0, folder=Path())
    counted = cohorts.counted(cells, people)
    if stress is not None:
        counted = cohorts.with_stress(counted, stress, people)
    measures = frequency.measure(counted, comparison)
    fitted = effects.fit(measures, comparison)
    table, arranged, chance = differential.test(fitted, comparison, draws=200, rng=np.random.default_rng(0))
    table = report.add_influence(fitted, comparison, table, testable=chance.smallest_p <= 0.05, centre=arranged.centre)
    table = report.add_stress(fitted, comparison, table, counted, facts, centre=arranged.centre)
    report._sentences(facts, comparison, table, chance, influence.depth_ratio(fitted, comparison))
    return facts, table


def test_a_finding_that_one_donor_makes_is_flagged_with_their_name():
    people = cohorts.samples(12, 4)
    cells = cohorts.random_cells(16, raised=4, fold=1.1)
    cells["mono", "S0"][15] *= 12
    facts, table = reported(people, cells)
    found = [f for f in facts.content["findings"] if f["feature"] == "S0"]
    assert table.loc[table["subset"] == "S0", "family_p"].notna().all()
    assert all("one_donor" in f["concerns"] and f["influential_donor"] == "d15" for f in found)


def test_a_strong_finding_of_all_donors_is_not_flagged_and_named_once_for_two_denominators():
    facts, table = reported(cohorts.samples(12, 5), cohorts.random_cells(17, raised=5, fold=8.0))
    found = [f for f in facts.content["findings"] if f["feature"] == "S0"]
    assert set(table.loc[(table["subset"] == "S0") & (table["finding"] == "up"), "measure"]) == {"all", "parent"}
    assert len(found) == 1
    assert found[0]["concerns"] == []
    assert found[0]["worst_p"] <= 0.05
    assert found[0]["comparison"] == "SSc against HD"


def test_a_design_that_cannot_reach_5_percent_says_so_with_effects_and_intervals():
    facts, _ = reported(cohorts.samples(4, 4, paired=True), cohorts.random_cells(8, raised=4, fold=9.0))
    assert "cannot be tested, as the smallest p that this design can give is 0.12" in facts.content["summary"]
    first = facts.content["findings"][0]
    assert first["concerns"] == ["few_donors"]
    assert first["low"] < first["effect"] < first["high"]


def test_a_subset_lost_in_a_library_is_flagged():
    people = cohorts.samples(12, 4)
    people["library"] = ["L0"] * 12 + ["L1"] * 3 + ["L0"]
    cells = cohorts.random_cells(16)
    cells["T", "S6"][12:15] = [0, 0, 0]
    facts, table = reported(people, cells)
    rows = table[(table["subset"] == "S6") & (table["finding"] == "down")]
    assert (rows["absent_in"] == "L1").all()
    for found in facts.content["findings"]:
        if found["feature"] == "S6":
            assert "batch" in found["concerns"]
            assert "no cell of it in library L1" in found["text"]


def test_a_covariate_with_three_levels_gets_an_omnibus_test_and_dunn_against_the_target():
    people = cohorts.samples(6, 6).assign(disease=["HD"] * 4 + ["SSc"] * 4 + ["SRC"] * 4)
    cells = cohorts.random_cells(12, raised=4, fold=6.0)
    comparison = cohorts.comparison(people)
    target = frequency.omnibus(cohorts.counted(cells, people), people, comparison)
    assert set(target["other"]) == {"HD", "SRC"}
    found = target[target["subset"] == "S0"].iloc[0]
    percents = np.array(cells["mono", "S0"]) / sum(np.array(cells["mono", f"S{j}"]) for j in range(4))
    expected = stats.kruskal(percents[:4], percents[4:8], percents[8:]).pvalue
    assert found["kruskal_p"] == pytest.approx(expected)


def test_two_levels_get_no_omnibus_test():
    people = cohorts.samples(5, 4)
    counted = cohorts.counted(cohorts.random_cells(9), people)
    assert frequency.omnibus(counted, people, cohorts.comparison(people)).empty


def test_relabellings_that_share_few_targets_with_the_observed_labels_are_unrelated():
    comparison = cohorts.comparison(cohorts.samples(6, 4))
    group = comparison.donors["group"].to_numpy()
    swapped = {kept: [*range(4 - kept), *range(6, 6 + kept)] for kept in range(5)}  # donors that are called target
    listed = np.array([[*places(group, chosen)] for chosen in swapped.values()])
    assert differential.unrelated(listed, comparison).tolist() == [False, True, True, False, False]


def places(group: np.ndarray, chosen: list[int]) -> np.ndarray:
    """Return the order that gives the chosen donors the label of the target."""
    order = np.empty(len(group), dtype=int)
    order[chosen] = np.flatnonzero(group == 1)
    order[np.setdiff1d(np.arange(len(group)), chosen)] = np.flatnonzero(group == 0)
    return order


def test_a_finding_of_a_test_that_calls_often_under_permuted_labels_is_flagged():
    comparison = cohorts.comparison(cohorts.samples(6, 5))
    row = pd.Series({"stress_flag": "", "spread_ratio": 1.0, "welch_p": 0.01, "one_donor": "", "absent_in": ""})
    for often, expected in ((0.03, []), (0.2, [Concern.NULL_CALIBRATION]), (np.nan, [])):
        chance = differential.Chance(462, exact=True, smallest_p=1 / 462, any_call=often)
        assert report.concerns_of(row, comparison, chance, 1.0) == expected
