"""E step: the posterior of states, hashtags and background level of each droplet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sscite.demux.initial_values import NARROW
from sscite.demux.likelihoods import Tables
from sscite.demux.priors import DEPTH_BINS, Priors


@dataclass(frozen=True)
class Posterior:
    """Posterior probabilities of each droplet.

    Attributes
    ----------
    single
        One cell with this tag, with or without a stray tag, n_droplets × n_tags.
    states
        n_droplets × 3: Negative, single, Doublet; rows sum to 1.
    level
        Posterior mean of the log background level, n_droplets.
    loglik
        Log likelihood, n_droplets.
    """

    single: np.ndarray
    states: np.ndarray
    level: np.ndarray
    loglik: np.ndarray


@dataclass(frozen=True)
class Weights:
    """Posterior weights of tag and level, for the M step.

    Attributes
    ----------
    level
        n_droplets × n_levels.
    alone
        n_tags × n_droplets × n_levels: one cell with this tag and no stray tag.
    present
        The same shape: a cell with the tag, or the tag as a stray one.
    stray
        Expected number of droplets with the stray tag, n_tags.
    level_state
        4 × n_levels, summed over droplets.
    depth_state
        4 × n_depth_bins, summed over droplets; None without depth.
    """

    level: np.ndarray
    alone: np.ndarray
    present: np.ndarray
    stray: np.ndarray
    level_state: np.ndarray
    depth_state: np.ndarray | None = None


@dataclass(frozen=True)
class Pairs:
    """Sums over pairs of different tags, by droplet and level.

    Attributes
    ----------
    cells
        Unordered pairs of two cells, n_droplets × n_levels.
    cell_and_stray
        Ordered pairs of a cell and a stray tag, n_droplets × n_levels.
    other_cell, other_stray
        Sum over all other tags as cell or as stray tag, n_tags × n_droplets × n_levels.
    """

    cells: np.ndarray
    cell_and_stray: np.ndarray
    other_cell: np.ndarray
    other_stray: np.ndarray


def expectation(
    codes: np.ndarray, priors: Priors, tables: Tables, shift: np.ndarray | None, depth: np.ndarray | None = None
) -> tuple[Posterior, Weights]:
    """Compute the posterior of states, tags and levels of a block of droplets.

    Parameters
    ----------
    codes
        Count bins, n_droplets × n_tags.
    priors
        Of tags, states and levels.
    tables
        Likelihoods by count bin and level.
    shift
        Log level predicted by each droplet's depth, n_droplets; None without depth.
    depth
        Bin of each droplet's depth, n_droplets; None without depth.
    """
    base, top = _background(codes, tables)
    none, one, accompanied, two = (base * prior for prior in _level_priors(priors, shift, depth))
    accompanied = accompanied / max(1e-12, 1 - np.sum(priors.share * priors.stray_share))
    two = two * (2 / max(1e-12, 1 - np.sum(priors.share**2)))
    alone = _odds(codes, tables.alone, priors.share)
    cell = _odds(codes, tables.paired, priors.share)
    stray = _odds(codes, tables.stray, priors.stray_share)
    pairs = sum_pairs(cell, stray)
    joint = [none, one * alone.sum(axis=0), accompanied * pairs.cell_and_stray, two * pairs.cells]
    total = sum(joint).sum(axis=1)[:, None]
    alone = alone * (one / total)
    beside_stray = cell * pairs.other_stray * (accompanied / total)
    strayed = stray * pairs.other_cell * (accompanied / total)
    doublet = cell * pairs.other_cell * (two / total)
    level = sum(joint) / total
    state = np.stack([part.sum(axis=1) for part in joint], axis=1) / total
    posterior = Posterior(
        single=(alone + beside_stray).sum(axis=2).T,
        states=np.column_stack([state[:, 0], state[:, 1] + state[:, 2], state[:, 3]]),
        level=level @ priors.log_levels,
        loglik=np.log(total[:, 0]) + top,
    )
    level_state = np.stack([(part / total).sum(axis=0) for part in joint])
    present = alone + beside_stray + strayed + doublet
    by_depth = None if depth is None else _by_bin(state, depth, DEPTH_BINS)
    return posterior, Weights(level, alone, present, strayed.sum(axis=(1, 2)), level_state, by_depth)


def _by_bin(state: np.ndarray, bins: np.ndarray, n: int) -> np.ndarray:
    """Sum the posterior of each state (n_droplets × 4) by bin of depth, 4 × n."""
    return np.stack([np.bincount(bins, column, n) for column in state.T])


def sum_pairs(cell: np.ndarray, stray: np.ndarray) -> Pairs:
    """Sum products over pairs of different tags by accumulation; (Σr)² − Σr² would cancel.

    Parameters
    ----------
    cell, stray
        Prior times likelihood ratio of each tag on a cell and as a stray tag, n_tags × n_droplets × n_levels.
    """
    earlier_cell, earlier_stray = _sum_of_earlier(cell), _sum_of_earlier(stray)
    later_cell, later_stray = _sum_of_earlier(cell[::-1])[::-1], _sum_of_earlier(stray[::-1])[::-1]
    other_cell, other_stray = earlier_cell + later_cell, earlier_stray + later_stray
    return Pairs((cell * earlier_cell).sum(axis=0), (cell * other_stray).sum(axis=0), other_cell, other_stray)


def _sum_of_earlier(values: np.ndarray) -> np.ndarray:
    """Sum over the tags before each tag."""
    sums = np.zeros_like(values)
    np.cumsum(values[:-1], axis=0, out=sums[1:])
    return sums


def _background(codes: np.ndarray, tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of all counts if no tag is present, by level, scaled to a maximum of 1; and the scale."""
    base = sum(tables.background[h][codes[:, h]] for h in range(codes.shape[1]))
    top = base.max(axis=1)
    return np.exp(base - top[:, None]), top


def _odds(codes: np.ndarray, ratio: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return prior times likelihood ratio of each tag, n_tags × n_droplets × n_levels."""
    return np.stack([share[h] * ratio[h][codes[:, h]] for h in range(codes.shape[1])])


def _level_priors(priors: Priors, shift: np.ndarray | None, depth: np.ndarray | None) -> np.ndarray:
    """Return the joint prior of state and level, 4 × n_levels, or 4 × n_droplets × n_levels if depth is given."""
    if shift is None:
        joint = priors.states[:, None] * priors.level
        return joint if depth is None or priors.depth is None else priors.depth[:, depth, None] * joint[:, None]
    density = np.exp(-0.5 * ((priors.log_levels - shift[:, None]) / NARROW) ** 2)
    density /= density.sum(axis=1, keepdims=True)
    return priors.states[:, None, None] * density
