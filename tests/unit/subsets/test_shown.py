"""Which subsets' own markers clusters and cells show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sscite.subsets.cluster import marker_support
from sscite.subsets.cluster.rate_ratio import rate_ratio
from sscite.subsets.definitions.subsets import Subset

CLUSTERS = np.tile(np.repeat([0, 1], 10), 2)
DONORS = np.repeat([0, 1], 20)
OWN = np.where(CLUSTERS == 1, 2.0, 0.0)  # a gene of cluster 1 alone
EVERYWHERE = np.where(CLUSTERS == 1, 2.0, 3.0)  # a gene that all cells carry, cluster 1 the least
SILENT = np.where(np.arange(40) % 10 == 0, 1.0, 0.0)  # few cells anywhere


def share(genes: dict, up: tuple, protein: pd.DataFrame | None = None, proteins_up: tuple = (), **more) -> list[float]:
    """The share of one subset's markers that clusters 0 and 1 show."""
    subset, expression = Subset("a", "T", up, proteins_up=proteins_up, **more), pd.DataFrame(genes)
    counted = rate_ratio(expression.to_numpy(dtype=float), np.full(40, 1000.0), CLUSTERS, DONORS)
    return marker_support.by_cluster(expression, protein, [subset], CLUSTERS, DONORS, counted)["a"].tolist()


def test_a_needed_gene_must_be_measured_detected_and_clearly_more_frequent_than_in_the_rest():
    genes = {"G": OWN, "H": EVERYWHERE, "S": np.where((CLUSTERS == 1) & (np.arange(40) % 20 == 10), 9.0, 0.0)}
    assert share(genes, ("G",), needs=("G",)) == [0, 1]
    assert share(genes, ("G", "H"), needs=("H",))[1] == 0  # less frequent than in the rest
    assert share(genes, ("G",), needs=("S",)) == [0, 0]  # in a tenth of the cluster's cells
    assert share(genes, ("G",), needs=("absent",)) == [0, 0]
    trebled = np.where(CLUSTERS == 1, 1 + np.arange(40) % 2, np.arange(40) % 2).astype(float)  # 30 counts against 10
    assert share({"T": trebled}, ("T",)) == [0, 1]
    assert share({"T": trebled}, ("T",), needs=("T",)) == [0, 0]  # exp(log 3 - 1.96 sqrt(1/30 + 1/10)) = 1.47, below 2


def test_further_genes_alone_are_not_enough():
    genes = {"up": SILENT, "one": OWN, "two": OWN, "three": OWN}
    assert share(genes, ("up", "one", "two", "three"), also=("one", "two", "three")) == [0, 0]
    assert share({**genes, "up": OWN}, ("up", "one", "two", "three"), also=("one", "two", "three")) == [0, 1]


def test_a_cell_needs_a_needed_gene_in_its_neighbourhood():
    expression = pd.DataFrame({"G": [2.0, 2.0, 0.0, 0.0], "N": [1.0, 0.0, 0.0, 0.0]})
    can = marker_support.by_cell(expression, [Subset("a", "T", ("G",), needs=("N",))], sp.identity(4, format="csr"))
    assert can["a"].tolist() == [True, False, False, False]


def test_a_marker_is_shown_by_the_cluster_in_which_it_is_higher():
    assert share({"G": OWN}, ("G",)) == [0, 1]


def test_a_marker_that_most_cells_of_a_cluster_carry_is_shown_though_it_is_not_higher():
    assert share({"G": EVERYWHERE}, ("G",)) == [1, 1]


def test_a_marker_that_few_cells_carry_alike_is_shown_by_none():
    assert share({"G": SILENT}, ("G",)) == [0, 0]


def test_markers_that_were_not_measured_do_not_count():
    genes = {"G": OWN, "H": SILENT, "dead": np.zeros(40)}
    assert share(genes, ("G", "H", "dead", "absent")) == [0, 0.5]
    assert share({"dead": np.zeros(40)}, ("dead",)) == [0, 0]


def test_a_gene_counts_only_in_donors_in_which_it_was_found():
    """In donor 1 the gene is absent: half of the donors would be too few."""
    assert share({"G": np.where(DONORS == 0, OWN, 0.0)}, ("G",)) == [0, 1]


@pytest.mark.parametrize(("name", "expected"), [("CD1", [0, 1]), ("CD2", [0, 0.5])])
def test_proteins_count_as_genes_do_and_one_without_measurement_does_not(name: str, expected: list):
    protein = pd.DataFrame({"CD1": OWN, "CD2": 1.0, "CD3": np.nan})
    assert share({"G": OWN}, ("G",), protein, (name, "CD3")) == expected


@pytest.mark.parametrize(
    ("genes", "expected"),
    [
        # standardised: G 1, 1, -1, -1; H 1.7, -0.6, -0.6, -0.6; their means are 1.4, 0.2, -0.8, -0.8
        ({"G": [2.0, 2, 0, 0], "H": [2.0, 0, 0, 0], "dead": [0.0, 0, 0, 0]}, [True, True, False, False]),
        ({"G": [1.0, 1, 1, 3]}, [True, True, True, True]),  # carried by all, though three are below the mean
        ({"dead": [0.0, 0, 0, 0]}, [False, False, False, False]),
    ],
)
def test_a_cell_shows_a_subset_whose_genes_are_higher_on_average_or_carried(genes: dict, expected: list):
    subset = Subset("a", "T", ("G", "H", "dead"))
    assert marker_support.by_cell(pd.DataFrame(genes), [subset], sp.identity(4, format="csr"))["a"].tolist() == expected


def test_a_cell_is_heard_with_its_neighbours():
    genes = pd.DataFrame({"G": [2.0, 2, 0, 0, 0, 0, 0, 0]})
    pairs = sp.csr_matrix(np.kron(np.eye(4), np.full((2, 2), 0.5)))
    swapped = pairs[[2, 1, 0, 3, 4, 5, 6, 7]]
    assert marker_support.by_cell(genes, [Subset("a", "T", ("G",))], pairs)["a"].tolist() == [True, True] + [False] * 6
    assert marker_support.by_cell(genes, [Subset("a", "T", ("G",))], swapped)["a"].tolist()[:3] == [False, True, True]


def test_the_genes_that_stand_out_are_named_highest_first():
    X = sp.csr_matrix(np.stack([OWN, OWN + SILENT, EVERYWHERE, SILENT], axis=1))
    names = pd.Index(["own", "noisy", "everywhere", "silent"])
    assert marker_support.strongest(X, names, CLUSTERS, DONORS, number=2) == ["everywhere", "own, noisy"]
