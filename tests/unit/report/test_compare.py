"""Two runs are compared by what they claim."""

from __future__ import annotations

from unit.report.facts import fact, finding
from unit.report.test_gather import arrange

from sscite.report import compare


def run(*findings: dict, cells: int = 100, seed: int = 0) -> dict:
    facts = [
        fact("samples_load", "L1", numbers={"cells": cells}),
        fact("compare_composition", "SRC", findings=list(findings)),
    ]
    return arrange(facts, settings={"seed": seed})


def test_a_run_agrees_with_itself():
    changes = compare.compare(run(finding()), run(finding()))
    assert not any(changes.values())
    assert compare.sentences(changes) == ["The two runs agree."]


def test_findings_gained_and_lost_are_named():
    changes = compare.compare(run(finding()), run(finding(feature="CD16", p=0.06)))
    assert compare.sentences(changes) == [
        "+ CD16 more frequent (SRC against SSc without SRC): suggestive",
        "- CD14_EGR1 more frequent (SRC against SSc without SRC): was strong",
    ]


def test_a_finding_that_turned_round_or_weakened_is_changed_and_not_new():
    changes = compare.compare(run(finding()), run(finding(direction="down", effect=0.5, worst_p=0.2)))
    assert compare.sentences(changes) == [
        "~ CD14_EGR1 less frequent (SRC against SSc without SRC): grade strong -> moderate; direction up -> down; "
        "effect 4.10 -> 0.500"
    ]


def test_an_effect_that_differs_by_less_than_a_hundredth_is_the_same():
    assert not compare.compare(run(finding(effect=4.1)), run(finding(effect=4.13)))["changed"]


def test_parameters_and_numbers_of_steps_are_compared():
    lines = compare.sentences(compare.compare(run(), run(cells=90, seed=7)))
    assert lines == ["~ parameter seed: 0 -> 7", "~ number samples_load L1 cells: 100 -> 90"]
