from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from unit.compare import cohorts

from sscite.compare.composition import frequency
from sscite.compare.design import confounding


def confounded(**columns: list[str]) -> pd.DataFrame:
    people = cohorts.samples(5, 4).assign(**columns)
    comparison = cohorts.comparison(people)
    table = confounding.donors(comparison, people, cohorts.counted(cohorts.random_cells(9), people))
    return confounding.confounding(table, comparison).set_index("covariate")


def test_a_covariate_equal_to_the_sides_cannot_be_told_apart():
    found = confounded(site=["x"] * 5 + ["y"] * 4).loc["site"]
    assert found["association"] == pytest.approx(1)
    assert found["reading"] == "confounded with the groups"
    assert (found["reference"], found["target"]) == ("x 5", "y 4")


def test_an_overlap_in_two_donors_is_shown_by_its_counts():
    found = confounded(ILD=["no", "no", "no", "yes", "no", "yes", "yes", "no", "no"]).loc["ILD"]
    assert found["target"] == "yes 2, no 2"
    assert found["p"] == pytest.approx(stats.fisher_exact([[4, 1], [2, 2]])[1])
    assert found["reading"] == "balanced"


def test_a_number_is_compared_by_mann_whitney():
    found = confounded(age=["40", "41", "42", "43", "70", "60", "61", "62", "63"]).loc["age"]
    assert found["association"] == pytest.approx(abs(2 * 16 / 20 - 1))  # 16 of 20 pairs are larger
    assert found["kind"] == "number"


def test_a_text_that_names_nearly_every_donor_is_no_covariate():
    assert "batch" not in confounded(batch=list("abcdefghi")).index


def test_a_covariate_named_group_is_described_like_any_other():
    found = confounded(group=["a"] * 5 + ["b"] * 4)
    assert found.loc["group", "association"] == pytest.approx(1)


def test_power_agrees_with_statsmodels():
    from statsmodels.stats.power import TTestIndPower

    comparison = cohorts.comparison(cohorts.samples(17, 4))
    table = confounding.power(comparison, np.full(80, 0.5)).query("subsets == 'typical'").set_index("fold")
    expected = [TTestIndPower().power(np.log(3) / 0.5, 4, level, ratio=17 / 4) for level in (0.05, 0.05 / 80)]
    assert table.loc[3.0, ["power_single", "power_family"]].tolist() == pytest.approx(expected, abs=1e-6)


def test_the_detectable_fold_is_the_first_with_the_goals_power():
    table = pd.DataFrame({"fold": [2.0, 3, 4], "subsets": "typical", "power_family": [0.1, 0.85, 0.99]})
    assert confounding.detectable(table) == 3
    assert confounding.detectable(table.head(1)) == float("inf")


def test_spread_is_the_standard_deviation_of_log_frequencies_within_groups():
    people = cohorts.samples(5, 4)
    comparison = cohorts.comparison(people)
    measures = frequency.measure(cohorts.counted(cohorts.random_cells(9), people), comparison)
    y, at = np.log(measures.percent[:, 0]), slice(0, 5)
    expected = np.sqrt((y[at].var(ddof=1) * 4 + y[5:].var(ddof=1) * 3) / 7)
    assert confounding.spread(measures, comparison)[0] == pytest.approx(expected, rel=0.05)


def test_cells_per_donor_are_a_covariate_that_differs_from_twofold_on():
    people = cohorts.samples(5, 4)
    cells = cohorts.random_cells(9)
    thinned = {key: [n if i < 5 else n // 8 for i, n in enumerate(values)] for key, values in cells.items()}
    comparison = cohorts.comparison(people)
    for numbers, reading in ((cells, "balanced"), (thinned, "confounded with the groups")):
        table = confounding.donors(comparison, people, cohorts.counted(numbers, people))
        found = confounding.confounding(table, comparison).set_index("covariate")
        assert found.get("reading", {}).get("cells_per_donor", "balanced") == reading
