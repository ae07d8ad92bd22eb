"""M step: the parameters of every hashtag from weighted tables of counts by background level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sscite.demux import likelihoods
from sscite.demux.likelihoods import Tags
from sscite.demux.priors import Priors, visible_doublets

SIZE_STEP = 0.25  # log steps in which the negative binomial size is sought
SIZE_RANGE = (0.5, 200.0)
SD_RANGE = (0.15, 1.3)
BETA_RANGE = (-0.2, 2.0)
PRIOR_DROPLETS = 10.0  # droplets that the pool's typical beta and sd count for in each tag
PRIOR_MU = 2.0  # the same for its signal above background
TAIL_SHARE = 0.45  # stray tags per chance of the tag as a second cell
TAIL_RANGE = (1e-4, 0.2)


def background(tags: Tags, values: np.ndarray, levels: np.ndarray, weights: np.ndarray) -> Tags:
    """Update background and size from the weights of droplets that do not carry the tag (n_tags × n_bins × n_levels).

    The mean is the weighted ratio that solves the negative binomial's score equation; the size takes one parabola
    step on its log.
    """
    _, plain = likelihoods.background_table(values, levels, tags)
    plain = plain * weights
    mean = tags.background[:, None, None] * levels
    inverse = plain / (1 + mean / tags.size[:, None, None])
    totals = (inverse * values[None, :, None]).sum(axis=(1, 2)) + 1e-3
    new = totals / ((inverse * levels).sum(axis=(1, 2)) + 1e-3 / np.maximum(tags.background, 1e-3))
    tags = replace(tags, background=np.maximum(new, 1e-3))
    return replace(tags, size=_size(tags, values, levels, plain))


def _size(tags: Tags, values: np.ndarray, levels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One parabola step of log size towards the maximum of the weighted likelihood, with a prior around 10."""
    mean = tags.background[:, None, None] * levels
    scores = []
    for shift in (-SIZE_STEP, 0.0, SIZE_STEP):
        log_size = np.log(tags.size) + shift
        logs = likelihoods.negative_binomial(values[None, :, None], mean, np.exp(log_size)[:, None, None])
        scores.append((weights * logs).sum(axis=(1, 2)) - 0.5 * (log_size - np.log(10)) ** 2 * 4)
    return np.clip(tags.size * np.exp(SIZE_STEP * parabola_step(*scores)), *SIZE_RANGE)


def parabola_step(left: np.ndarray, middle: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Where a parabola through three equally spaced heights peaks, in steps from the middle, within ±2."""
    slope, bend = (right - left) / 2, left + right - 2 * middle
    peak = np.where(bend < -1e-12, -slope / np.minimum(bend, -1e-12), 2 * np.sign(slope))
    return np.clip(peak, -2, 2)


def signal(tags: Tags, values: np.ndarray, levels: np.ndarray, weights: np.ndarray) -> Tags:
    """Update mu, beta and sd from the weights of droplets that carry the tag (n_tags × n_bins × n_levels).

    The expected log signal is regressed on log s. Beta and sd are drawn towards the pool's typical values, and so
    is mu above background, by as much as ten droplets would.
    """
    _, z, z2 = likelihoods.signal_table(values, levels, tags)
    log_s = np.log(levels)
    centre = tags.mu[:, None, None] + tags.beta[:, None, None] * log_s
    sd = tags.sd[:, None, None]
    y, y2 = centre + sd * z, centre**2 + 2 * centre * sd * z + sd**2 * z2
    n = weights.sum(axis=(1, 2))
    pooled = _pooled(tags, n)
    sx, sxx = (weights * log_s).sum(axis=(1, 2)), (weights * log_s**2).sum(axis=(1, 2))
    sy, sxy, syy = (
        (weights * y).sum(axis=(1, 2)),
        (weights * y * log_s).sum(axis=(1, 2)),
        (weights * y2).sum(axis=(1, 2)),
    )
    mean_x, mean_y = sx / np.maximum(n, 1e-9), sy / np.maximum(n, 1e-9)
    vx = np.maximum(sxx - n * mean_x**2, 0)
    ridge = PRIOR_DROPLETS * 0.25
    beta = np.clip((sxy - n * mean_x * mean_y + ridge * pooled[1]) / (vx + ridge), *BETA_RANGE)
    mu = (n * (mean_y - beta * mean_x) + PRIOR_MU * pooled[0]) / (n + PRIOR_MU)
    rest = syy - 2 * mu * sy - 2 * beta * sxy + n * mu**2 + 2 * mu * beta * sx + beta**2 * sxx
    sd = np.sqrt((np.maximum(rest, 0) + PRIOR_DROPLETS * pooled[2] ** 2) / (n + PRIOR_DROPLETS))
    return replace(tags, mu=mu, beta=beta, sd=np.clip(sd, *SD_RANGE))


def _pooled(tags: Tags, carriers: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Typical signal above background, beta and sd of the pool: medians over the tags that droplets carry."""
    carried = carriers >= max(10.0, 0.1 * carriers.max(initial=0))
    if not carried.any():
        carried = np.ones(len(carriers), dtype=bool)
    above = np.median((tags.mu - np.log(tags.background))[carried])
    return np.log(tags.background) + above, float(np.median(tags.beta[carried])), float(np.median(tags.sd[carried]))


def priors(old: Priors, single: np.ndarray, states: np.ndarray, level_state: np.ndarray, *, droplets: int) -> Priors:
    """Update shares, states and the level's distribution.

    The doublet rate is held at half of what the loading predicts or above; where fewer than two tags are carried no
    doublet can be seen.

    Parameters
    ----------
    old
        Priors of this round.
    single, states
        Posteriors, n_droplets × n_tags and n_droplets × 3.
    level_state
        Summed posterior of state and level, 3 × n_levels.
    droplets
        Droplets recovered.
    """
    present = old.share > 0
    share = np.where(present, single.sum(axis=0) + 1 / present.sum(), 0)
    share /= share.sum()
    rates = (states.sum(axis=0) + 1) / (len(states) + 3)
    rates[2] = max(rates[2], visible_doublets(droplets, share) / 2) if present.sum() > 1 else 1e-9
    level = old.level if old.fixed else _smooth(level_state)
    return replace(old, share=share, states=rates / rates.sum(), level=level)


def _smooth(weights: np.ndarray) -> np.ndarray:
    """Level's distribution in each state: smoothed over neighbours, drawn towards the pool's by five droplets."""
    smooth = np.stack([np.convolve(row, (0.25, 0.5, 0.25), mode="same") for row in weights])
    smooth += 5 * smooth.sum(axis=0) / smooth.sum() + 1e-6
    return smooth / smooth.sum(axis=1, keepdims=True)


def tail(priors: Priors) -> np.ndarray:
    """Share of stray tags, n_tags, tied to the chance of the tag as a second cell.

    A fixed share would swallow all doublets where tags are many.
    """
    return np.clip(TAIL_SHARE * priors.states[2] * priors.share, *TAIL_RANGE)
