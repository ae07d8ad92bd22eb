"""The content of the report is arranged from facts alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from unit.report.facts import cohort, fact, table

from sscite.report import gather, multiqc, provenance, sections


def arrange(facts: list[dict], **changes: object) -> dict:
    return gather.arrange(facts, **({"words": {}} | changes))


def test_the_content_has_the_published_form():
    schema = json.loads(files("sscite.report").joinpath("schema/report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(arrange(cohort()), schema)
    jsonschema.validate(arrange([]), schema)


def test_the_study_is_one_sentence():
    assert arrange(cohort())["study"]["sentence"] == (
        "2 donors, 3 samples, 2 libraries, 1,000 cells, of which 890 (89%) were analysed. "
        "Donors in blood: yes 1, no 1; kidney: yes 1."
    )


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


def test_contrasts_bear_the_name_that_the_user_gave_them():
    compare = next(room for room in arrange(cohort())["rooms"] if room["name"] == "compare")
    assert compare["groups"][0]["title"] == "SRC against SSc without SRC"


def test_libraries_stand_side_by_side_before_their_details():
    load = arrange(cohort())["rooms"][0]["groups"][1]
    assert load["overview"] == {
        "columns": ["library", "cells", "summary"], "records": [["L1", 900, "900 cells"], ["L2", 100, "100 cells"]],
    }  # fmt: skip
    assert load["summary"] == "2 libraries done; no warnings."
    assert not load["pages"]


def test_more_than_twelve_libraries_get_pages_of_their_own():
    content = arrange([fact("samples_load", f"L{i}") for i in range(13)])
    assert content["rooms"][0]["groups"][0]["pages"]


def test_a_method_shows_two_sentences_and_folds_the_rest():
    assert sections.split_method("One. Two <b>b</b>? Three. Four.") == ("One. Two <b>b</b>?", "Three. Four.")


def test_two_versions_of_a_package_are_both_listed():
    facts = [fact("samples_load", "a"), fact("samples_load", "b", versions={"numpy": "2.4.0"})]
    assert provenance.versions(facts) == {"numpy": ["2.4.0", "2.5.5"]}


def test_parameters_that_were_changed_come_first():
    rows = provenance.parameters({"hvg": 2000, "seed": 7}, {"hvg": 2000, "seed": 0})
    assert [(row["name"], row["changed"]) for row in rows] == [("seed", True), ("hvg", False)]


def test_checksums_come_from_tables_and_models():
    files_table = table("files", ["file", "sha256"], ["L1.h5", "ab12"])
    facts = [
        fact("samples_inspect", "cohort", tables=[files_table]),
        fact("annotate_celltypist", "L1", numbers={"model": "m.pkl", "model_sha256": "cd34"}),
    ]
    assert provenance.checksums(facts) == [
        {"file": "L1.h5", "sha256": "ab12"}, {"file": "m.pkl", "sha256": "cd34"},
    ]  # fmt: skip


def test_methods_name_only_what_ran_with_its_parameters():
    paragraphs = arrange([fact("demux_call", "L1")], settings={"demux_method": "joint"})["methods"]
    assert len(paragraphs) == 1
    assert 'method "joint"' in paragraphs[0]["text"]
    assert "dsb" not in paragraphs[0]["text"]


def test_multiqc_gets_one_row_a_library_and_bars():
    labels = table("labels", ["lineage", "cells"], ["B", 5], ["B", 2], ["NK", 3])
    content = multiqc.content([
        fact("samples_load", "L1", numbers={"cells": 10}), fact("annotate_celltypist", "L1", tables=[labels]),
        fact("demux_call", "L1", numbers={"single_rate": 0.9, "doublet_rate": 0.1}),
    ])  # fmt: skip
    assert content["sscite_general_mqc.json"]["data"]["L1"]["samples_load_cells"] == 10
    assert content["sscite_general_mqc.json"]["data"]["L1"]["demux_call_single_rate"] == 90
    assert content["sscite_lineages_mqc.json"]["data"] == {"L1": {"B": 7, "NK": 3}}


def test_multiqc_draws_the_content_without_complaint(tmp_path: Path):
    if not shutil.which("multiqc"):
        pytest.skip("multiqc is not on PATH")
    folder = tmp_path / "multiqc"
    folder.mkdir()
    for name, section in multiqc.content(cohort()).items():
        (folder / name).write_text(json.dumps(section), encoding="utf-8")
    (folder / "multiqc_config.yml").write_text(multiqc.CONFIG, encoding="utf-8")
    command = [
        "multiqc",
        "multiqc",
        "-c",
        "multiqc/multiqc_config.yml",
        "--strict",
        "-n",
        "drawn",
        "--no-version-check",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    statistics = (tmp_path / "drawn_data" / "multiqc_general_stats.txt").read_text(encoding="utf-8")
    assert [line.split("\t")[0] for line in statistics.splitlines()] == ["Sample", "L1", "L2"]
