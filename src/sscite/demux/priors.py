"""How often tags and states occur, and how the background level is distributed, before a droplet is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOADING = 0.008  # doublets per 1,000 recovered droplets (10x Genomics)


@dataclass(frozen=True)
class Priors:
    """Prior of a droplet.

    Attributes
    ----------
    share
        Probability of each tag among droplets with one, n_tags; 0 for an absent tag.
    states
        Probability of Negative, single and Doublet.
    log_levels
        Grid of log background levels, n_levels.
    level
        Probability of each level in each state, 3 × n_levels.
    fixed
        The level's distribution is given, not fitted: with two tags or fewer the counts cannot tell it.
    """

    share: np.ndarray
    states: np.ndarray
    log_levels: np.ndarray
    level: np.ndarray
    fixed: bool

    @property
    def levels(self) -> np.ndarray:
        """Background levels, n_levels."""
        return np.exp(self.log_levels)


def visible_doublets(droplets: int, share: np.ndarray) -> float:
    """Doublet rate that the loading predicts, times the chance that its two cells differ in tag.

    Poisson loading of 10x chips: 0.8 % per 1,000 recovered droplets.
    """
    return float(min(0.5, LOADING * droplets / 1000) * (1 - np.sum(share**2)))
