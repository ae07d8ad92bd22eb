"""Warnings are merged by kind and ranked; what was skipped is said with its reason."""

from __future__ import annotations

from unit.report.facts import fact, table

from sscite.report import alerts


def test_warnings_that_differ_in_numbers_and_names_are_one_line():
    clusters = table("clusters", ["cluster"], ["B.3"], ["NK.12"])
    warned = fact("subsets_cluster", "cohort", tables=[clusters],
                  warnings=["Cluster B.3 rests on one library.", "Cluster NK.12 rests on one library."])  # fmt: skip
    [row] = alerts.warnings([warned])
    assert row["text"] == "Cluster B.3 rests on one library. (and 1 similar warning)"
    assert [item["text"] for item in row["all"]] == warned["warnings"]


def test_a_warning_of_several_libraries_lists_them():
    [row] = alerts.warnings([fact("samples_load", library, warnings=["few genes"]) for library in ("L1", "L2")])
    assert (row["text"], row["ids"]) == ("few genes", ["L1", "L2"])


def test_what_puts_all_results_in_doubt_comes_first():
    rows = alerts.warnings([
        fact("samples_load", "L1", warnings=["few genes"]),
        fact("compare_design", "SRC", warnings=["age differs"], ranks={"age differs": "check"}),
        fact("annotate_celltypist", "L2", warnings=["the model does not suit"],
             ranks={"the model does not suit": "critical"}),
    ])  # fmt: skip
    assert [row["rank"] for row in rows] == ["critical", "check", "note"]


def test_a_merged_warning_has_the_highest_rank_of_its_members():
    [row] = alerts.warnings([
        fact("samples_load", "L1", warnings=["4% doublets"]),
        fact("samples_load", "L2", warnings=["9% doublets"], ranks={"9% doublets": "check"}),
    ])  # fmt: skip
    assert row["rank"] == "check"


def test_different_warnings_of_one_step_stay_apart():
    warned = fact("demux_call", "L1", warnings=["4.5% doublets, more than expected", "hashtag 3 is absent"])
    assert len(alerts.warnings([warned])) == 2


def test_a_skipped_step_is_told_with_its_reason():
    skipped = [fact("adt_normalize", name, status="skipped", detail="no antibodies") for name in ("L1", "L2")]
    assert alerts.unanswered(skipped) == [{"text": "no antibodies", "ids": ["L1", "L2"], "steps": ["adt_normalize"]}]


def test_a_question_whose_task_failed_is_named_with_its_contrasts():
    contrasts = table("contrasts", ["contrast", "contrast_id", "variable"], ["A", "a", "v"], ["B", "b", "v"])
    steps = [
        ("compare_composition", "a"),
        *((step, "b") for step in alerts.OF_EACH_CONTRAST),
        ("compare_stage", "cohort"),
    ]
    facts = [fact("samples_validate", "cohort", tables=[contrasts]), *(fact(*step) for step in steps)]
    missing = {row["steps"][0]: row["ids"] for row in alerts.unfinished(facts)}
    assert missing["compare_expression"] == ["a"]
    assert missing["biomarkers_panel"] == ["cohort"]
    assert "compare_composition" not in missing
    assert "compare_stage" not in missing


def test_a_comparison_without_a_finding_is_told_in_its_own_words():
    assert alerts.negative([fact("compare_composition", "SRC", summary="No subset differs.")])[0]["ids"] == ["SRC"]


def test_a_step_that_describes_the_samples_is_no_comparison_without_a_finding():
    described = [fact(step, "cohort", summary="33 samples.") for step in ("compare_identity", "compare_pseudobulk")]
    assert alerts.negative(described) == []


def test_the_same_words_of_two_steps_are_one_warning():
    names = table("donors", ["donor"], ["lung_1"])
    rows = alerts.warnings([
        fact("compare_design", "A", warnings=["All donors are in lung_1."], tables=[names]),
        fact("compare_composition", "A", warnings=["All donors are in lung_1."]),
    ])  # fmt: skip
    assert [row["steps"] for row in rows] == [["compare_design", "compare_composition"]]
