"""Clusters within a lineage, and their names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score

from sscite.subsets.cluster import cluster_lineage, cluster_names, marker_scores, resolution
from sscite.subsets.definitions.subsets import Lineage, Subset

A = Subset("a", "T", ("G0", "G1", "G2"), proteins_up=("HLA-DR",))
B = Subset("b", "T", ("G3", "G4", "G5"), ("G0",))
OTHER = "T, other"
LINEAGE = Lineage("T", ("T",), (), (A, B, Subset("c", "T", ("absent",))))


def planted(cells: int = 400) -> tuple[cluster_lineage.LineageCells, np.ndarray]:
    rng = np.random.default_rng(0)
    group = np.arange(cells) % 2
    rate = np.ones((cells, 40))
    rate[np.ix_(group == 0, [0, 1, 2, 10, 11, 12])] = 6
    rate[np.ix_(group == 1, [3, 4, 5, 13, 14, 15])] = 6
    X = sp.csr_matrix(np.log1p(rng.poisson(rate)).astype(np.float32))
    index = [f"c{i}" for i in range(cells)]
    donors = [f"D{i // 2 % 4}" for i in range(cells)]
    obs = pd.DataFrame({"library": donors, "donor": donors, "tissue": "blood"}, index=index)
    return cluster_lineage.LineageCells(X, pd.Index([f"G{i}" for i in range(40)]), obs, None), group


def test_planted_subsets_are_found_and_named():
    data, group = planted()
    found = cluster_lineage.cluster_lineage(data, LINEAGE, resolution=None, seed=0)
    expected = np.array(["a", "b"])[group]
    assert adjusted_rand_score(expected, found.cells["subset"]) > 0.95
    assert (found.cells["subset"] == expected).mean() > 0.97
    assert (found.cells["subset_by_cell"] == expected).mean() > 0.9
    assert list(found.scores) == ["a", "b"]


def test_a_subset_of_another_tissue_is_not_sought():
    data, _ = planted()
    kidney = Subset("kidney_only", "T", ("G0",), tissues=("kidney",))
    lineage = Lineage("T", ("T",), (), (*LINEAGE.subsets, kidney))
    assert "kidney_only" not in cluster_lineage.cluster_lineage(data, lineage, resolution=0.5, seed=0).scores


def name(scores: pd.DataFrame, clusters: np.ndarray, obs: pd.DataFrame, *, shown: dict | None = None, **more):
    """Name clusters that show all markers of all subsets, unless said otherwise: subset to its share by cluster."""
    share = pd.DataFrame(dict.fromkeys(scores, 1.0), index=range(clusters.max() + 1)).assign(**(shown or {}))
    return cluster_names.name_clusters(scores, clusters, obs, shown=share, other=OTHER, **more)


def test_a_cluster_that_stands_out_in_nothing_is_other_and_one_of_a_single_donor_is_flagged():
    donors = np.repeat(["D1", "D2"], 100)
    clusters = np.zeros(200, int)
    clusters[:40] = 1
    scores = pd.DataFrame({"a": np.where(clusters == 1, 2.0, 0.0)})
    table = name(scores, clusters, pd.DataFrame({"donor": donors, "library": "L"}))
    assert table["subset"].tolist() == [OTHER, "a"]
    assert table["flag"].tolist() == ["", "one donor: D1"]
    assert table["score"].iloc[1] == pytest.approx(2)


def test_evidence_is_the_median_over_donors_so_that_one_donor_cannot_name_a_cluster():
    donors = np.repeat(np.arange(5), 40)
    clusters = np.tile(np.repeat([0, 1], 20), 5)
    values = np.where((clusters == 1) & (donors == 0), 50.0, 0.0)
    table = name(pd.DataFrame({"a": values}), clusters, pd.DataFrame({"donor": donors.astype(str), "library": "L"}))
    assert table["subset"].iloc[1] == OTHER


@pytest.mark.parametrize(
    ("share", "subset"), [([1.0, 0.2], "b"), ([1.0, 0.5], "b"), ([1.0, 0.6], "a")], ids=["fifth", "half", "more"]
)
def test_a_name_needs_more_than_half_of_its_markers_else_the_next_that_has_them_is_given(share: list, subset: str):
    clusters = np.repeat([0, 1], 40)
    scores = pd.DataFrame({"a": np.where(clusters, 2.0, 0.0), "b": np.where(clusters, 1.0, 0.0)})
    obs = pd.DataFrame({"donor": np.tile(["D1", "D2"], 40), "library": "L"})
    table = name(scores, clusters, obs, shown={"a": share})
    assert table["subset"].tolist() == [OTHER, subset]
    alone = name(scores[["a"]], clusters, obs, shown={"a": [1.0, 0.2]}).iloc[1]
    assert (alone["subset"], alone["best"], alone["shown"]) == (OTHER, "a", 0.2)


@pytest.mark.parametrize(("tissue", "subset"), [("kidney", "macrophage"), ("blood", "monocyte")])
def test_a_cluster_from_a_subsets_own_tissue_takes_its_name_before_the_state_it_arises_from(tissue: str, subset: str):
    clusters = np.repeat([0, 1], 40)
    scores = pd.DataFrame({"monocyte": np.where(clusters, 2.0, 0.0), "macrophage": np.where(clusters, 1.4, 0.0)})
    obs = pd.DataFrame(
        {"donor": np.tile(["D1", "D2"], 40), "library": "L", "tissue": np.where(clusters, tissue, "blood")}
    )
    table = name(scores, clusters, obs, tissues={"macrophage": ["kidney", "lung"]})
    assert table["subset"].tolist() == [OTHER, subset]


def test_a_cluster_of_another_tissue_does_not_take_a_tissues_name_even_if_its_evidence_is_best():
    clusters = np.tile([0, 1], 60)
    scores = pd.DataFrame({"macrophage": np.where(clusters, 2.0, 0.0)})
    tissue = np.where(clusters, "blood", "kidney")
    obs = pd.DataFrame({"donor": "D", "library": "L", "tissue": tissue})
    assert name(scores, clusters, obs, tissues={"macrophage": ["kidney"]})["subset"].iloc[1] == OTHER
    assert name(scores, clusters, obs, tissues={"macrophage": ["blood"]})["subset"].iloc[1] == "macrophage"


def test_a_cell_that_clearly_shows_another_subset_leaves_its_clusters_name():
    scores = pd.DataFrame({"a": [1.0, 1.0, 0.0, 0.0, 0.0], "b": [0.0, 1.4, 0.6, 3.0, 1.0], "c": 0.0})
    of_cluster = np.array(["a", "a", "a", OTHER, "b"], dtype=object)
    can_be = pd.DataFrame(True, index=scores.index, columns=scores.columns)
    assert cluster_lineage.contradicted(scores, can_be, of_cluster).tolist() == ["a", "a", "b", OTHER, "b"]
    not_b = cluster_lineage.contradicted(scores, can_be.assign(b=False), of_cluster)
    assert not_b.tolist() == ["a", "a", "a", OTHER, "b"]


def test_a_cell_does_not_take_the_name_of_a_subset_that_names_no_cluster():
    scores = pd.DataFrame({"a": [1.0, 0.0], "b": [0.0, 3.0]})
    can_be = pd.DataFrame(True, index=scores.index, columns=scores.columns)
    of_cluster = np.array(["a", "a"], dtype=object)
    assert cluster_lineage.contradicted(scores, can_be, of_cluster).tolist() == ["a", "a"]


def test_a_runner_up_that_is_as_likely_is_flagged():
    donors, clusters = np.repeat(["D1", "D2", "D3"], 40), np.tile(np.repeat([0, 1], 20), 3)
    inside, of_donor = clusters == 1, pd.factorize(donors)[0]
    lead = np.array([0.5, 0.1, -0.3])[of_donor]  # mean 0.1, standard error 0.23: t interval over 0
    scores = pd.DataFrame({"a": np.where(inside, 2 + lead, 0), "b": np.where(inside, 2.0, 0)})
    obs = pd.DataFrame({"donor": donors, "library": "L"})
    table = name(scores, clusters, obs)
    assert table["subset"].iloc[1] == "a"
    assert table["margin_low"].iloc[1] == pytest.approx(0.1 - 4.302653 * 0.2309401, abs=1e-6)
    assert table["flag"].iloc[1] == "as likely b"
    assert name(scores.assign(b=scores["b"] / 2), clusters, obs)["flag"].iloc[1] == ""


def test_small_clusters_join_the_cluster_of_most_similar_markers():
    clusters = np.repeat([0, 1, 2], [20, 20, 3])
    scores = np.repeat([[0.0, 0.0], [3.0, 1.0], [2.5, 1.5]], [20, 20, 3], axis=0)
    assert resolution.merge_small(clusters, scores).tolist() == [0] * 20 + [1] * 23


def test_the_coarsest_resolution_is_chosen_where_none_is_stable():
    table = pd.DataFrame({"resolution": [0.5, 1.0, 2.0], "stability": [0.60, 0.55, 0.63]})
    assert resolution.choose_resolution(table) == 0.5


def test_a_cell_is_called_by_itself_only_as_what_it_can_be():
    scores = pd.DataFrame({"a": [0.9, 0.9, 0.4], "b": [0.6, 0.3, 0.1]})
    can_be = pd.DataFrame({"a": [False, False, True], "b": True})
    assert cluster_lineage.by_cell(scores, can_be, OTHER).tolist() == ["b", OTHER, OTHER]


def test_a_cell_can_be_of_a_tissues_subset_only_in_that_tissue():
    kidney = Subset("kidney_only", "T", ("G0",), tissues=("kidney",))
    expression = pd.DataFrame({"G0": [2.0, 2.0, 0.0]})
    obs = pd.DataFrame({"tissue": ["blood", "kidney", "kidney"]})
    can_be = cluster_lineage.possible(expression, obs, [kidney, A], sp.identity(3, format="csr"))
    assert can_be["kidney_only"].tolist() == [False, True, False]
    assert can_be["a"].tolist() == [True, True, False]


def test_a_state_that_no_subset_describes_stays_without_a_name_though_it_lacks_what_another_is_to_lack():
    """Group 2 has genes of its own, none of B's, and lacks A's G0, which is to be low in B: its score of B is high."""
    rng = np.random.default_rng(1)
    group = np.arange(600) % 3
    rate = np.full((600, 40), 0.5)
    rate[:, 0] = 8
    rate[np.ix_(group == 0, [0, 1, 2])] = 8
    rate[np.ix_(group == 2, [0])] = 0.1
    rate[np.ix_(group == 2, [20, 21, 22, 23])] = 8
    index = [f"c{i}" for i in range(600)]
    donors = [f"D{i // 3 % 4}" for i in range(600)]
    obs = pd.DataFrame({"library": donors, "donor": donors, "tissue": "blood"}, index=index)
    X = sp.csr_matrix(np.log1p(rng.poisson(rate)).astype(np.float32))
    data = cluster_lineage.LineageCells(X, pd.Index([f"G{i}" for i in range(40)]), obs, None)
    found = cluster_lineage.cluster_lineage(data, LINEAGE, resolution=0.5, seed=0)
    unknown = found.cells[group == 2]
    assert found.scores.loc[group == 2, "b"].median() > 1
    assert (unknown["subset"] == OTHER).mean() > 0.95
    assert (unknown["subset_by_cell"] == "b").mean() < 0.35  # by chance, of three markers; by the score alone all
    row = found.clusters.set_index("cluster").loc[int(unknown["cluster"].mode()[0].rpartition(":")[2])]
    assert (row["best"], row["shown"]) == ("b", 0)
    assert set(row["strongest"].split(", ")[:4]) == {"G20", "G21", "G22", "G23"}


def test_proteins_are_found_whatever_the_spelling():
    assert marker_scores.find_proteins(["HLA-DR", "CD197"], pd.DataFrame(columns=["HLA.DR", "CD3"])) == ["HLA.DR"]


def test_an_unmeasured_protein_counts_for_nothing():
    genes = pd.DataFrame({"G0": [0.0, 1.0]})
    protein = pd.DataFrame({"HLA-DR": [np.nan, np.nan]})
    scored = marker_scores.marker_scores(genes, protein, LINEAGE.subsets[:1], sp.identity(2, format="csr"))
    assert scored["a"].tolist() == pytest.approx([-1, 1])


def test_the_finest_of_the_stable_resolutions_is_chosen():
    table = pd.DataFrame({"resolution": [0.5, 1, 2, 3], "stability": [0.9, 0.92, 0.88, 0.5]})
    assert resolution.choose_resolution(table) == 2
