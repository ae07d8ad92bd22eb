"""Fit the joint model to one capture by expectation maximisation and compute each droplet's posterior.

A droplet holds no cell with a tag, one cell, one cell and a stray tag, or two cells with different tags. Its background
level scales the counts of all tags; it is not observed and is summed over a grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sscite.demux import initial_values, likelihoods, maximisation
from sscite.demux.expectation import Posterior, Weights, expectation
from sscite.demux.likelihoods import Bins
from sscite.demux.priors import Priors, visible_doublets

TOLERANCE = 1e-4  # mean log likelihood a droplet by which EM must still rise
FIT_DROPLETS = 10_000
FIT_COUNTS = 120_000  # droplets × tags of the fit
MIN_FIT_DROPLETS = 3_000
BLOCK_COUNTS = 32_000  # droplets × tags at a time, which bounds memory
TEMPER = 0.8  # power of the posterior: counts of a droplet agree more than the model's independence allows for


@dataclass(frozen=True)
class Model:
    """A fitted pool.

    Attributes
    ----------
    tags
        Each hashtag's likelihood parameters.
    priors
        Shares of tags and states, and the background level's distribution.
    expected_doublets
        Rate of visible doublets that the loading predicts.
    iterations
        EM iterations done.
    loglik
        Mean log likelihood of a droplet.
    """

    tags: likelihoods.Tags
    priors: Priors
    expected_doublets: float
    iterations: int = 0
    loglik: float = -np.inf


def fit(
    counts: np.ndarray,
    *,
    droplets: int | None = None,
    shift: np.ndarray | None = None,
    depth: np.ndarray | None = None,
    absent: np.ndarray | None = None,
    lowest: bool = False,
    at_most: int = FIT_DROPLETS,
    rounds: int = 60,
    seed: int = 0,
) -> Model:
    """Fit the model to one capture.

    Parameters
    ----------
    counts
        Integers, n_droplets × n_tags, n_tags ≥ 1.
    droplets
        Droplets recovered, for the expected doublet rate; default all rows.
    shift
        Log level predicted from each droplet's depth, n_droplets; used with one or two tags.
    depth
        Bin of each droplet's depth, n_droplets, from `priors.depth_bins`; used with three or more tags.
    absent
        Tags of no cell, n_tags; their counts still inform the background level.
    lowest
        Initialise the background from the lowest counts of each tag, for pools in which nearly all droplets have the
        same one.
    at_most
        Droplets to fit on, fewer if there are many tags; larger captures are subsampled.
    rounds
        Maximal number of EM iterations.
    seed
        Seed of the subsampling.
    """
    droplets = len(counts) if droplets is None else droplets
    kept = _subsample(len(counts), min(at_most, max(MIN_FIT_DROPLETS, FIT_COUNTS // counts.shape[1])), seed)
    counts, shift, depth = counts[kept], select(shift, kept), select(depth, kept)
    absent = np.zeros(counts.shape[1], dtype=bool) if absent is None else absent
    bins = likelihoods.used_bins(counts)
    rows = [_indicator(bins.codes[:, h], len(bins.values)) for h in range(counts.shape[1])]
    tags, level = initial_values.initial_tags(counts, lowest=lowest)
    priors = initial_values.initial_priors(
        level, ~absent, droplets=droplets, shift=shift, depth_known=depth is not None
    )
    model = Model(tags, priors, visible_doublets(droplets, priors.share))
    for done in range(1, rounds + 1):
        tables = likelihoods.tables(bins.values, priors.levels, model.tags)
        posterior, weights = expectation(bins.codes, model.priors, tables, shift, depth)
        loglik = float(posterior.loglik.mean())
        converged = done > 10 and abs(loglik - model.loglik) < TOLERANCE
        model = replace(_maximise(model, posterior, weights, bins, rows, droplets), iterations=done, loglik=loglik)
        if converged:
            break
    return model


def select(values: np.ndarray | None, rows: np.ndarray | slice) -> np.ndarray | None:
    """Return the rows of values that may be absent."""
    return None if values is None else values[rows]


def _subsample(n: int, at_most: int, seed: int) -> np.ndarray:
    """Draw the droplets to fit on, in their order."""
    if n <= at_most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, at_most, replace=False))


def _indicator(codes: np.ndarray, bins: int) -> sparse.csr_array:
    """Return the matrix n_bins × n_droplets that is 1 where a droplet is in a bin."""
    n = len(codes)
    return sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(bins, n))


def _maximise(model: Model, posterior: Posterior, weights: Weights, bins: Bins, rows: list, droplets: int) -> Model:
    """Update the tags, then shares, states and the distribution of levels (M step)."""
    total = np.stack([row @ weights.level for row in rows])
    present = np.stack([row @ weights.present[h] for h, row in enumerate(rows)])
    alone = np.stack([row @ weights.alone[h] for h, row in enumerate(rows)])
    levels, absent = model.priors.levels, np.maximum(total - present, 0)
    tags = maximisation.background(model.tags, bins.values, levels, absent)
    tags = maximisation.signal(tags, bins.values, levels, alone)
    priors = maximisation.priors(
        model.priors,
        posterior.single,
        weights.level_state,
        weights.stray,
        droplets=droplets,
        depth_state=weights.depth_state,
    )
    return Model(tags, priors, visible_doublets(droplets, priors.share))


def posterior(
    counts: np.ndarray,
    model: Model,
    *,
    shift: np.ndarray | None = None,
    depth: np.ndarray | None = None,
    block: int | None = None,
) -> Posterior:
    """Compute the tempered posterior of every droplet, block by block, so that memory does not grow with their number.

    The counts of a droplet depend on each other beyond its background level, so that the model's posteriors are too
    extreme; they are raised to the power 0.8 (a power posterior; Grünwald and van Ommen 2017, doi:10.1214/17-BA1085).
    """
    block = block or max(500, BLOCK_COUNTS // counts.shape[1])
    bins = likelihoods.used_bins(counts)
    tables = likelihoods.tables(bins.values, model.priors.levels, model.tags)
    parts = []
    for first in range(0, len(counts), block):
        rows = slice(first, first + block)
        parts.append(expectation(bins.codes[rows], model.priors, tables, select(shift, rows), select(depth, rows))[0])
    columns = ("single", "states", "level", "loglik")
    return temper(Posterior(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns)))


def temper(found: Posterior) -> Posterior:
    """Return the posterior with the probabilities of tags, Negative and Doublet raised to the power 0.8."""
    every = np.column_stack([found.single, found.states[:, [0, 2]]]) ** TEMPER
    every /= every.sum(axis=1, keepdims=True)
    single, (negative, doublet) = every[:, :-2], every[:, -2:].T
    return replace(found, single=single, states=np.column_stack([negative, single.sum(axis=1), doublet]))
