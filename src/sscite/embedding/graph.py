"""The neighbour graph with fuzzy weights, and its communities."""

from __future__ import annotations

import random

import numpy as np
import scipy.sparse as sp

STEPS = 40
SMALLEST = 1e-3


def fuzzy(positions: np.ndarray, distances: np.ndarray) -> sp.csr_matrix:
    """Turn neighbours into a symmetric graph with weights in (0, 1].

    Each cell's distances are scaled so that its weights sum to log2(k); the weight of a pair is the probability
    that at least one of its two directed edges exists (McInnes et al. 2018, doi:10.48550/arXiv.1802.03426).

    Parameters
    ----------
    positions, distances
        Cells × k, of each cell's neighbours (itself excluded), nearest first.
    """
    cells, k = positions.shape
    nearest = distances[:, :1].astype(np.float64)
    beyond = np.maximum(distances - nearest, 0)
    sigma = np.maximum(_bandwidth(beyond, np.log2(k + 1)), SMALLEST * distances.mean(axis=1))
    weights = np.exp(-beyond / sigma[:, None])
    rows = np.repeat(np.arange(cells), k)
    directed = sp.csr_matrix((weights.ravel().astype(np.float32), (rows, positions.ravel())), shape=(cells, cells))
    directed.data = np.minimum(directed.data, 1.0)
    transposed = directed.T.tocsr()
    return (directed + transposed - directed.multiply(transposed)).tocsr()


def _bandwidth(beyond: np.ndarray, target: float) -> np.ndarray:
    """Find, for all cells at once, the bandwidth at which weights sum to the target, by bisection."""
    low, high = np.zeros(len(beyond)), np.full(len(beyond), np.inf)
    middle = np.ones(len(beyond))
    for _ in range(STEPS):
        total = np.exp(-beyond / np.maximum(middle, 1e-12)[:, None]).sum(axis=1)
        above = total > target
        high, low = np.where(above, middle, high), np.where(above, low, middle)
        middle = np.where(np.isinf(high), middle * 2, (low + high) / 2)
        if np.all(np.abs(total - target) < 1e-4):
            break
    return middle


def leiden(graph: sp.csr_matrix, *, resolution: float, seed: int, iterations: int = 2) -> np.ndarray:
    """Cluster a weighted graph by Leiden on modularity; labels from 0, the largest cluster first.

    Traag et al. 2019, doi:10.1038/s41598-019-41695-z. igraph runs on one thread and draws from the given seed.
    """
    import igraph

    upper = sp.triu(graph, k=1).tocoo()
    edges = np.column_stack([upper.row, upper.col]).astype(np.int64)
    network = igraph.Graph(n=graph.shape[0], edges=edges)
    igraph.set_random_number_generator(random.Random(seed))
    found = network.community_leiden(
        objective_function="modularity",
        weights=upper.data.astype(float),
        resolution=resolution,
        n_iterations=iterations,
    )
    return by_size(np.asarray(found.membership))


def by_size(labels: np.ndarray) -> np.ndarray:
    """Return clusters numbers from the largest on, ties by their first cell."""
    values, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    rank = np.empty(len(values), np.int32)
    rank[order] = np.arange(len(values))
    return rank[np.searchsorted(values, labels)]
