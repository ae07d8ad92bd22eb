"""CellTypist's majority voting in bounded memory.

CellTypist over-clusters with Scanpy (2,500 variable genes, scaled, 50 components, 10 neighbours, Leiden at a
resolution that grows with the number of cells) and gives every cluster the label that most of its cells have. The
same definition here, with the dense matrix replaced by its Gram matrix, added up over blocks of cells, so that memory
does not grow with cells × genes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.linalg import eigsh
from threadpoolctl import threadpool_limits

from sscite.annotate.predict import blocks
from sscite.embedding.neighbours import Index
from sscite.errors import UserError
from sscite.threads import ordered_map

if TYPE_CHECKING:
    from igraph import Graph
    from numpy.typing import NDArray

SCOPES = ("library", "cohort", "none")  # whose clusters vote
FEWEST_CELLS = 51  # CellTypist does not vote among 50 cells or fewer
VARIABLE_GENES, COMPONENTS, NEIGHBOURS, LIMIT = 2500, 50, 10, 10.0
RESOLUTIONS = ((5_000, 5), (20_000, 10), (40_000, 15), (100_000, 20), (200_000, 25))


def check(scope: str) -> None:
    """Refuse a scope of the vote that is none of `SCOPES`."""
    if scope not in SCOPES:
        raise UserError(f"--majority-voting '{scope}' is unknown; allowed: {', '.join(SCOPES)}")


def over_cluster(graph: Graph, *, seed: int) -> NDArray[np.intp]:
    """Cluster finely, as CellTypist does: Leiden, two iterations, resolution 5 to 30 by the number of cells.

    Returns
    -------
    A cluster number for each cell.
    """
    import igraph

    resolution = next((value for cells, value in RESOLUTIONS if graph.vcount() < cells), 30)
    igraph.set_random_number_generator(random.Random(seed))
    found = graph.community_leiden("modularity", weights="weight", resolution=resolution, n_iterations=2)
    return np.asarray(found.membership)


def majority(labels: NDArray, clusters: NDArray[np.intp]) -> NDArray[np.object_]:
    """Return for every cell its cluster's most frequent label; of equals the first in alphabetical order."""
    votes = pd.crosstab(labels, clusters)
    return votes.idxmax(axis=0).to_numpy(dtype=object)[np.unique(clusters, return_inverse=True)[1]]


def components(counts: sparse.csr_matrix, *, block: int = 2048) -> NDArray[np.float32]:
    """Project cells on principal components of the scaled variable genes; shape (cells, up to 50)."""
    genes, mean, deviation = _variable_genes(counts)
    expression = [part for _, part in blocks(counts, genes, block=block)]
    if counts.shape[0] <= len(genes):
        return _components_of_few(np.vstack(list(_scaled(expression, mean, deviation))))
    total = np.zeros(len(genes))
    gram = np.zeros((len(genes), len(genes)))
    parts = _scaled(expression, mean, deviation)
    for sums, products in ordered_map(lambda part: (part.sum(axis=0, dtype=float), part.T @ part), parts):
        total += sums
        gram += products
    centre = total / counts.shape[0]
    gram -= counts.shape[0] * np.outer(centre, centre)
    axes = _leading(gram)
    parts = _scaled(expression, mean, deviation)
    return np.vstack(list(ordered_map(lambda part: part @ axes, parts))) - (centre @ axes).astype(np.float32)


def neighbour_graph(embedding: NDArray[np.float32]) -> Graph:
    """Join each cell to its nearest neighbours, weighted as UMAP does (McInnes et al. 2018, arXiv:1802.03426)."""
    import igraph

    cells = len(embedding)
    indices, distances = Index(embedding, seed=0).search(embedding, NEIGHBOURS)  # itself the first
    weights = _membership(distances)
    rows = np.repeat(np.arange(cells), distances.shape[1])
    directed = sparse.csr_matrix((weights.ravel(), (rows, indices.ravel())), shape=(cells, cells))
    directed.setdiag(0)
    both = sparse.triu(directed + directed.T - directed.multiply(directed.T), k=1).tocoo()
    graph = igraph.Graph(n=cells, edges=np.column_stack([both.row, both.col]), directed=False)
    graph.es["weight"] = both.data
    return graph


def _leading(gram: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the leading eigenvectors of a symmetric matrix, the first first; by Lanczos' method if it is large."""
    size = len(gram)
    with threadpool_limits(1):
        if size <= 10 * COMPONENTS:
            axes = eigh(gram, subset_by_index=[max(size - COMPONENTS, 0), size - 1])[1]
        else:
            axes = eigsh(gram, k=COMPONENTS, v0=np.ones(size), rng=0)[1]
    return axes[:, ::-1].astype(np.float32)


def _components_of_few(scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    """Find the components from the cells' own products, if cells are fewer than genes."""
    centred = (scaled - scaled.mean(axis=0)).astype(float)
    cells = len(centred)
    with threadpool_limits(1):
        values, vectors = eigh(centred @ centred.T, subset_by_index=[max(cells - COMPONENTS, 0), cells - 1])
    return (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1].astype(np.float32)


def _scaled(
    expression: list[sparse.csr_matrix], mean: NDArray[np.float32], deviation: NDArray[np.float32]
) -> Iterator[NDArray[np.float32]]:
    """Return blocks of cells, dense, with genes centred, scaled to unit variance and limited at 10."""
    for part in expression:
        dense = part.toarray().astype(np.float32, copy=False)
        dense -= mean
        dense /= deviation
        yield np.clip(dense, -LIMIT, LIMIT, out=dense)


def _variable_genes(counts: sparse.csr_matrix) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Choose the genes of highest dispersion among those of like mean (Seurat's original measure, as Scanpy has it).

    Returns
    -------
    Columns, and the mean and standard deviation of their log1p expression.
    """
    candidates = np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) >= 5)
    moments = np.zeros((4, counts.shape[1]))
    for _, expression in blocks(counts):
        values, places = expression.data.astype(float), expression.indices.astype(np.intp)
        linear = np.expm1(values)
        for row, weights in enumerate((linear, linear**2, values, values**2)):
            moments[row] += np.bincount(places, weights=weights, minlength=counts.shape[1])
    moments = moments[:, candidates]
    cells = counts.shape[0]
    mean, log_mean = moments[0] / cells, moments[2] / cells
    variance = (moments[1] - cells * mean**2) / (cells - 1)
    deviation = np.sqrt(np.maximum((moments[3] - cells * log_mean**2) / (cells - 1), 0))
    kept = np.sort(np.argsort(-_dispersion(mean, variance), kind="stable")[:VARIABLE_GENES])
    deviation[deviation == 0] = 1
    return candidates[kept], log_mean[kept].astype(np.float32), deviation[kept].astype(np.float32)


def _dispersion(mean: NDArray[np.float64], variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standardise log dispersion within 20 bins of log mean; a gene alone in its bin scores 1, a constant one last."""
    ratio = np.divide(variance, mean, out=np.full_like(mean, np.nan), where=(mean > 0) & (variance > 0))
    frame = pd.DataFrame({"log": np.log(ratio), "bin": pd.cut(np.log1p(mean), bins=20, labels=False)})
    grouped = frame.groupby("bin")["log"]
    centre, spread = grouped.transform("mean"), grouped.transform("std")
    alone = spread.isna()
    score = (frame["log"] - centre.mask(alone, 0)) / spread.mask(alone, centre)
    return score.fillna(-np.inf).to_numpy()


def _membership(distances: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn distances into weights exp(-(d - nearest) / width), the width such that they sum to log2(neighbours)."""
    gap = np.where(distances > 0, distances, np.inf).min(axis=1, keepdims=True)
    beyond = np.maximum(distances[:, 1:] - np.where(np.isfinite(gap), gap, 0), 0).astype(float)
    low, high = np.zeros(len(beyond)), np.full(len(beyond), np.inf)
    width = np.ones(len(beyond))
    for _ in range(64):
        excess = np.exp(-beyond / width[:, None]).sum(axis=1) > np.log2(distances.shape[1])
        high, low = np.where(excess, width, high), np.where(excess, low, width)
        width = np.where(np.isinf(high), 2 * width, (low + high) / 2)
    width = np.maximum(width, 1e-3 * np.maximum(distances.mean(axis=1), 1e-12))
    return np.column_stack([np.zeros(len(beyond)), np.exp(-beyond / width[:, None])])
