"""What the report says of the finished cohort."""

from __future__ import annotations

import json

import pandas as pd

from sscite.command import step
from sscite.subsets import report


def test_cell_types_are_counted_by_sample_with_the_most_frequent_first():
    cells = pd.DataFrame({"sample": ["s1", "s1", "s2", "s2", "s2"], "cell_type": ["B", "NK", "NK", "", "NK"]})
    table = report.by_sample(cells)
    assert list(table.columns) == ["cell_type", "s1", "s2"]
    assert table.to_numpy().tolist() == [["NK", 1, 2], ["B", 1, 0], ["no label", 0, 1]]


def test_the_cohorts_facts_hold_cell_types_and_lineages_of_each_sample_without_left_out_cells(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = pd.DataFrame(
        {"sample": ["s1", "s2", "s2"], "cell_type": ["B", "NK", "B"], "lineage": ["B", "NK", "B"],
         "excluded": ["", "", "doublet"]}
    )  # fmt: skip
    with step("subsets_collect", "cohort") as facts:
        report.collected(facts, cells)
    told = json.loads((tmp_path / "cohort.subsets_collect.json").read_text())
    table = next(table for table in told["tables"] if table["name"] == "cell_types")
    assert table["records"] == [["B", 1, 0], ["NK", 0, 1]]
    assert [figure["name"] for figure in told["figures"]] == ["composition"]
