"""Prior of tags, states and background level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEPTH_BINS = 12  # of the genes or RNA counts of a droplet
LOADING = 0.008  # doublets per 1,000 recovered droplets (10x Genomics)


@dataclass(frozen=True)
class Priors:
    """Prior of a droplet.

    Attributes
    ----------
    share
        Probability of each tag among droplets with one, n_tags; 0 for an absent tag.
    stray_share
        Probability of each tag among stray tags, n_tags.
    states
        Probability of no cell, one cell, one cell with a stray tag, and two cells of different tags.
    log_levels
        Grid of log background levels, n_levels.
    level
        Probability of each level in each state, 4 × n_levels.
    fixed
        The distribution of the level is given, not fitted: two tags or fewer do not identify it.
    depth
        Probability of each bin of depth in each state, 4 × n_depth_bins; None without depth.
    """

    share: np.ndarray
    stray_share: np.ndarray
    states: np.ndarray
    log_levels: np.ndarray
    level: np.ndarray
    fixed: bool
    depth: np.ndarray | None = None

    @property
    def levels(self) -> np.ndarray:
        """Return background levels, n_levels."""
        return np.exp(self.log_levels)


def depth_bins(depth: np.ndarray) -> np.ndarray:
    """Return the bin of each droplet's depth, n_droplets: twelve bins of equal numbers of droplets."""
    edges = np.quantile(depth, np.linspace(0, 1, DEPTH_BINS + 1)[1:-1])
    return np.searchsorted(np.unique(edges), depth, side="right")


def visible_doublets(droplets: int, share: np.ndarray) -> float:
    """Compute the expected rate of doublets whose two cells differ in tag.

    Poisson loading of 10x chips: 0.8% per 1,000 recovered droplets.
    """
    return float(min(0.5, LOADING * droplets / 1000) * (1 - np.sum(share**2)))
