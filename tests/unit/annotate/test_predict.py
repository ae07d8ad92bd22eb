"""Prediction: the dense formula on counts small enough to write out."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.annotate.genes import match
from sscite.annotate.model_file import Model
from sscite.annotate.predict import blocks, predict

COUNTS = np.array([[5, 0, 3, 2], [0, 0, 0, 0], [0, 900, 0, 100], [1, 0, 0, 0]])
NAMES = ["B", "unknown", "A", "C"]


def small_model() -> Model:
    rng = np.random.default_rng(1)
    return Model(
        "m", np.array(["x", "y", "z"]), np.array(["A", "B", "C", "absent"]), rng.normal(size=(3, 4)),
        rng.normal(size=3),
        np.array([0.5, 0.1, 2.0, 1.0]), np.array([1.0, 0.05, 3.0, 1.0]), {},
    )  # fmt: skip


def dense(model: Model) -> np.ndarray:
    """CellTypist's own formula, on the dense matrix of the shared genes."""
    log = np.log1p(COUNTS / np.maximum(COUNTS.sum(axis=1, keepdims=True), 1) * 1e4)[:, [2, 0, 3]]
    scaled = np.minimum((log - model.mean[:3]) / model.scale[:3], 10)
    assert (scaled == 10).any()  # the limit is reached, or this proves little
    return scaled @ model.coefficients[:, :3].T + model.intercepts


@pytest.mark.parametrize("block", [1, 3, 100])
def test_sparse_scores_are_those_of_the_dense_formula(block):
    model = small_model()
    overlap = match(pd.DataFrame({"gene_id": ""}, index=NAMES), model.genes, np.ones(4), symbols={})
    scores = predict(sparse.csr_matrix(COUNTS), overlap, model, block=block)
    np.testing.assert_allclose(scores.decision, dense(model), rtol=1e-5, atol=1e-5)
    assert list(scores.best_match()) == list(model.cell_types[dense(model).argmax(axis=1)])
    np.testing.assert_allclose(scores.probability(), 1 / (1 + np.exp(-dense(model))), atol=1e-6)


def test_prob_match_gives_none_one_or_several_labels():
    from sscite.annotate.predict import Scores

    scores = Scores(np.array([[-1.0, -2.0], [1.0, -1.0], [0.5, 3.0]]), np.array(["a", "b"]))
    assert list(scores.prob_match()) == ["Unassigned", "a", "a|b"]


def test_totals_are_taken_over_all_features_not_only_the_chosen():
    ((_, part),) = blocks(sparse.csr_matrix([[1, 3]]), np.array([0]))
    assert part.toarray() == pytest.approx(np.log1p(2500))


def test_input_counts_are_left_as_they_were():
    counts, model = sparse.csr_matrix(COUNTS), small_model()
    before = counts.copy()
    overlap = match(pd.DataFrame({"gene_id": ""}, index=NAMES), model.genes, np.ones(4), symbols={})
    predict(counts, overlap, model)
    assert (counts != before).nnz == 0
