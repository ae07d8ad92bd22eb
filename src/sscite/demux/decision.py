"""Turn posteriors into calls."""

from __future__ import annotations

import numpy as np

from sscite.names import CALL_DOUBLET, CALL_NEGATIVE

TAG_THRESHOLD = 0.4


def weigh_doublets(single: np.ndarray, states: np.ndarray, cost: float) -> tuple[np.ndarray, np.ndarray]:
    """Multiply every droplet's odds of being a doublet by `cost`; below 1 keeps more singlets."""
    weights = np.array([1.0, 1.0, cost])
    total = (states * weights).sum(axis=1, keepdims=True)
    return single / total, states * weights / total


def decide(single: np.ndarray, states: np.ndarray, *, doublet_cost: float = 1.0) -> np.ndarray:
    """Call the tag whose posterior reaches .4, else the likelier of Doublet and Negative.

    The threshold is below one half since a tag called wrongly and a tag missed cost the same in F, while a droplet
    between two verdicts most often holds one cell and a stray tag.

    Parameters
    ----------
    single
        Posterior of each tag alone, n_droplets × n_tags.
    states
        Posterior of Negative, single, Doublet, n_droplets × 3.
    doublet_cost
        Weight of a doublet, > 0.

    Returns
    -------
    n_droplets codes: the tag's column, -1 for Negative, -2 for Doublet.
    """
    single, states = weigh_doublets(single, states, doublet_cost)
    best = single.argmax(axis=1)
    called = single[np.arange(len(single)), best] >= TAG_THRESHOLD
    return np.where(called, best, np.where(states[:, 2] > states[:, 0], -2, -1))


def names_of(codes: np.ndarray, tags: list[str]) -> np.ndarray:
    """Name codes: a tag, Doublet or Negative."""
    return np.array([*tags, CALL_DOUBLET, CALL_NEGATIVE], dtype=object)[codes]


def confidence(codes: np.ndarray, single: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Give the joint model's posterior of the state that was called, by whichever method; n_droplets."""
    every = np.column_stack([single, states[:, 2], states[:, 0]])
    return every[np.arange(len(codes)), codes]
