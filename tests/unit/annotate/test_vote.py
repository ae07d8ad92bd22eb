"""The vote: what CellTypist's definition says, in blocks of cells."""

import numpy as np
import pytest
from scipy import sparse

from sscite.annotate import vote


def groups(cells: int, seed: int = 0) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Counts of three groups of cells, each with forty genes of its own among 300."""
    rng = np.random.default_rng(seed)
    group = np.arange(cells) % 3
    rate = np.full((3, 300), 0.5)
    for number in range(3):
        rate[number, 40 * number : 40 * number + 40] = 4
    return sparse.csr_matrix(rng.poisson(rate[group])), group


def test_majority_takes_the_most_frequent_label_and_of_equals_the_first():
    labels = np.array(["b", "a", "b", "c", "a"], dtype=object)
    assert list(vote.majority(labels, np.array([0, 0, 0, 1, 1]))) == ["b", "b", "b", "a", "a"]


@pytest.mark.parametrize("cells", [90, 700])
def test_clusters_never_mix_groups_that_stand_apart(cells):
    counts, group = groups(cells)
    clusters = vote.over_cluster(vote.neighbour_graph(vote.components(counts)), seed=0)
    assert all(len(set(group[clusters == cluster])) == 1 for cluster in np.unique(clusters))


def test_components_do_not_depend_on_the_block_and_span_those_of_a_dense_decomposition():
    counts, _ = groups(600)
    small, large = vote.components(counts, block=64), vote.components(counts, block=10_000)
    np.testing.assert_allclose(np.abs(small), np.abs(large), atol=1e-2)
    log = np.log1p(counts.toarray() / counts.sum(axis=1) * 1e4)
    kept = vote._variable_genes(counts)[0]
    scaled = np.clip((log - log.mean(axis=0)) / log.std(axis=0, ddof=1), -10, 10)[:, kept]
    values = np.linalg.svd(scaled - scaled.mean(axis=0), compute_uv=False)[:50]
    np.testing.assert_allclose(np.linalg.norm(large, axis=0), values, rtol=1e-3)


def test_weights_of_neighbours_sum_to_log2_of_their_number():
    distances = np.sort(np.random.default_rng(0).gamma(3, size=(50, 10)).astype(np.float32), axis=1)
    distances[:, 0] = 0
    weights = vote._membership(distances)
    np.testing.assert_allclose(weights.sum(axis=1), np.log2(10), rtol=1e-3)
    np.testing.assert_allclose(weights[:, 1], 1, rtol=1e-6)


def test_the_same_seed_gives_the_same_clusters():
    graph = vote.neighbour_graph(vote.components(groups(300)[0]))
    assert (vote.over_cluster(graph, seed=3) == vote.over_cluster(graph, seed=3)).all()


def test_cells_that_are_copies_of_each_other_do_no_harm():
    counts = sparse.csr_matrix(np.tile(np.arange(1, 31), (60, 1)))
    assert len(vote.over_cluster(vote.neighbour_graph(vote.components(counts)), seed=0)) == 60
