"""Weighted nearest neighbours: neighbours by RNA and protein, each cell weighing what tells more about it.

Hao et al. 2021, doi:10.1016/j.cell.2021.04.048. One departure: the bandwidth of a cell is its mean distance to
neighbours of its neighbours (the last of each), where the paper takes the 20 cells of least, but some, shared
neighbourhood; both measure how far the local neighbourhood reaches.
"""

from __future__ import annotations

import numpy as np

from sscite.threads import ordered_map

ROWS = 4096
EPSILON = 1e-4


def joint_neighbours(
    embeddings: list[np.ndarray], neighbours: list[np.ndarray], *, k: int, measured: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find each cell's joint neighbours.

    Parameters
    ----------
    embeddings
        Of RNA and of protein, cells × components.
    neighbours
        Positions of each cell's neighbours in each of them, cells × n.
    k
        Number of joint neighbours.
    measured
        Mask of the cells with protein; the others go by RNA alone.

    Returns
    -------
    tuple
        Positions and distances (cells × k), and the weight of RNA of each cell.
    """
    scaled = [_unit(X) for X in embeddings]
    starts = range(0, len(measured), ROWS)
    blocks = list(
        ordered_map(lambda start: _block(scaled, neighbours, measured, k, np.arange(start, start + ROWS)), starts)
    )
    positions, distances, weights = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return positions, distances, weights


def _unit(X: np.ndarray) -> np.ndarray:
    """Scale each cell's vector to length 1."""
    return (X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _block(
    scaled: list[np.ndarray], neighbours: list[np.ndarray], measured: np.ndarray, k: int, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weigh modalities and choose joint neighbours of a block of cells."""
    rows = rows[rows < len(measured)]
    kernels = [_kernel(X, near, rows) for X, near in zip(scaled, neighbours, strict=True)]
    ratios = []
    for own, (X, (offset, width)) in enumerate(zip(scaled, kernels, strict=True)):
        fit = [_affinity(X[rows] - X[near[rows]].mean(axis=1), offset, width) for near in neighbours]
        ratios.append(fit[own] / (fit[1 - own] + EPSILON))
    weight = 1 / (1 + np.exp(np.clip(ratios[1] - ratios[0], -50, 50)))
    weight = np.where(measured[rows], weight, 1.0)
    candidates = np.sort(np.hstack([near[rows] for near in neighbours]), axis=1)
    repeated = np.zeros(candidates.shape, bool)
    repeated[:, 1:] = candidates[:, 1:] == candidates[:, :-1]
    repeated |= ~measured[candidates] & measured[rows][:, None]
    similarity = np.zeros(candidates.shape, np.float32)
    for X, (offset, width), share in zip(scaled, kernels, (weight, 1 - weight), strict=True):
        similarity += share[:, None] * _affinity(X[rows][:, None, :] - X[candidates], offset[:, None], width[:, None])
    similarity[repeated] = -1
    best = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    distance = np.sqrt(np.maximum(1 - np.take_along_axis(similarity, best, axis=1), 0) / 2)
    return np.take_along_axis(candidates, best, axis=1), distance, weight.astype(np.float32)


def _kernel(X: np.ndarray, near: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's distance to its nearest neighbour and its bandwidth beyond that."""
    nearest = np.linalg.norm(X[rows] - X[near[rows, 0]], axis=1)
    far = near[near[rows], -1]
    reach = np.linalg.norm(X[rows][:, None, :] - X[far], axis=2).mean(axis=1)
    return nearest, np.maximum(reach - nearest, 1e-3)


def _affinity(difference: np.ndarray, offset: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Turn differences into affinities: 1 up to the nearest neighbour, falling exponentially beyond."""
    return np.exp(-np.maximum(np.linalg.norm(difference, axis=-1) - offset, 0) / width)
