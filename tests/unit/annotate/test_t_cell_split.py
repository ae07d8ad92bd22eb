"""CD4 and CD8 T cells are separated by their defining genes and by scores that interferon does not move."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import poisson

from sscite.annotate import celltypist, t_cell_split
from sscite.annotate.model_file import Model

GENES = pd.Index(["CD4", "CD8A", "CD8B", "CCR7", "NKG7", "ISG15", "ACTB"])


def t_cells(each=100):
    """CD4, then CD8 T cells; in each half of both interferon is high."""
    rng = np.random.default_rng(1)
    rate = np.tile([0.02, 0.02, 0.02, 0.5, 0.5, 0.5, 50.0], (2 * each, 1))
    rate[:each, 0], rate[each:, 1:3] = 0.2, 1.0
    rate[:each, 3], rate[each:, 4] = 4, 4
    rate[np.arange(2 * each) % 2 == 0, 5] = 30
    return sparse.csr_matrix(rng.poisson(rate))


def test_probability_is_that_of_bayes_with_the_rates_of_the_classes():
    # far from each other in prior, so that expectation-maximisation leaves the classes as they are
    prior, depth = np.array([-40.0] * 5 + [40.0] * 5 + [1.0]), np.full(11, 0.5)
    counts = np.array([[0.0]] * 5 + [[2.0]] * 5 + [[2.0]])
    found = t_cell_split._fit(prior, counts, depth)[-1]
    low, high = 0.05 / (2.5 + 1), (12 + 0.05) / (3 + 1)  # the last cell joins the second class
    odds = np.exp(1.0) * poisson.pmf(2, high * 0.5) / poisson.pmf(2, low * 0.5)
    assert found == pytest.approx(odds / (1 + odds), abs=1e-3)


def test_a_cell_with_cd8_counts_is_cd8_against_a_weak_score():
    counts = sparse.csr_matrix([[1, 0, 0, 9]] * 20 + [[0, 2, 2, 9]] * 20)
    margin = np.array([-3.0] * 20 + [3.0] * 19 + [-1.0])
    probability = t_cell_split.cd8_probability(counts, pd.Index(["CD4", "CD8A", "CD8B", "ACTB"]), margin)
    assert probability[-1] > 0.9
    assert (probability[:20] < 0.1).all()


def test_interferon_does_not_move_the_split():
    counts = t_cells()
    weights = np.zeros((2, len(GENES)))
    weights[0, 5], weights[0, 3], weights[1, 4] = 3.0, 1.0, 1.0  # the model reads interferon as CD4
    model = Model("toy", np.array(["CD4 T", "CD8 T"]), np.array(GENES), weights, np.zeros(2), np.full(7, 4.0),
                  np.ones(7), {})  # fmt: skip
    features = pd.DataFrame({"gene_id": ""}, index=GENES)
    found = celltypist.annotate(counts, pd.RangeIndex(200).astype(str), features, model, voting=False).cells
    high = np.arange(200) % 2 == 0
    truth = np.repeat(["CD4 T", "CD8 T"], 100)
    assert (found["cell_type_fine"][high] == "CD4 T").mean() > 0.9
    assert (found["lineage"] == truth)[high].mean() > 0.95
    assert (found["cell_type"] == found["lineage"]).all()


def test_a_model_without_types_of_both_leaves_t_cells_as_they_are():
    model = Model("toy", np.array(["CD4 T", "B"]), np.array(GENES), np.zeros((2, 7)), np.array([1.0, 0]), np.zeros(7),
                  np.ones(7), {})  # fmt: skip
    features = pd.DataFrame({"gene_id": ""}, index=GENES)
    found = celltypist.annotate(t_cells(10), pd.RangeIndex(20).astype(str), features, model).cells
    assert set(found["lineage"]) == {"CD4 T"}
