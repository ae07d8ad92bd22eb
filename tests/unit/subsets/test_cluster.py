"""Clusters within a lineage, and their names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score

from sscite.names import UNASSIGNED
from sscite.subsets import cluster, naming, scoring, stability
from sscite.subsets.definitions import Lineage, Subset

A = Subset("a", "T", ("G0", "G1", "G2"), proteins_up=("HLA-DR",))
B = Subset("b", "T", ("G3", "G4", "G5"), ("G0",))
LINEAGE = Lineage("T", ("T",), (), (A, B, Subset("c", "T", ("absent",))))


def planted(cells: int = 400) -> tuple[cluster.LineageCells, np.ndarray]:
    rng = np.random.default_rng(0)
    group = np.arange(cells) % 2
    rate = np.ones((cells, 40))
    rate[np.ix_(group == 0, [0, 1, 2, 10, 11, 12])] = 6
    rate[np.ix_(group == 1, [3, 4, 5, 13, 14, 15])] = 6
    X = sp.csr_matrix(np.log1p(rng.poisson(rate)).astype(np.float32))
    index = [f"c{i}" for i in range(cells)]
    donors = [f"D{i // 2 % 4}" for i in range(cells)]
    obs = pd.DataFrame({"library": donors, "donor": donors, "tissue": "blood"}, index=index)
    return cluster.LineageCells(X, pd.Index([f"G{i}" for i in range(40)]), obs, None), group


def test_planted_subsets_are_found_and_named():
    data, group = planted()
    found = cluster.cluster_lineage(data, LINEAGE, resolution=None, seed=0)
    expected = np.array(["a", "b"])[group]
    assert adjusted_rand_score(expected, found.cells["subset"]) > 0.95
    assert (found.cells["subset"] == expected).mean() > 0.97
    assert (found.cells["subset_by_cell"] == expected).mean() > 0.9
    assert list(found.scores) == ["a", "b"]


def test_a_subset_of_another_tissue_is_not_sought():
    data, _ = planted()
    kidney = Subset("kidney_only", "T", ("G0",), tissues=("kidney",))
    lineage = Lineage("T", ("T",), (), (*LINEAGE.subsets, kidney))
    assert "kidney_only" not in cluster.cluster_lineage(data, lineage, resolution=0.5, seed=0).scores


def test_a_cluster_that_stands_out_in_nothing_is_unassigned_and_one_of_a_single_donor_is_flagged():
    donors = np.repeat(["D1", "D2"], 100)
    clusters = np.zeros(200, int)
    clusters[:40] = 1
    scores = pd.DataFrame({"a": np.where(clusters == 1, 2.0, 0.0)})
    table = naming.name_clusters(scores, clusters, pd.DataFrame({"donor": donors, "library": "L"}))
    assert table["subset"].tolist() == [UNASSIGNED, "a"]
    assert table["flag"].tolist() == ["", "one donor: D1"]
    assert table["score"].iloc[1] == pytest.approx(2)


def test_evidence_is_the_median_over_donors_so_that_one_donor_cannot_name_a_cluster():
    donors = np.repeat(np.arange(5), 40)
    clusters = np.tile(np.repeat([0, 1], 20), 5)
    values = np.where((clusters == 1) & (donors == 0), 50.0, 0.0)
    table = naming.name_clusters(
        pd.DataFrame({"a": values}), clusters, pd.DataFrame({"donor": donors.astype(str), "library": "L"})
    )
    assert table["subset"].iloc[1] == UNASSIGNED


@pytest.mark.parametrize(("tissue", "name"), [("kidney", "macrophage"), ("blood", "monocyte")])
def test_a_cluster_from_a_subsets_own_tissue_takes_its_name_before_the_state_it_arises_from(tissue: str, name: str):
    clusters = np.repeat([0, 1], 40)
    scores = pd.DataFrame({"monocyte": np.where(clusters, 2.0, 0.0), "macrophage": np.where(clusters, 1.4, 0.0)})
    obs = pd.DataFrame(
        {"donor": np.tile(["D1", "D2"], 40), "library": "L", "tissue": np.where(clusters, tissue, "blood")}
    )
    table = naming.name_clusters(scores, clusters, obs, tissues={"macrophage": ["kidney", "lung"]})
    assert table["subset"].tolist() == [UNASSIGNED, name]


def test_a_cell_that_clearly_shows_another_subset_leaves_its_clusters_name():
    scores = pd.DataFrame({"a": [1.0, 1.0, 0.0, 0.0], "b": [0.0, 1.4, 0.6, 3.0]})
    of_cluster = np.array(["a", "a", "a", UNASSIGNED], dtype=object)
    assert cluster.contradicted(scores, of_cluster).tolist() == ["a", "a", "b", UNASSIGNED]


def test_proteins_are_found_whatever_the_spelling():
    assert scoring.find_proteins(["HLA-DR", "CD197"], pd.DataFrame(columns=["HLA.DR", "CD3"])) == ["HLA.DR"]


def test_an_unmeasured_protein_counts_for_nothing():
    genes = pd.DataFrame({"G0": [0.0, 1.0]})
    protein = pd.DataFrame({"HLA-DR": [np.nan, np.nan]})
    scored = scoring.marker_scores(genes, protein, LINEAGE.subsets[:1], sp.identity(2, format="csr"))
    assert scored["a"].tolist() == pytest.approx([-1, 1])


def test_the_finest_of_the_stable_resolutions_is_chosen():
    table = pd.DataFrame({"resolution": [0.5, 1, 2, 3], "stability": [0.9, 0.92, 0.88, 0.5]})
    assert stability.choose(table) == 2
