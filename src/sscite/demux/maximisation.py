"""M step: the parameters of every hashtag, from weighted tables of counts by background level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sscite.demux import likelihoods
from sscite.demux.likelihoods import Tags
from sscite.demux.priors import Priors, visible_doublets

SIZE_STEP = 0.25  # log steps in which the negative binomial size is sought
SIZE_RANGE = (0.5, 200.0)
SD_RANGE = (0.15, 1.3)
BETA_RANGE = (-0.2, 3.0)
PRIOR_DROPLETS = 10.0  # droplets that the pool's typical beta and sd count for in each tag
PRIOR_MU = 2.0  # the same for its signal above background
TAIL_DROPLETS = 100.0  # droplets that the pool's fraction of traces counts for in each tag
DEPTH_DROPLETS = 20.0  # droplets that the pool's distribution of depth counts for in that of each state
TAIL_RANGE = (1e-4, 0.2)
STRAY_DROPLETS = 500.0  # droplets that the shares of the cells' tags count for in those of the stray tags


def background(tags: Tags, values: np.ndarray, levels: np.ndarray, weights: np.ndarray) -> Tags:
    """Update background, size and traces from the weights of droplets without the tag (n_tags × n_bins × n_levels).

    The mean is the weighted ratio that solves the score equation of the negative binomial; the size takes one parabola
    step on its log.
    """
    _, plain = likelihoods.background_table(values, levels, tags)
    tags = replace(tags, tail=_tail(plain, weights))
    plain = plain * weights
    mean = tags.background[:, None, None] * levels
    inverse = plain / (1 + mean / tags.size[:, None, None])
    totals = (inverse * values[None, :, None]).sum(axis=(1, 2)) + 1e-3
    new = totals / ((inverse * levels).sum(axis=(1, 2)) + 1e-3 / np.maximum(tags.background, 1e-3))
    tags = replace(tags, background=np.maximum(new, 1e-3))
    return replace(tags, size=_size(tags, values, levels, plain))


def _tail(plain: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Estimate the fraction of droplets with traces of each tag, shrunk towards that of the pool."""
    traces, n = ((1 - plain) * weights).sum(axis=(1, 2)), weights.sum(axis=(1, 2))
    pool = traces.sum() / max(1e-9, n.sum())
    return np.clip((traces + TAIL_DROPLETS * pool) / (n + TAIL_DROPLETS), *TAIL_RANGE)


def _size(tags: Tags, values: np.ndarray, levels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Take one parabola step of log size towards the maximum of the weighted likelihood, with a prior around 10."""
    mean = tags.background[:, None, None] * levels
    scores = []
    for shift in (-SIZE_STEP, 0.0, SIZE_STEP):
        log_size = np.log(tags.size) + shift
        logs = likelihoods.negative_binomial(values[None, :, None], mean, np.exp(log_size)[:, None, None])
        scores.append((weights * logs).sum(axis=(1, 2)) - 0.5 * (log_size - np.log(10)) ** 2 * 4)
    return np.clip(tags.size * np.exp(SIZE_STEP * parabola_step(*scores)), *SIZE_RANGE)


def parabola_step(left: np.ndarray, middle: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return where a parabola through three equally spaced heights peaks, in steps from the middle, within ±2."""
    slope, bend = (right - left) / 2, left + right - 2 * middle
    peak = np.where(bend < -1e-12, -slope / np.minimum(bend, -1e-12), 2 * np.sign(slope))
    return np.clip(peak, -2, 2)


def signal(tags: Tags, values: np.ndarray, levels: np.ndarray, weights: np.ndarray) -> Tags:
    """Update mu, beta and sd from the weights of droplets with one cell of the tag (n_tags × n_bins × n_levels).

    The expected log signal is regressed on log s. Beta and sd are shrunk towards the pool's typical values, and so
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
    """Compute the typical signal above background, beta and sd of the pool: medians over the tags that cells have."""
    carried = carriers >= max(10.0, 0.1 * carriers.max(initial=0))
    if not carried.any():
        carried = np.ones(len(carriers), dtype=bool)
    above = np.median((tags.mu - np.log(tags.background))[carried])
    return np.log(tags.background) + above, float(np.median(tags.beta[carried])), float(np.median(tags.sd[carried]))


def priors(
    old: Priors,
    single: np.ndarray,
    level_state: np.ndarray,
    stray: np.ndarray,
    *,
    droplets: int,
    depth_state: np.ndarray | None = None,
) -> Priors:
    """Update shares, states and the distributions of the level and of depth.

    Parameters
    ----------
    old
        Priors of this iteration.
    single
        Posterior of each tag alone, n_droplets × n_tags.
    level_state
        Summed posterior of state and level, 4 × n_levels.
    stray
        Expected droplets with each stray tag, n_tags.
    droplets
        Droplets recovered.
    depth_state
        Summed posterior of state and bin of depth, 4 × n_depth_bins; None without depth.
    """
    present = old.share > 0
    share = np.where(present, single.sum(axis=0) + 1 / present.sum(), 0)
    share /= share.sum()
    stray_share = np.where(present, stray + STRAY_DROPLETS * share, 0)
    states = _states(level_state, visible_doublets(droplets, share), two_tags=bool(present.sum() > 1))
    level = old.level if old.fixed else _smooth(level_state)
    return replace(
        old,
        share=share,
        stray_share=stray_share / stray_share.sum(),
        states=states,
        level=level,
        depth=None if depth_state is None else _depth(depth_state),
    )


def _states(level_state: np.ndarray, expected: float, *, two_tags: bool) -> np.ndarray:
    """Estimate the rate of each state.

    The doublet rate is at least half of that expected by the loading. With fewer than two tags neither doublets nor
    stray tags are visible.
    """
    rates = (level_state.sum(axis=1) + np.array([1, 1, 0, 1])) / (level_state.sum() + 3)
    if two_tags:
        rates[3] = max(rates[3], expected / 2)
    else:
        rates[2:] = 1e-9
    return rates / rates.sum()


def _depth(weights: np.ndarray) -> np.ndarray:
    """Estimate the distribution of depth in each state, shrunk to the pool's by twenty droplets.

    A stray tag brings no RNA: with it the depth is that of one cell.
    """
    pool = weights.sum(axis=0) + 1
    one = weights[1] + weights[2]
    weights = np.stack([weights[0], one, one, weights[3]]) + DEPTH_DROPLETS * pool / pool.sum()
    return weights / weights.sum(axis=1, keepdims=True)


def _smooth(weights: np.ndarray) -> np.ndarray:
    """Smooth the distribution of the level in each state over neighbours and shrink it to the pool's by five droplets.

    With a stray tag the level lies between those of one and two cells, half of each.
    """
    smooth = np.stack([np.convolve(row, (0.25, 0.5, 0.25), mode="same") for row in weights])
    smooth += 5 * smooth.sum(axis=0) / smooth.sum() + 1e-6
    smooth /= smooth.sum(axis=1, keepdims=True)
    smooth[2] = (smooth[1] + smooth[3]) / 2
    return smooth
