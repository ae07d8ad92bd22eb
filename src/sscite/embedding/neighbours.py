"""Nearest neighbours by faiss: exact for few cells, by inverted lists for many."""

from __future__ import annotations

import numpy as np

from sscite.threads import available, ordered_map

EXACT_BELOW = 20_000
QUERIES = 4096
PROBED = 24
SPARE = 1.05  # times the neighbours wanted: so many are found by matrix products, whose order is then made exact


class Index:
    """Finds nearest cells of an embedding (squared Euclidean distance inside, Euclidean outside).

    Exactly below 20,000 cells, or where requested.
    """

    def __init__(self, X: np.ndarray, *, seed: int, exact: bool = False) -> None:
        import logging

        logging.getLogger("faiss.loader").setLevel(logging.WARNING)
        import faiss

        self.X = np.ascontiguousarray(X, dtype=np.float32)
        cells, width = self.X.shape
        threads = available()
        self.queries = QUERIES
        if exact or cells < EXACT_BELOW:
            self.index = faiss.IndexFlatL2(width)
            if exact:
                self.index = faiss.IndexRefineFlat(self.index)
                self.index.k_factor, self.queries = SPARE, 2 * QUERIES  # so many that faiss multiplies matrices
            self.index.add(self.X)
            return
        lists = int(4 * np.sqrt(cells))
        quantizer = faiss.IndexFlatL2(width)
        self.index = faiss.IndexIVFFlat(quantizer, width, lists)
        self.index.cp.seed, self.index.cp.niter, self.index.cp.max_points_per_centroid = seed + 1, 6, 40
        faiss.omp_set_num_threads(1)
        self.index.train(self.X)
        self.index.add(self.X)
        self.index.nprobe = PROBED
        faiss.omp_set_num_threads(threads)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return positions (int32) and distances (float32) of the k nearest cells, queries × k."""
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        k = min(k, len(self.X))
        positions = np.empty((len(queries), k), np.int32)
        distances = np.empty((len(queries), k), np.float32)
        starts = range(0, len(queries), self.queries)
        found = ordered_map(lambda start: self.index.search(queries[start : start + self.queries], k), starts)
        for start, (squared, ids) in zip(starts, found, strict=True):
            positions[start : start + self.queries] = ids
            distances[start : start + self.queries] = np.sqrt(np.maximum(squared, 0))
        return positions, distances


def among_themselves(X: np.ndarray, k: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's k nearest other cells: positions and distances, cells × k.

    A place that the search could not fill (inverted lists without enough cells) repeats the last neighbour found.
    """
    k = min(k, len(X) - 1)
    positions, distances = Index(X, seed=seed).search(X, k + 1)
    own = positions == np.arange(len(X))[:, None]
    own[~own.any(axis=1), -1] = True
    first = own.argmax(axis=1)
    keep = np.arange(k + 1)[None, :] != first[:, None]
    positions, distances = positions[keep].reshape(-1, k), distances[keep].reshape(-1, k)
    return _fill(positions, distances)


def _fill(positions: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Replace places marked -1 by the neighbour before."""
    for column in np.flatnonzero((positions < 0).any(axis=0)):
        missing = positions[:, column] < 0
        positions[missing, column] = positions[missing, max(int(column) - 1, 0)]
        distances[missing, column] = distances[missing, max(int(column) - 1, 0)]
    return positions, distances
