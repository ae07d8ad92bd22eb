from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from unit.compare import cohorts

from sscite.compare.composition import frequency
from sscite.errors import Reason, Skipped


def asked(people: pd.DataFrame, cells: dict, **options: object) -> tuple[pd.DataFrame, frequency.Measures]:
    comparison = cohorts.comparison(people, **options)
    measures = frequency.measure(cohorts.counted(cells, people), comparison)
    return frequency.test(measures, comparison, draws=200, rng=np.random.default_rng(0))[0], measures


def row(table: pd.DataFrame, subset: str, measure: str = "parent") -> pd.Series:
    return table[(table["subset"] == subset) & (table["measure"] == measure)].iloc[0]


def test_percents_logits_and_log_ratios_are_those_computed_by_hand():
    people = cohorts.samples(3, 3)
    cells = {("mono", "A"): [30] * 6, ("mono", "B"): [70] * 6, ("T", "C"): [90] * 6, ("T", "D"): [10] * 6}
    measures = frequency.measure(cohorts.counted(cells, people), cohorts.comparison(people))
    at = {(r.measure, r.subset): i for i, r in enumerate(measures.tests.itertuples())}
    assert measures.percent[0, at["parent", "A"]] == 30
    assert measures.percent[0, at["all", "A"]] == 15
    assert measures.percent[0, at["all", "mono"]] == 50
    assert measures.logit[0, at["parent", "A"]] == pytest.approx(np.log(30.5 / 70.5))
    assert measures.clr[0, at["parent", "A"]] == pytest.approx((np.log(30.5) - np.log(70.5)) / 2)
    logs = np.log([30.5, 70.5, 90.5, 10.5])
    assert measures.clr[0, at["all", "D"]] == pytest.approx(logs[3] - logs.mean())


def test_a_planted_rise_is_found_by_all_four_methods_and_called_up():
    people = cohorts.samples(10, 8)
    table = asked(people, cohorts.random_cells(18, raised=8, fold=5.0))[0]
    found = row(table, "S0")
    assert (found["agreement"], found["finding"]) == ("4 of 4", "up")
    assert found["odds_ratio_low"] > 1
    assert found["log2_fold_change"] == pytest.approx(
        np.log2(found["percent_target"] / found["percent_reference"]), abs=0.05
    )


def test_another_subsets_fall_that_follows_from_the_rise_is_not_called_down_by_the_log_ratio():
    # S0 rises five-fold in absolute numbers, the others do not change: their percents fall
    people = cohorts.samples(10, 8)
    numbers = {("mono", "S0"): [500] * 10 + [5000] * 8, ("mono", "S1"): [500 + i for i in range(18)]}
    numbers |= {("mono", f"S{j}"): [480 + (7 * i * j) % 40 for i in range(18)] for j in range(2, 8)}
    table = asked(people, numbers)[0]
    other = row(table, "S5")
    assert other["percent_target"] < 0.7 * other["percent_reference"]
    assert abs(other["clr_effect"]) < 0.4 * abs(np.log(other["odds_ratio"]))


def test_the_kolmogorov_smirnov_path_is_scipys_with_bonferroni_over_all_tests():
    people = cohorts.samples(6, 4)
    table, measures = asked(people, cohorts.random_cells(10))
    found = row(table, "S3")
    at = ((measures.tests["subset"] == "S3") & (measures.tests["measure"] == "parent")).to_numpy().argmax()
    expected = stats.ks_2samp(measures.percent[:6, at], measures.percent[6:, at], method="exact").pvalue
    assert found["ks_p"] == pytest.approx(expected)
    assert found["ks_bonferroni"] == pytest.approx(min(1, expected * len(table)))


def test_a_subset_in_too_few_donors_is_listed_as_not_tested():
    people = cohorts.samples(5, 4)
    cells = cohorts.random_cells(9) | {("T", "rare"): [0] * 7 + [5, 9]}
    table = asked(people, cells)[0]
    assert "fewer than 3 donors" in row(table, "rare")["note"]
    assert np.isnan(row(table, "rare")["family_p"])
    assert table.iloc[-1]["subset"] == "rare"


def test_a_donor_with_too_few_cells_of_the_parent_weighs_neither_way():
    people = cohorts.samples(5, 4)
    cells = cohorts.random_cells(9)
    for key in cells:
        if key[0] == "T":
            cells[key][2] = 1  # four T cells in all
    table, measures = asked(people, cells)
    assert row(table, "S6")["donors_reference"] == 4
    at = ((measures.tests["subset"] == "S6") & (measures.tests["measure"] == "parent")).to_numpy().argmax()
    filled = frequency.fill(measures.logit)[:, at]
    assert filled[2] == pytest.approx(np.delete(filled, 2).mean())


def test_pairs_find_a_change_that_unpaired_donors_hide():
    people = cohorts.samples(7, 7, paired=True)
    level = [40, 80, 160, 320, 640, 1280, 2000]
    cells = {("mono", "A"): level + [round(1.6 * n) for n in level], ("mono", "B"): [4000 + n for n in range(14)]}
    cells[("T", "C")] = [3000 + 11 * n % 50 for n in range(14)]
    table = asked(people, cells)[0]
    found = row(table, "A")
    assert found["permutation_p"] == pytest.approx(2 / 2**7)
    assert found["ks_p"] > 0.3


def test_a_contrast_that_names_subsets_tests_only_these():
    people = cohorts.samples(5, 4)
    table = asked(people, cohorts.random_cells(9), subset=("S0", "T"))[0]
    assert set(table["subset"]) == {"S0", "T", "S4", "S5", "S6", "S7"}


def test_a_contrast_of_absent_subsets_is_skipped():
    people = cohorts.samples(5, 4)
    with pytest.raises(Skipped) as error:
        asked(people, cohorts.random_cells(9), subset=("THBS1_Mac",))
    assert error.value.reason is Reason.NO_SUBSETS


def test_logits_with_a_covariate_agree_with_least_squares_on_the_same_columns():
    people = cohorts.samples(6, 5).assign(age=[str(a) for a in (50, 61, 47, 70, 66, 58, 49, 73, 62, 55, 68)])
    table, measures = asked(people, cohorts.random_cells(11), covariates=("age",))
    design = np.column_stack([np.ones(11), people["age"].astype(float), [0] * 6 + [1] * 5])
    at = ((measures.tests["subset"] == "S2") & (measures.tests["measure"] == "all")).to_numpy().argmax()
    expected = np.linalg.lstsq(design, measures.logit[:, at], rcond=None)[0][2]
    assert np.log(row(table, "S2", "all")["odds_ratio"]) == pytest.approx(expected)


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
