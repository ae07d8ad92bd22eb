"""Findings of all steps become rows: the strongest first, one row a claim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from unit.report.facts import cohort, fact, finding, table

from sscite.report import key_findings


def titles(*facts: dict) -> list[str]:
    return [row["title"] for row in key_findings.rows(list(facts))]


def test_the_strongest_evidence_comes_first_whatever_the_order_of_contrasts():
    weak = finding(feature="B", p=0.001, error_rate="FDR")
    facts = [fact("compare_composition", "A", findings=[weak]), fact("compare_composition", "Z", findings=[finding()])]
    assert titles(*facts) == ["CD14_EGR1 more frequent", "B more frequent"]


def test_the_same_claim_of_two_steps_is_one_row_that_names_both():
    milo = finding(error_rate="FDR", p=0.02, text="7 of 7 neighbourhoods")
    [row] = key_findings.rows([
        fact("compare_abundance", "SRC", findings=[milo]), fact("compare_composition", "SRC", findings=[finding()]),
    ])  # fmt: skip
    assert row["step"] == "compare_composition"
    assert [(item["step"], item["text"]) for item in row["support"]] == [("compare_abundance", "7 of 7 neighbourhoods")]


def test_genes_that_change_alike_share_a_row():
    genes = [finding(kind="gene", feature=name, subset="CD16", p=p) for name, p in (("FOS", 0.01), ("JUN", 0.001))]
    [row] = key_findings.rows([fact("compare_expression", "SRC", findings=genes)])
    assert row["title"] == "2 genes higher in CD16: JUN and FOS"
    assert [member["feature"] for member in row["members"]] == ["JUN", "FOS"]


@pytest.mark.parametrize(
    ("p", "expected"), [(0.01, "holds given"), (0.3, "not significant given"), (None, "none found")]
)
def test_a_finding_holds_given_stress_only_if_it_is_significant_then(p: float | None, expected: str):
    tested = finding(p_given_stress=p, text=f"12% to 46% of CD8 T; given the stress score p = {p}")
    [row] = key_findings.rows([fact("compare_expression", "SRC", findings=[tested])])
    assert expected in row["checked"]
    assert ("holds" in row["checked"]) == (p == 0.01)


def test_opposite_directions_are_never_merged():
    up, down = finding(), finding(direction="down", effect=0.3)
    assert titles(fact("compare_composition", "SRC", findings=[up, down])) == [
        "CD14_EGR1 more frequent", "CD14_EGR1 less frequent",
    ]  # fmt: skip


def test_a_finding_links_to_its_figure_its_table_and_the_gating_panel():
    panel = table("panel", ["subset", "panel"], ["CD14_EGR1", "CD14+ CD16-"])
    facts = [*cohort(), fact("biomarkers_panel", "blood_CD14_EGR1", summary="CD14+ CD16-", tables=[panel])]
    [row] = key_findings.rows(facts)
    assert [link["anchor"] for link in row["links"]] == [
        "figure-SRC_id-compare_composition-donors-png", "table-compare_composition-SRC_id-tests",
    ]  # fmt: skip
    assert row["panel"] == {"text": "CD14+ CD16-", "anchor": "biomarkers_panel-blood_CD14_EGR1"}


@pytest.mark.parametrize("step", key_findings.CHECKED)
def test_what_a_step_is_said_to_check_is_what_its_code_can_raise(step: str):
    words = {
        "STRESS": "dissociation stress", "AMBIENT": "ambient", "BATCH": "batch", "ONE_DONOR": "single donors",
        "DEPTH": "cells per donor", "SPREAD": "variance",
    }  # fmt: skip
    folder = Path(key_findings.__file__).parents[1] / "compare" / step.removeprefix("compare_")
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    raised = {name for name in words if re.search(rf"Concern\.{name}\b", code)}
    assert raised == {name for name, word in words.items() if word in key_findings.CHECKED[step]}


def test_an_adjusted_p_is_also_given_over_all_comparisons_that_its_step_tested():
    facts = [
        fact("compare_composition", "A", findings=[finding(p=0.018)]), fact("compare_composition", "B"),
        fact("compare_composition", "C"), fact("compare_composition", "D", status="skipped"),
        fact("compare_expression", "A", findings=[finding(kind="gene", feature="FOS", p=0.4, error_rate="FDR")]),
    ]  # fmt: skip
    rows = {row["feature"]: row for row in key_findings.rows(facts)}
    assert rows["CD14_EGR1"]["p_all_comparisons"] == pytest.approx(0.054)
    assert rows["CD14_EGR1"]["comparisons"] == 3
    assert rows["CD14_EGR1"]["p"] == 0.018
    assert rows["FOS"]["p_all_comparisons"] == 0.4


@pytest.mark.parametrize(("p", "number", "expected"), [(None, 3, None), (0.4, 3, 1.0), (0.01, 1, 0.01)])
def test_a_p_over_all_comparisons_is_at_most_one(p: float | None, number: int, expected: float | None):
    assert key_findings.over_all(p, number) == expected
