"""Fit the joint model to one capture by expectation and maximisation, and give each droplet's posterior.

A droplet carries no tag, one tag, or two different tags, and has a background level of its own that scales what
every tag leaves in it. The level is not observed and is summed over a grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sscite.demux import likelihoods, maximise, starts
from sscite.demux.likelihoods import Bins, Tables
from sscite.demux.priors import Priors, visible_doublets

TOLERANCE = 1e-4  # mean log likelihood a droplet by which EM must still rise
FIT_DROPLETS = 10_000


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


@dataclass(frozen=True)
class Posterior:
    """What the model says of each droplet.

    Attributes
    ----------
    single
        Carries this tag and no other, n_droplets × n_tags.
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
    """What the M step needs: posterior weights of tag and level.

    Attributes
    ----------
    level
        n_droplets × n_levels.
    alone, carried
        n_tags × n_droplets × n_levels: carries the tag alone; carries it alone or in a pair.
    level_state
        3 × n_levels, summed over droplets.
    """

    level: np.ndarray
    alone: np.ndarray
    carried: np.ndarray
    level_state: np.ndarray


def expect(codes: np.ndarray, priors: Priors, tables: Tables, shift: np.ndarray | None) -> tuple[Posterior, Weights]:
    """E step: posterior of states, tags and levels of a block of droplets.

    Pairs are summed by accumulation, e2 += e1 · r then e1 += r. It equals ((Σr)² − Σr²)/2, which would cancel.

    Parameters
    ----------
    codes
        Count bins, n_droplets × n_tags.
    priors
        Of tags, states and levels.
    tables
        Likelihoods by count bin and level.
    shift
        Log level that each droplet's depth predicts, n_droplets; None where no depth is given.
    """
    base, top = _base(codes, tables)
    odds = _odds(codes, tables.alone, priors.share)
    paired = _odds(codes, tables.paired, priors.share)
    before, two = np.zeros_like(paired), np.zeros_like(base)
    one = np.zeros_like(base)
    for h in range(len(paired)):
        before[h] = one
        two += one * paired[h]
        one += paired[h]
    none, lone, pair = _level_priors(priors, shift)
    pair = pair * (2 / max(1e-12, 1 - np.sum(priors.share**2)))
    weights = [base * none, base * lone * odds.sum(axis=0), base * pair * two]
    total = sum(w.sum(axis=1) for w in weights)[:, None]
    alone = odds * (base * lone / total)
    posterior = Posterior(
        single=alone.sum(axis=2).T,
        states=np.stack([w.sum(axis=1) for w in weights], axis=1) / total,
        level=(sum(weights) / total) @ priors.log_levels,
        loglik=np.log(total[:, 0]) + top,
    )
    both = _in_pairs(paired, before, base * pair / total)
    level_state = np.stack([(w / total).sum(axis=0) for w in weights])
    return posterior, Weights(sum(weights) / total, alone, alone + both, level_state)


def _base(codes: np.ndarray, tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Probability of all counts where no tag is carried, by level, scaled to a maximum of 1; and the log scale."""
    base = sum(tables.background[h][codes[:, h]] for h in range(codes.shape[1]))
    top = base.max(axis=1)
    return np.exp(base - top[:, None]), top


def _odds(codes: np.ndarray, ratio: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Prior times likelihood ratio of each tag, n_tags × n_droplets × n_levels."""
    return np.stack([share[h] * ratio[h][codes[:, h]] for h in range(codes.shape[1])])


def _in_pairs(paired: np.ndarray, before: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Weight of carrying each tag beside another, n_tags × n_droplets × n_levels."""
    after, out = np.zeros_like(scale), np.empty_like(paired)
    for h in reversed(range(len(paired))):
        out[h] = scale * paired[h] * (before[h] + after)
        after += paired[h]
    return out


def _level_priors(priors: Priors, shift: np.ndarray | None) -> np.ndarray:
    """Joint prior of state and level, 3 × n_levels, or 3 × n_droplets × n_levels where depth shifts the level."""
    joint = priors.states[:, None] * priors.level
    if shift is None:
        return joint
    density = np.exp(-0.5 * ((priors.log_levels - shift[:, None]) / starts.NARROW) ** 2)
    density /= density.sum(axis=1, keepdims=True)
    return priors.states[:, None, None] * density


def fit(
    counts: np.ndarray,
    *,
    droplets: int | None = None,
    shift: np.ndarray | None = None,
    absent: np.ndarray | None = None,
    lowest: bool = False,
    at_most: int = FIT_DROPLETS,
    rounds: int = 40,
    seed: int = 0,
) -> Model:
    """Fit the model to one capture.

    Parameters
    ----------
    counts
        Whole numbers, n_droplets × n_tags, n_tags ≥ 1.
    droplets
        Droplets recovered, for the expected doublet rate; default all rows.
    shift
        Log level predicted from each droplet's depth, n_droplets; used with one or two tags.
    absent
        Tags that nothing carries, n_tags; their counts still tell the background level.
    lowest
        Start from the lowest counts of each tag, as where nearly all droplets carry the same one.
    at_most
        Droplets to fit on; more are thinned at random. The posteriors need all of them only once.
    rounds
        EM iterations at most.
    seed
        Of the thinning.
    """
    droplets = len(counts) if droplets is None else droplets
    if len(counts) > at_most:
        kept = np.sort(np.random.default_rng(seed).choice(len(counts), at_most, replace=False))
        counts, shift = counts[kept], None if shift is None else shift[kept]
    absent = np.zeros(counts.shape[1], dtype=bool) if absent is None else absent
    bins = likelihoods.used_bins(counts)
    rows = [_indicator(bins.codes[:, h], len(bins.values)) for h in range(counts.shape[1])]
    tags, level = starts.tags(counts, lowest=lowest)
    priors = starts.priors(level, ~absent, droplets=droplets, shift=shift)
    model = Model(tags, priors, visible_doublets(droplets, priors.share))
    for done in range(1, rounds + 1):
        tables = likelihoods.tables(bins.values, priors.levels, model.tags)
        posterior, weights = expect(bins.codes, model.priors, tables, shift)
        loglik = float(posterior.loglik.mean())
        converged = done > 10 and abs(loglik - model.loglik) < TOLERANCE
        model = replace(_maximise(model, posterior, weights, bins, rows, droplets), iterations=done, loglik=loglik)
        if converged:
            break
    return model


def _indicator(codes: np.ndarray, bins: int) -> sparse.csr_array:
    """Matrix n_bins × n_droplets with a one where a droplet is in a bin."""
    n = len(codes)
    return sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(bins, n))


def _maximise(model: Model, posterior: Posterior, weights: Weights, bins: Bins, rows: list, droplets: int) -> Model:
    """M step: tags, then shares and states and the level's distribution."""
    total = np.stack([row @ weights.level for row in rows])
    carried = np.stack([row @ weights.carried[h] for h, row in enumerate(rows)])
    alone = np.stack([row @ weights.alone[h] for h, row in enumerate(rows)])
    levels = model.priors.levels
    tags = maximise.background(model.tags, bins.values, levels, np.maximum(total - carried, 0))
    tags = maximise.signal(tags, bins.values, levels, alone)
    priors = maximise.priors(model.priors, posterior.single, posterior.states, weights.level_state, droplets=droplets)
    expected = visible_doublets(droplets, priors.share)
    return Model(replace(tags, tail=maximise.tail(priors)), priors, expected)


def posterior(counts: np.ndarray, model: Model, *, shift: np.ndarray | None = None, block: int = 4000) -> Posterior:
    """Give the posterior of every droplet, block by block; memory does not grow with their number."""
    bins = likelihoods.used_bins(counts)
    tables = likelihoods.tables(bins.values, model.priors.levels, model.tags)
    found = []
    for first in range(0, len(counts), block):
        part = slice(first, first + block)
        found.append(expect(bins.codes[part], model.priors, tables, None if shift is None else shift[part])[0])
    return Posterior(
        *(np.concatenate([getattr(f, name) for f in found]) for name in ("single", "states", "level", "loglik"))
    )
