"""Embedding and correction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score

from sscite.cohort.integrate import embed, mixing, wnn
from sscite.embedding import graph, neighbours, pca, umap, variable_genes


def test_components_are_those_of_a_singular_value_decomposition_of_the_centred_matrix():
    dense = np.random.default_rng(0).gamma(1, 1, (300, 12)).astype(np.float32)
    fitted = pca.fit(sp.csr_matrix(dense), components=3)
    centred = dense - dense.mean(axis=0)
    _, singular, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(fitted.variance, (singular**2 / (singular**2).sum())[:3], rtol=1e-4)
    np.testing.assert_allclose(fitted.project(sp.csr_matrix(dense)), centred @ fitted.loadings, atol=1e-4)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    X = sp.random(5000, 80, density=0.2, random_state=0, format="csr", dtype=np.float32)
    found = []
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        scores = pca.fit(X, components=8).project(X)
        near, far = neighbours.among_themselves(scores, 10, seed=0)
        fuzzy = graph.fuzzy(near, far)
        clusters = graph.leiden(fuzzy, resolution=1, seed=0)
        found.append((scores, near, clusters, umap.embed(fuzzy, scores, seed=0, epochs=20)))
    for one, two in zip(*found, strict=True):
        assert np.array_equal(one, two)


def test_neighbours_are_the_nearest_others_even_among_copies_of_a_cell():
    X = np.array([[0.0], [0.0], [0.0], [5.0], [5.1]], np.float32)
    near, far = neighbours.among_themselves(X, 2, seed=0)
    assert (near != np.arange(5)[:, None]).all()
    assert set(near[0]) == {1, 2}
    assert near[3, 0] == 4
    assert far[3, 0] == pytest.approx(0.1, abs=1e-5)


def test_inverted_lists_find_nearly_all_neighbours(monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT_BELOW", 100)
    X = np.random.default_rng(0).normal(size=(4000, 10)).astype(np.float32)
    found, _ = neighbours.among_themselves(X, 10, seed=0)
    monkeypatch.setattr(neighbours, "EXACT_BELOW", 10_000)
    exact, _ = neighbours.among_themselves(X, 10, seed=0)
    assert np.mean([len(set(a) & set(b)) for a, b in zip(found, exact, strict=True)]) > 9.5


def test_leiden_finds_two_cliques_and_numbers_the_larger_first():
    blocks = sp.block_diag([np.ones((4, 4)), np.ones((6, 6))], format="csr")
    assert graph.leiden(blocks, resolution=1, seed=0).tolist() == [1] * 4 + [0] * 6


def test_exact_neighbours_are_those_of_all_distances_in_double_precision():
    points = np.random.default_rng(0).normal(size=(5000, 40)).astype(np.float32)  # so many that faiss uses products
    found, distances = neighbours.Index(points, seed=0, exact=True).search(points, 30)
    some = points[:60].astype(float)
    every = ((some[:, None, :] - points[None].astype(float)) ** 2).sum(axis=2)
    expected = np.argsort(every, axis=1)[:, :30]
    np.testing.assert_array_equal(found[:60], expected)
    np.testing.assert_allclose(distances[:60] ** 2, np.take_along_axis(every, expected, axis=1), rtol=1e-5, atol=1e-9)


def test_moments_are_those_of_the_scaled_matrix():
    counts = np.random.default_rng(0).poisson(1.0, (40, 6))
    factors = np.random.default_rng(1).uniform(0.5, 2, 40)
    mean, variance = variable_genes.moments(sp.csr_matrix(counts), factors)
    scaled = counts * factors[:, None]
    np.testing.assert_allclose(mean, scaled.mean(axis=0))
    np.testing.assert_allclose(variance, scaled.var(axis=0))


def test_variable_genes_are_scanpys():
    import scanpy as sc
    from anndata import AnnData

    rng = np.random.default_rng(0)
    X = np.log1p(rng.negative_binomial(1, 0.1 + 0.8 * rng.random(200), (400, 200)).astype(float))
    values = np.expm1(X)
    expected = sc.pp.highly_variable_genes(AnnData(X), n_top_genes=30, inplace=False)
    found = variable_genes.choose(
        values.mean(axis=0)[None], values.var(axis=0, ddof=1)[None], top=30, cells=np.array([400])
    )
    assert (found == expected["highly_variable"].to_numpy()).mean() > 0.99


def obs_of(library: list[str], donor: list[str], tissue: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"library": library, "donor": donor, "tissue": tissue})


def test_donor_is_left_out_where_donors_are_libraries():
    assert embed.batch_variables(obs_of(["a", "b"], ["1", "2"], ["t", "t"])) == ["library"]
    assert embed.batch_variables(obs_of(["a", "a", "b"], ["1", "2", "3"], ["t"] * 3)) == ["library", "donor"]
    assert embed.batch_variables(obs_of(["a", "a"], ["1", "1"], ["t", "t"])) == []


def test_libraries_are_brought_together_within_a_tissue_and_tissues_stay_apart():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 5)).astype(np.float32)
    library = np.repeat(["a", "b", "k"], 300)
    X[library == "b", 0] += 4
    X[library == "k", 1] += 8
    obs = obs_of(list(library), list(library), list(np.where(library == "k", "kidney", "blood")))
    corrected, used, notes = embed.correct(X, obs, seed=0)
    middle = {name: corrected[library == name].mean(axis=0) for name in "abk"}
    assert used == ["library"]
    assert abs(middle["a"] - middle["b"]).max() < 2
    assert middle["k"][1] - middle["a"][1] > 7
    assert notes == ["kidney: one library of one donor, nothing to correct"]


def test_cells_without_protein_get_no_protein_components():
    protein = np.random.default_rng(0).normal(size=(60, 4))
    protein[:5] = np.nan
    found = embed.protein_components(protein)
    assert (found[:5] == 0).all()
    assert (found[5:] != 0).any()


def test_joint_neighbours_weigh_the_modality_that_separates():
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 200)
    protein = rng.normal(size=(400, 5)).astype(np.float32) + 8 * (group[:, None] - 0.5)
    noise = rng.normal(size=(400, 5)).astype(np.float32)
    near = [neighbours.among_themselves(X, 20, seed=0)[0] for X in (noise, protein)]
    measured = np.ones(400, bool)
    measured[0] = False
    joint, distance, weight = wnn.joint_neighbours([noise, protein], near, k=10, measured=measured)
    assert (group[joint[1:]] == group[1:, None]).mean() > 0.95
    assert weight[0] == 1
    assert (distance[:, 1:] >= distance[:, :-1]).all()


def test_lisi_is_the_number_of_equally_mixed_labels():
    distances = np.ones((1, 90))
    assert mixing.lisi(distances, np.tile([0, 1, 2], 30)[None])[0] == pytest.approx(3)
    assert mixing.lisi(distances, np.zeros((1, 90), int))[0] == pytest.approx(1)


def test_connectivity_is_the_share_of_a_label_that_hangs_together():
    path = sp.csr_matrix(np.diag([1, 0, 1], 1) + np.diag([1, 0, 1], -1))
    assert mixing.connectivity(path, np.array([0, 0, 0, 0])) == 0.5


def test_planted_groups_are_found_again():
    rng = np.random.default_rng(0)
    group = np.arange(600) % 3
    rate = np.ones((600, 60))
    for g in range(3):
        rate[np.ix_(group == g, range(10 * g, 10 * g + 10))] = 8
    X = sp.csr_matrix(np.log1p(rng.poisson(rate)).astype(np.float32))
    obs = obs_of(["a", "b"] * 300, ["1", "2"] * 300, ["blood"] * 600)
    found = embed.integrate(X, obs, None, resolution=0.3, seed=0)
    assert adjusted_rand_score(group, found.clusters) > 0.95
    assert found.metrics["ilisi"].iloc[1] > 1.8
