"""Whether a change of frequency is explained by the donors' stress score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from unit.compare import cohorts
from unit.compare.test_composition import reported

from sscite.compare.composition import stress


def cells_that_follow(score: np.ndarray) -> dict[tuple[str, str], list[int]]:
    """Draw cells of which only S0 varies with the score, twofold per unit."""
    cells = cohorts.random_cells(len(score))
    cells["mono", "S0"] = [round(200 * 2**value) for value in score]
    return cells


def found_s0(stress_scores: list[float], cells: dict, people: pd.DataFrame) -> tuple[dict, pd.Series]:
    facts, table = reported(people, cells, stress=stress_scores)
    row = table[(table["subset"] == "S0") & (table["finding"] != "")].iloc[0]
    return next(f for f in facts.content["findings"] if f["feature"] == "S0"), row


def test_a_rise_that_follows_the_stress_score_is_explained_by_it():
    score = np.array([-1.5, -1, -1, -0.5, -0.5, 0, 0, 0.5, 0.2, 0.5, 0.8, 1, 1.2, 1.6, 0.4, 1.9])
    finding, row = found_s0(score.tolist(), cells_that_follow(score), cohorts.samples(8, 8))
    assert "stress" in finding["concerns"]
    assert row["fold_change"] > 2
    assert row["fold_change_given_stress"] < 1.25
    assert row["p_given_stress"] > 0.05


def test_a_rise_in_donors_whose_stress_score_is_like_that_of_the_others_holds():
    score = np.tile([-1.0, -0.5, 0.5, 1.0], 4)
    finding, row = found_s0(score.tolist(), cohorts.random_cells(16, raised=8, fold=6.0), cohorts.samples(8, 8))
    assert not {"stress", "stress_not_adjustable"} & set(finding["concerns"])
    assert row["fold_change_given_stress"] > 3
    assert "given the stress score of the other lineages" in finding["text"]


def test_a_score_that_separates_the_groups_could_not_be_adjusted_for():
    score = np.repeat([-1.0, 1.0], 8) + np.linspace(-0.05, 0.05, 16)
    finding, row = found_s0(score.tolist(), cohorts.random_cells(16, raised=8, fold=6.0), cohorts.samples(8, 8))
    assert row["stress_flag"] == "could not be adjusted"
    assert "stress_not_adjustable" in finding["concerns"]
    assert "stress" not in finding["concerns"]


def test_without_a_stress_score_nothing_is_claimed_and_a_warning_says_so():
    facts, table = reported(cohorts.samples(8, 8), cohorts.random_cells(16, raised=8, fold=6.0))
    assert set(table["stress_flag"]) == {""}
    assert any("No stress score was measured" in sentence for sentence in facts.content["warnings"])


def test_the_score_of_a_subset_comes_from_the_other_lineages():
    people = cohorts.samples(3, 3)
    counted = cohorts.counted(cohorts.random_cells(6), people)
    rows = (counted["level"] == "lineage") & (counted["subset"] == "mono")
    counted.loc[rows, "stress_score"] = 5.0
    scores = stress.scores(counted)
    assert scores["mono"].tolist() == [5.0] * 6
    assert scores.drop(columns="mono").isna().all().all()
