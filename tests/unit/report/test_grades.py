"""Each rule of a grade can be broken alone."""

from __future__ import annotations

import pytest
from unit.report.facts import finding

from sscite.report.grades import Grade, grade


def test_a_finding_that_meets_every_rule_is_strong_and_needs_no_reasons():
    assert grade(finding()).grade == Grade.STRONG
    assert grade(finding()).reasons == ()
    assert grade(finding(agreement=3)).grade == Grade.STRONG


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"error_rate": "FDR"}, "FDR is controlled, not the family-wise error rate"),
        ({"worst_p": 0.09}, "p = 0.090 without SRC02"),
        ({"worst_p": None}, "stability without single donors was not computed"),
        ({"agreement": 2}, "2 of 4 methods agree"),
        ({"concerns": ["one_donor"]}, "depends on one donor"),
    ],
)
def test_one_weakness_makes_a_finding_moderate_and_is_named(changes: dict, reason: str):
    graded = grade(finding(**changes))
    assert graded.grade == Grade.MODERATE
    assert reason in graded.reasons


@pytest.mark.parametrize(
    "changes",
    [
        {"p": 0.06}, {"agreement": 1}, {"concerns": ["stress"]}, {"concerns": ["batch"]}, {"concerns": ["ambient"]},
        {"concerns": ["null_calibration"]}, {"concerns": ["one_donor", "depth"]},
        {"p": None, "agreement": 15, "methods": 20}, {"p": None, "agreement": None, "methods": None},
    ],
)  # fmt: skip
def test_a_finding_that_may_be_something_else_is_only_suggestive(changes: dict):
    assert grade(finding(**changes)).grade == Grade.SUGGESTIVE


def test_a_trajectory_found_in_nearly_all_repeats_is_moderate_without_a_p_value():
    assert grade(finding(p=None, worst_p=None, agreement=20, methods=20)).grade == Grade.MODERATE


def test_a_concern_of_a_later_version_is_shown_by_its_name():
    assert "cell cycle" in grade(finding(concerns=["cell_cycle"])).reasons
