"""What the report says of the finished cohort."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd

from sscite.command import step
from sscite.subsets.cluster import report
from sscite.subsets.cluster.protein_gate import Gate


def test_cell_types_are_counted_by_sample_with_the_most_frequent_first():
    cells = pd.DataFrame({"sample": ["s1", "s1", "s2", "s2", "s2"], "cell_type": ["B", "NK", "NK", "", "NK"]})
    table = report.by_sample(cells)
    assert list(table.columns) == ["cell_type", "s1", "s2"]
    assert table.to_numpy().tolist() == [["NK", 1, 2], ["B", 1, 0], ["no label", 0, 1]]


def test_clusters_without_a_name_are_listed_with_the_genes_that_stand_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clusters = pd.DataFrame(
        {"lineage": "T", "cluster": [0, 1, 2], "cells": [9, 5, 7], "subset": ["a", "T, other", "T, other"],
         "best": ["a", "b", "c"], "score": [2.0, 1.2, 0.1], "shown": [1.0, 0.0, 0.5], "flag": "",
         "strongest": ["G, H", "FABP4, MARCO", "X"]}
    )  # fmt: skip
    with step("subsets_cluster", "cohort") as facts:
        report.without_name(facts, clusters)
    facts = json.loads((tmp_path / "cohort.subsets_cluster.json").read_text())
    table = next(table for table in facts["tables"] if table["name"] == "unnamed")
    assert [row[:5] for row in table["records"]] == [["T", 2, 7, "X", "c"], ["T", 1, 5, "FABP4, MARCO", "b"]]
    assert facts["warnings"][0].startswith("2 clusters (12 cells)")


def test_gates_are_listed_and_one_that_rna_does_not_confirm_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside = np.array([True, True, False])
    gates = [
        Gate("Treg", "CD25 high", inside, "FOXP3 50% (x9.0, at least x3.0)", True),
        Gate("b", "CD9 high, CD8 low", inside, "G 0% (x0.0, at least x0.0)", False),
    ]
    with step("subsets_cluster", "cohort") as facts:
        assert report.gates(facts, SimpleNamespace(lineages={"CD4 T": SimpleNamespace(gates=gates)})) == 2
    written = json.loads((tmp_path / "cohort.subsets_cluster.json").read_text())
    assert [[*row[:2], *row[3:]] for row in written["tables"][0]["records"]] == [
        ["CD4 T", "Treg", 2, "FOXP3 50% (x9.0, at least x3.0)", "yes"],
        ["CD4 T", "b", 2, "G 0% (x0.0, at least x0.0)", "no"],
    ]
    assert written["warnings"][0].startswith(
        "2 cells of CD4 T have the proteins of b (CD9 high, CD8 low), but RNA does not confirm them (G 0%"
    )


def test_nothing_is_said_where_all_clusters_have_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with step("subsets_cluster", "cohort") as facts:
        report.without_name(facts, pd.DataFrame({"cluster": [0], "cells": [9], "subset": ["a"]}))
    facts = json.loads((tmp_path / "cohort.subsets_cluster.json").read_text())
    assert (facts["tables"], facts["warnings"]) == ([], [])


def test_the_cohorts_facts_hold_cell_types_and_lineages_of_each_sample_without_left_out_cells(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = pd.DataFrame(
        {"sample": ["s1", "s2", "s2"], "cell_type": ["B", "NK", "B"], "lineage": ["B", "NK", "B"],
         "excluded": ["", "", "doublet"]}
    )  # fmt: skip
    with step("subsets_collect", "cohort") as facts:
        report.collected(facts, cells)
    facts = json.loads((tmp_path / "cohort.subsets_collect.json").read_text())
    table = next(table for table in facts["tables"] if table["name"] == "cell_types")
    assert table["records"] == [["B", 1, 0], ["NK", 0, 1]]
    assert [figure["name"] for figure in facts["figures"]] == ["composition"]


def test_a_gene_set_that_scores_above_zero_in_almost_no_cell_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scores = pd.DataFrame({"signature_A": np.repeat([0.1, 0], [5, 995]), "signature_B": np.repeat([0.1, 0], [4, 996])})
    sets = pd.DataFrame({"set": ["A", "B"], "genes": [9, 9], "measured": [5, 5]})
    with step("subsets_signatures", "cohort") as facts:
        report.signatures(facts, scores, pd.DataFrame(), sets, [])
    (warning,) = json.loads((tmp_path / "cohort.subsets_signatures.json").read_text())["warnings"]
    assert warning.startswith("Above zero in less than 0.5% of the cells: B. ")
