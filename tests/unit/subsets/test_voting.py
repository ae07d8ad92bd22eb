"""CellTypist's vote over the cohort."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sscite.annotate import cohort_vote, vote
from sscite.cohort import writer
from sscite.command import step
from sscite.errors import Skipped, UserError
from sscite.subsets.cluster import all_lineages, report
from sscite.subsets.definitions.questions import Questions
from sscite.subsets.definitions.subsets import Definitions, Lineage

GENES = pd.Index(["CD3D", "CD3E", "TYROBP", "FCER1G"])
ISLANDS = ["B cells", "Tcm/Naive helper T cells", "CD16+ NK cells"]
LINEAGE = dict(zip(ISLANDS, ["B", "CD4 T", "NK"], strict=True)) | {"Tem/Trm cytotoxic T cells": "CD8 T"}


@pytest.fixture
def cohort():
    """Three islands of 300 cells, spread over two libraries; every tenth cell has a label of its neighbours' island."""
    rng = np.random.default_rng(0)
    island = np.repeat(np.arange(3), 300)
    axes = np.eye(3)[island] * 40 + rng.normal(size=(900, 3))
    fine = np.array(ISLANDS, dtype=object)[np.where(np.arange(900) % 10 == 0, (island + 1) % 3, island)]
    obs = pd.DataFrame({"library": np.where(np.arange(900) % 2, "L1", "L2"), "cell_type_fine": fine},
                       index=[f"c{i}" for i in range(900)])  # fmt: skip
    obs["cell_type"] = obs["cell_type_fine"]
    obs["lineage"] = obs["lineage_rna"] = obs["cell_type_fine"].map(LINEAGE)
    obs["protein_lineage"], obs["protein_support"] = "", "no protein"
    return obs, axes.astype(np.float32), sp.csr_matrix((900, 4), dtype=np.float32), np.array(ISLANDS)[island]


def test_cells_of_all_libraries_take_the_label_of_their_cluster(cohort):
    obs, axes, expression, truth = cohort
    assert (obs["cell_type"] != truth).sum() == 90
    found = cohort_vote.majority(obs, axes, expression, GENES, seed=0)
    assert list(found.cells.index) == list(obs.index)
    assert (found.cells["cell_type"] == truth).mean() > 0.97
    assert (found.cells["lineage"] == found.cells["cell_type"].map(LINEAGE)).all()


def test_a_cluster_that_expresses_the_rivals_genes_takes_the_cohorts_most_frequent_rival_label(cohort):
    obs, axes, _, truth = cohort
    expression = sp.csr_matrix(np.where(truth[:, None] == ISLANDS[2], [3.0, 3, 0, 0], [0.0, 0, 0, 0]))
    found = cohort_vote.majority(obs, axes, expression, GENES, seed=0)
    moved = found.cells[truth == ISLANDS[2]]
    assert (moved["lineage"] == "CD4 T").mean() > 0.9
    assert found.changed["cells"].sum() > 200


def test_the_vote_does_not_move_cells_between_cd4_and_cd8(cohort):
    obs, axes, expression, _ = cohort
    obs.loc["c305", ["cell_type", "lineage", "lineage_rna"]] = ["Tem/Trm cytotoxic T cells", "CD8 T", "CD8 T"]
    cells = cohort_vote.majority(obs, axes, expression, GENES, seed=0).cells
    assert list(cells.loc["c305", ["cell_type", "lineage"]]) == ["Tem/Trm cytotoxic T cells", "CD8 T"]
    assert list(cells.loc["c306", ["cell_type", "lineage"]]) == ["Tcm/Naive helper T cells", "CD4 T"]


def test_protein_decides_again_between_kinds_of_t_cells_and_on_cells_that_it_decided(cohort):
    obs, axes, expression, _ = cohort
    obs.loc["c305", ["protein_lineage", "lineage"]] = "CD8 T"
    obs.loc["c5", ["protein_lineage", "lineage"]] = "monocyte/DC"
    obs.loc["c6", "protein_lineage"] = "monocyte/DC"
    cells = cohort_vote.majority(obs, axes, expression, GENES, seed=0).cells
    assert list(cells.loc["c305", ["lineage", "lineage_rna", "protein_support"]]) == ["CD8 T", "CD4 T", "contradicted"]
    assert list(cells.loc["c5", ["lineage", "lineage_rna"]]) == ["monocyte/DC", "B"]
    assert list(cells.loc["c6", ["lineage", "protein_support"]]) == ["B", "contradicted"]


def test_an_unsure_cell_is_assigned_with_its_cluster_and_not_against_it(cohort):
    obs, axes, expression, truth = cohort
    obs.loc["c1", ["cell_type", "lineage", "lineage_rna"]] = "unassigned"
    lost = truth == ISLANDS[2]
    obs.loc[lost, "cell_type_fine"] = np.resize(["CD16+ NK cells", "B cells", "Tcm/Naive helper T cells"], lost.sum())
    obs.loc[lost, ["cell_type", "lineage", "lineage_rna"]] = "unassigned"
    cells = cohort_vote.majority(obs, axes, expression, GENES, seed=0).cells
    assert list(cells.loc["c1", ["cell_type", "lineage"]]) == ["B cells", "B"]
    assert (cells.loc[lost, "lineage"] == "unassigned").mean() > 0.5
    assert (cells.loc[lost, "lineage"] == "unassigned").equals(cells.loc[lost, "cell_type"] == "unassigned")


def test_a_library_without_labels_neither_votes_nor_changes(cohort):
    obs, axes, expression, _ = cohort
    silent = obs["library"] == "L1"
    obs.loc[silent, ["cell_type_fine", "cell_type", "lineage", "lineage_rna"]] = ""
    cells = cohort_vote.majority(obs, axes, expression, GENES, seed=0).cells
    assert set(cells.loc[silent, "cell_type"]) == {""}
    assert "" not in set(cells.loc[~silent, "cell_type"])


def test_a_lineage_that_the_vote_leaves_few_cells_is_named_in_a_warning(cohort, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    obs, axes, expression, _ = cohort
    rare = obs.index[1:120:10]
    obs.loc[rare, ["cell_type_fine", "cell_type"]] = "pDC"
    obs.loc[rare, ["lineage", "lineage_rna"]] = "pDC"
    found = cohort_vote.majority(obs, axes, expression, GENES, seed=0)
    assert found.kept.set_index("lineage").loc["pDC"].tolist() == [12, 0]
    with step("subsets_cluster", "cohort") as facts:
        report.voted(facts, found)
    (warning,) = json.loads((tmp_path / "cohort.subsets_cluster.json").read_text())["warnings"]
    assert "0 of 12 cells in pDC" in warning


def test_without_labels_cells_or_coordinates_there_is_no_vote(cohort):
    obs, axes, expression, _ = cohort
    with pytest.raises(Skipped, match="50 cells with a label"):
        cohort_vote.majority(obs[:50], axes[:50], expression[:50], GENES, seed=0)
    with pytest.raises(Skipped):
        cohort_vote.majority(obs, axes * np.nan, expression, GENES, seed=0)
    with pytest.raises(Skipped):
        cohort_vote.majority(obs[["library"]], axes, expression, GENES, seed=0)


def test_an_unknown_scope_of_the_vote_names_the_allowed_ones():
    with pytest.raises(UserError, match="allowed: library, cohort, none"):
        vote.check("true")


def test_lineages_are_split_by_the_vote_and_its_labels_are_passed_on(tmp_path):
    counts = sp.csr_matrix(np.random.default_rng(0).poisson(1, (30, 5)).astype(np.float32))
    cohort = writer.CohortWriter(tmp_path / "merged.h5mu", 5)
    cohort.append(counts, counts.data)
    obs = pd.DataFrame({"library": "L", "lineage": "B", "cell_type": "b"}, index=[f"c{i}" for i in range(30)])
    cohort.finish(obs, pd.DataFrame(index=list("vwxyz")), protein=None, uns={})
    voted = obs[["cell_type", "lineage"]].assign(cell_type=["b"] * 20 + ["k"] * 10, lineage=["B"] * 20 + ["NK"] * 10)
    three = tuple(Lineage(name, (name,), (), ()) for name in ("B", "NK", "pDC"))
    known = Definitions(three, Questions())
    found = all_lineages.find(tmp_path / "merged.h5mu", known, resolution=1.0, seed=0, voted=voted)
    assert found.skipped == {"B": 20, "NK": 10}  # no cell is a pDC
    assert list(found.cells["lineage_annotated"]) == list(found.cells["lineage"]) == list(voted["lineage"])
    assert list(found.cells["cell_type"]) == list(voted["cell_type"])
