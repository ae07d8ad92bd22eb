"""UMAP's layout, written so that its result does not depend on the number of threads.

Each cell moves by the positions of the epoch before, with random numbers drawn from a hash of seed, epoch, cell and
edge; cells can then be moved by any number of threads, in any order (McInnes et al. 2018,
doi:10.48550/arXiv.1802.03426, whose gradient this is; umap-learn is either reproducible on one thread or parallel
and not).
"""

from __future__ import annotations

import numba
import numpy as np
import scipy.sparse as sp

from sscite.threads import available

NEGATIVES = 5
A, B = 0.5830300205483709, 1.334166992455648  # curve for min_dist 0.5, spread 1, as scanpy's default


def embed(graph: sp.csr_matrix, start: np.ndarray, *, seed: int, epochs: int | None = None) -> np.ndarray:
    """Lay a fuzzy graph out in the plane.

    Parameters
    ----------
    graph
        Symmetric, weights in (0, 1].
    start
        Cells × at least 2: the first two columns, scaled, are the starting positions.
    epochs
        Rounds of moves; 500 below 10,000 cells, 200 from there on, by default.

    Returns
    -------
    np.ndarray
        Cells × 2, float32.
    """
    epochs = epochs or (500 if graph.shape[0] < 10_000 else 200)
    graph = graph.tocsr()
    rng = np.random.default_rng(seed)
    plane = start[:, :2] if start.shape[1] >= 2 else np.column_stack([start[:, 0], np.zeros(len(start))])
    plane = 10 * (plane - plane.mean(axis=0)) / max(float(np.abs(plane).max()), 1e-9)
    plane = (plane + rng.normal(0, 1e-3, plane.shape)).astype(np.float32)
    rate = (graph.data / graph.data.max()).astype(np.float32)
    numba.set_num_threads(min(available(), numba.config.NUMBA_NUM_THREADS))
    other = np.empty_like(plane)
    for epoch in range(epochs):
        _move(plane, other, graph.indptr, graph.indices, rate, epoch, np.float32(1 - epoch / epochs), seed)
        plane, other = other, plane
    return plane


@numba.njit(inline="always")
def _hash(value):
    """Mix 64 bits (splitmix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@numba.njit(inline="always")
def _clip(value):
    """Keep a step within -4 to 4."""
    return min(max(value, np.float32(-4)), np.float32(4))


@numba.njit(parallel=True, cache=True, fastmath=False)
def _move(old, new, indptr, indices, rate, epoch, alpha, seed):
    """Move every cell once: towards neighbours as often as their weight says, away from cells drawn at random."""
    cells = old.shape[0]
    a, b = np.float32(A), np.float32(B)
    for i in numba.prange(cells):
        x, y = old[i, 0], old[i, 1]
        state = _hash(
            np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(epoch) * np.uint64(cells) + np.uint64(i)
        )
        for e in range(indptr[i], indptr[i + 1]):
            if np.floor((epoch + 1) * rate[e]) == np.floor(epoch * rate[e]):
                continue
            j = indices[e]
            dx, dy = x - old[j, 0], y - old[j, 1]
            d2 = dx * dx + dy * dy
            if d2 > 0:
                power = d2**b
                g = np.float32(-2) * a * b * power / d2 / (a * power + np.float32(1))
                x += np.float32(2) * alpha * _clip(g * dx)
                y += np.float32(2) * alpha * _clip(g * dy)
            for _ in range(NEGATIVES):
                state += np.uint64(0x9E3779B97F4A7C15)
                j = np.int64(_hash(state) % np.uint64(cells))
                if j == i:
                    continue
                dx, dy = x - old[j, 0], y - old[j, 1]
                d2 = dx * dx + dy * dy
                if d2 > 0:
                    g = np.float32(2) * b / ((np.float32(0.001) + d2) * (a * d2**b + np.float32(1)))
                    x += alpha * _clip(g * dx)
                    y += alpha * _clip(g * dy)
        new[i, 0], new[i, 1] = x, y
