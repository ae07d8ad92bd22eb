"""The content of the report is arranged from facts alone."""

from __future__ import annotations

from sscite.report import gather


def fact(step: str, id: str, **changes: object) -> dict:
    blank = {
        "step": step, "id": id, "status": "done", "reason": None, "detail": "", "verdict": "", "numbers": {},
        "warnings": [], "tables": [], "figures": [], "seed": 0, "versions": {"numpy": "2.5.5"}, "seconds": 1.5,
        "peak_memory_mb": 100,
    }  # fmt: skip
    return blank | changes


def arrange(facts: list[dict], **changes: object) -> dict:
    return gather.arrange(facts, **({"words": {}, "figures": {}, "settings": {}} | changes))


def test_a_skipped_step_is_told_with_its_reason():
    content = arrange([fact("adt_normalize", "L1", status="skipped", reason="no_antibodies", detail="no antibodies")])
    assert content["summary"]["skipped"] == [{"step": "adt_normalize", "id": "L1", "text": "no antibodies"}]


def test_findings_are_the_verdicts_of_compare_and_of_no_other_room():
    content = arrange([
        fact("compare_composition", "ILD", verdict="raised"),
        fact("demux_call", "L1", verdict="clean pool"),
    ])  # fmt: skip
    assert content["summary"]["findings"] == {"ILD": [{"step": "compare_composition", "id": "ILD", "text": "raised"}]}
    assert [item["text"] for item in content["summary"]["quality"]] == ["clean pool"]


def test_a_warning_of_several_libraries_is_said_once():
    content = arrange([fact("samples_load", library, warnings=["few genes"]) for library in ("L1", "L2")])
    assert content["summary"]["warnings"] == [{"step": "samples_load", "id": "L1, L2", "text": "few genes"}]


def test_critical_warnings_are_reported_before_all_others():
    facts = [
        fact("samples_load", "L1", warnings=["few genes"]),
        fact("annotate_celltypist", "L1", warnings=["low", "no fit"], critical=["no fit"]),
    ]
    content = gather.arrange(facts, words={}, figures={}, settings={})
    assert [warning["text"] for warning in content["summary"]["warnings"]] == ["no fit", "few genes", "low"]


def test_rooms_follow_the_data_and_compare_is_grouped_by_contrast():
    content = arrange([
        fact("compare_expression", "ILD"), fact("compare_design", "ILD"), fact("compare_design", "SRC"),
        fact("samples_load", "L1"), fact("samples_validate", "cohort"),
    ])  # fmt: skip
    groups = {room["name"]: [g["title"] for g in room["groups"]] for room in content["rooms"]}
    assert next(iter(groups)) == "samples"
    assert groups["samples"] == ["samples validate", "samples load"]
    assert groups["compare"] == ["ILD", "SRC"]
    compare = next(room for room in content["rooms"] if room["name"] == "compare")
    assert [entry["step"] for entry in compare["groups"][0]["entries"]] == ["compare_design", "compare_expression"]


def test_the_libraries_table_joins_numbers_of_all_steps_by_library():
    content = arrange([
        fact("samples_load", "L1", numbers={"cells": 5}), fact("samples_load", "L2", numbers={"cells": 7}),
        fact("demux_call", "L2", numbers={"doublet_rate": 0.1}), fact("cohort_merge", "cohort", numbers={"cells": 12}),
    ])  # fmt: skip
    assert content["summary"]["libraries"] == {
        "columns": ["library", "load: cells", "call: doublet rate"],
        "records": [["L1", 5, None], ["L2", 7, 0.1]],
    }


def test_two_versions_of_a_package_are_both_listed():
    content = arrange([fact("samples_load", "a"), fact("samples_load", "b", versions={"numpy": "2.4.0"})])
    assert content["versions"] == {"numpy": ["2.4.0", "2.5.5"]}


def test_a_figure_is_put_in_by_its_file_name():
    facts = [
        fact("demux_call", "L1", figures=[{"name": "f", "file": "L1.demux_call.f.png", "title": "t", "caption": ""}])
    ]
    content = arrange(facts, figures={"L1.demux_call.f.png": "data:image/png;base64,AA=="})
    demux = next(room for room in content["rooms"] if room["name"] == "demux")
    assert demux["groups"][0]["entries"][0]["figures"][0]["source"] == "data:image/png;base64,AA=="


def test_multiqc_gets_one_table_a_step():
    content = gather.multiqc([fact("samples_load", "L1", numbers={"cells": 5}), fact("samples_load", "L2")])
    assert list(content) == ["sscite_samples_load_mqc.json"]
    assert content["sscite_samples_load_mqc.json"]["data"] == {"L1": {"cells": 5}}
