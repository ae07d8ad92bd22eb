"""Labels are checked against marker genes: the model does not judge itself."""

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.annotate import celltypist, marker_check
from sscite.annotate.model_file import Model

GENES = ["CD3D", "CD3E", "CD3G", "TRAC", "CD79A", "CD79B", "MS4A1", "CD19", "PPBP", "PF4", "ACTB"]
FEATURES = pd.DataFrame({"gene_id": ""}, index=GENES)


def library(cells=60):
    """T cells, then B cells; one in ten counts of a lineage's genes is ambient in the other."""
    rng = np.random.default_rng(0)
    rate = np.full((2 * cells, len(GENES)), 0.1)
    rate[:cells, :4], rate[cells:, 4:8], rate[:, 10] = 3, 3, 20
    rate[:, 8:10] = 0
    return sparse.csr_matrix(rng.poisson(rate))


def model(right: bool) -> Model:
    """Return a model that knows T and B cells, or one that calls every cell a platelet."""
    weights = np.zeros((3, len(GENES)))
    weights[0, :4] = weights[1, 4:8] = 1.0 if right else 0.0
    return Model(
        "toy", np.array(["T cells", "B cells", "Platelets"]), np.array(GENES), weights,
        np.array([0.0, 0.0, -9.0 if right else 2.0]), np.full(len(GENES), 3.0), np.ones(len(GENES)), {},
    )  # fmt: skip


def annotate(right: bool):
    counts = library()
    return celltypist.annotate(counts, pd.Index([f"L:{i}" for i in range(120)]), FEATURES, model(right))


def test_a_model_that_fits_is_believed():
    found = annotate(right=True)
    assert found.check.agreement > 0.95
    assert (found.cells["lineage"] == ["other T"] * 60 + ["B"] * 60).mean() > 0.95


def test_a_confident_model_that_calls_every_cell_a_platelet_sets_none_aside():
    found = annotate(right=False)
    assert (found.cells["cell_type_fine"] == "Platelets").all()
    assert found.cells["cell_type_confidence"].min() > 0.8
    assert found.check.agreement == 0
    assert set(found.cells["set_aside"]) == {""}
    assert set(found.cells["lineage"]) == {"unassigned"}
    assert (found.cells["marker_lineage"] == ["other T"] * 60 + ["B"] * 60).mean() > 0.95


def test_labels_are_kept_down_to_the_score_at_which_they_agree_with_the_genes():
    score = np.repeat([-5.0, 3.0, -6.0, 2.0], 50)
    given = np.repeat(["NK", "B", "NK", "NK"], 50).astype(object)
    shown = np.repeat(["B", "B", "", ""], 50).astype(object)
    found = marker_check.check(given, score, shown)
    assert found.agreement == 0.5
    assert -5 < found.floor <= 3
    assert list(found.unsupported[::50]) == [True, False, True, found.floor > 2]


def test_a_few_cells_of_clear_lineage_do_not_judge_a_model():
    given, shown = np.array(["NK", "B"], dtype=object), np.array(["B", ""], dtype=object)
    found = marker_check.check(given, np.array([-5.0, -9.0]), shown)
    assert np.isnan(found.agreement)
    assert list(found.unsupported) == [True, False]


def test_platelets_and_red_cells_are_set_aside_only_with_their_own_genes_and_no_other_lineages():
    symbols = pd.Index(["PPBP", "HBB", "CD3D", "CD3E", "CD3G"])
    counts = sparse.csr_matrix([[3, 0, 0, 0, 0], [0, 9, 1, 0, 0], [0, 0, 0, 0, 0], [5, 0, 1, 1, 0], [0, 9, 0, 0, 0]])
    given = np.array(["platelet", "red cell", "platelet", "platelet", "B"], dtype=object)
    assert list(marker_check.is_set_aside(given, counts, symbols)) == [True, True, False, False, False]


def test_natural_killer_and_t_cells_do_not_contradict_each_other():
    given, shown = np.array(["NK", "CD8 T", "B"], dtype=object), np.array(["other T", "NK", "NK"], dtype=object)
    assert list(marker_check.agrees(given, shown)) == [True, True, False]


def test_cells_of_an_outvoted_lineage_keep_their_own_label_if_the_genes_confirm_it():
    counts = library()
    frame = pd.DataFrame({"cell_type": "Platelets", "cell_type_fine": ["T cells"] * 60 + ["Platelets"] * 60,
                          "cell_type_confidence": 0.9, "lineage": "platelet", "lineage_margin": 1.0,
                          "vote_cluster": np.repeat([0, 1], 60)})  # fmt: skip
    lineage_of = {"T cells": "CD4 T", "Platelets": "platelet"}
    found, check = celltypist.check_labels(
        frame, np.ones((120, 2)), counts, pd.Index(GENES), np.repeat([0, 1], 60), lineage_of, []
    )
    assert list(found["lineage"][::60]) == ["CD4 T", "unassigned"]
    assert list(found["cell_type"][::60]) == ["T cells", "unassigned"]
    assert check.unsupported.sum() == 60


def test_a_label_is_not_contradicted_if_the_genes_of_its_lineage_were_not_measured():
    given = np.array(["CD4 T", "B", "platelet"], dtype=object)
    measured = pd.Index(["CD3D", "LYZ", "CD14", "CD79A", "MS4A1"])  # one gene of T cells
    assert list(marker_check.can_be_contradicted(given, measured)) == [False, True, True]
    assert marker_check.can_be_contradicted(given, measured.append(pd.Index(["CD3E"]))).all()


def test_a_cluster_does_not_contradict_a_cell_that_expresses_the_genes_of_its_label():
    """Three cells in the cluster of T cells are called B cells; one expresses their genes, one a single gene."""
    counts = library().tolil()
    counts[:3, 4:8] = [[2, 1, 3, 0], [0, 0, 0, 0], [0, 2, 0, 0]]
    lineage = ["B"] * 3 + ["CD4 T"] * 57 + ["B"] * 60
    frame = pd.DataFrame({"cell_type": lineage, "cell_type_fine": lineage, "cell_type_confidence": 0.9,
                          "lineage": lineage,
                          "lineage_margin": 1.0, "vote_cluster": np.repeat([0, 1], 60)})  # fmt: skip
    lineage_of = {"CD4 T": "CD4 T", "B": "B"}
    found, _ = celltypist.check_labels(
        frame, np.ones((120, 2)), counts.tocsr(), pd.Index(GENES), np.repeat([0, 1], 60), lineage_of, []
    )
    assert list(found["lineage"][:4]) == ["B", "unassigned", "unassigned", "CD4 T"]
    assert marker_check.shown_by_cell(np.array(lineage[:3], dtype=object), counts[:3].tocsr(), pd.Index(GENES))[0]
