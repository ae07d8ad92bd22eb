"""A library's annotation: labels, lineages, flags, and what makes it impossible."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.annotate import celltypist, labels
from sscite.annotate.model_file import Model
from sscite.annotate.predict import Scores
from sscite.errors import Reason, Skipped

TYPES = np.array(["B cells", "Platelets", "T cells"])


def toy(cells: int):
    """Three types of cells with a gene each, and the model that knows them."""
    kind = np.arange(cells) % 3
    counts = np.ones((cells, 3), dtype=int)
    counts[np.arange(cells), kind] = 100
    model = Model(
        "toy",
        TYPES,
        np.array(["MS4A1", "PPBP", "CD3E"]),
        4 * np.eye(3),
        np.full(3, -2.0),
        np.full(3, 5.0),
        np.ones(3),
        {},
    )
    return sparse.csr_matrix(counts), pd.Index([f"L:{i}" for i in range(cells)]), model, TYPES[kind]


FEATURES = pd.DataFrame({"gene_id": ""}, index=["MS4A1", "PPBP", "CD3E"])


@pytest.mark.parametrize("cells", [1, 3])
def test_few_cells_are_annotated_without_a_vote(cells):
    counts, index, model, truth = toy(cells)
    found = celltypist.annotate(counts, index, FEATURES, model)
    assert found.clusters is None
    assert list(found.cells.columns) == list(labels.COLUMNS)
    assert list(found.cells["cell_type"]) == list(truth)
    assert list(found.cells["lineage"]) == ["B", "platelet", "other T"][:cells]
    assert list(found.cells["set_aside"]) == ["", "platelet", ""][:cells]


def test_an_empty_library_is_skipped():
    _, _, model, _ = toy(3)
    with pytest.raises(Skipped, match="no cells") as skipped:
        celltypist.annotate(sparse.csr_matrix((0, 3)), pd.Index([]), FEATURES, model)
    assert skipped.value.reason is Reason.TOO_FEW_CELLS


def test_genes_of_another_kind_skip_the_step():
    counts, index, model, _ = toy(3)
    with pytest.raises(Skipped) as skipped:
        celltypist.annotate(counts, index, FEATURES.set_axis(["q", "r", "s"]), model)
    assert skipped.value.reason is Reason.LOW_GENE_OVERLAP


def test_a_cell_without_a_probable_label_or_a_clear_lineage_is_unassigned():
    scores = Scores(np.array([[-3.0, -9, -3.5], [-3, -9, -6], [1, -9, 0.5]]), TYPES)
    fine = scores.best_match().astype(object)
    lineages = dict(zip(TYPES, ["B", "platelet", "CD4 T"], strict=True))
    frame = labels.label_table(pd.RangeIndex(3), fine, fine, scores, lineages, clusters=None)
    assert list(frame["lineage"]) == ["unassigned", "B", "B"]
    assert list(frame["cell_type"]) == ["unassigned", "B cells", "B cells"]
    assert list(frame["cell_type_fine"]) == ["B cells"] * 3


def test_a_vote_that_others_support_assigns_an_unsure_cell():
    scores = Scores(np.array([[-3.0, -9, -3.5], [2, -9, -6], [2, -9, -6]]), TYPES)
    fine = np.array(["B cells"] * 3, dtype=object)
    lineages = dict(zip(TYPES, ["B", "platelet", "CD4 T"], strict=True))
    frame = labels.label_table(pd.RangeIndex(3), fine, fine, scores, lineages, clusters=np.zeros(3, dtype=int))
    assert list(frame["lineage"]) == ["B"] * 3


def test_hesitation_between_kinds_of_t_cells_is_no_doubt_of_the_lineage():
    scores = Scores(np.array([[-3.0, -9, -3.1]]), np.array(["a", "b", "c"]))
    assert list(labels.is_uncertain(scores, ["CD4 T", "B", "CD8 T"])) == [False]
    assert list(labels.is_uncertain(scores, ["CD4 T", "B", "NK"])) == [True]


def test_labels_of_several_types_take_the_lineage_they_share():
    lineages = {"a": "CD4 T", "b": "CD8 T", "c": "B", "d": "B"}
    found = labels.label_lineages(["a|b", "c|d", "a|c", "Unassigned", "c"], lineages)
    assert found == {"a|b": "other T", "c|d": "B", "a|c": "unassigned", "Unassigned": "unassigned", "c": "B"}


def test_a_sure_cell_keeps_its_label_in_a_small_cluster_only():
    scores = Scores(np.tile([3.0, -9, 0], (12, 1)), TYPES)
    lineages = dict(zip(TYPES, ["B", "platelet", "CD4 T"], strict=True))
    voted, fine = np.array(["T cells"] * 12, dtype=object), np.array(["B cells"] * 12, dtype=object)
    clusters = np.array([0] * 2 + [1] * 10)
    kept = labels.keep_confident(voted, fine, clusters, scores, lineages, np.zeros(12, dtype=bool))
    assert list(kept) == ["B cells"] * 2 + ["T cells"] * 10


def test_a_cell_whose_own_genes_confirm_its_label_is_not_outvoted_by_another_lineage():
    scores = Scores(np.tile([0.5, -9, 0], (12, 1)), TYPES)
    lineages = dict(zip(TYPES, ["B", "platelet", "CD4 T"], strict=True))
    voted, fine = np.array(["T cells"] * 12, dtype=object), np.array(["B cells"] * 12, dtype=object)
    kept = labels.keep_confident(voted, fine, np.zeros(12, dtype=int), scores, lineages, np.arange(12) < 3)
    assert list(kept) == ["B cells"] * 3 + ["T cells"] * 9


def test_cd4_and_cd8_t_cells_are_not_outvoted_by_other_t_cells():
    types = np.array(["MAIT", "CTL"])
    scores = Scores(np.tile([1.0, 2.0], (12, 1)), types)
    voted, fine = np.array(["MAIT"] * 12, dtype=object), np.array(["CTL"] * 2 + ["MAIT"] * 10, dtype=object)
    lineages = {"MAIT": "other T", "CTL": "CD8 T"}
    kept = labels.keep_confident(voted, fine, np.zeros(12, dtype=int), scores, lineages, np.ones(12, dtype=bool))
    assert list(kept) == list(fine)
