"""Turn posteriors into calls."""

from __future__ import annotations

import numpy as np

from sscite.names import CALL_DOUBLET, CALL_NEGATIVE

DOUBLET_WEIGHT = 1.5  # a doublet taken for a cell harms more than a cell lost


def weight_doublets(single: np.ndarray, states: np.ndarray, weight: float) -> tuple[np.ndarray, np.ndarray]:
    """Multiply every droplet's odds of being a doublet by `weight`; below 1 keeps more singlets."""
    weights = np.array([1.0, 1.0, weight])
    total = (states * weights).sum(axis=1, keepdims=True)
    return single / total, states * weights / total


def decide(single: np.ndarray, states: np.ndarray, *, doublet_weight: float = 1.0) -> np.ndarray:
    """Call the most probable of the tags, Doublet and Negative.

    Parameters
    ----------
    single
        Posterior of each tag alone, n_droplets × n_tags.
    states
        Posterior of Negative, single, Doublet, n_droplets × 3.
    doublet_weight
        Weight of a doublet, > 0.

    Returns
    -------
    n_droplets codes: the tag's column, -1 for Negative, -2 for Doublet.
    """
    single, states = weight_doublets(single, states, doublet_weight)
    best = single.argmax(axis=1)
    called = single.max(axis=1) >= np.maximum(states[:, 0], states[:, 2])
    return np.where(called, best, np.where(states[:, 2] > states[:, 0], -2, -1))


def names_of(codes: np.ndarray, tags: list[str]) -> np.ndarray:
    """Return the names of codes: a tag, Doublet or Negative."""
    return np.array([*tags, CALL_DOUBLET, CALL_NEGATIVE], dtype=object)[codes]


def confidence(codes: np.ndarray, single: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Return the joint model's posterior of the called state, for calls of any method; n_droplets."""
    every = np.column_stack([single, states[:, 2], states[:, 0]])
    return every[np.arange(len(codes)), codes]
