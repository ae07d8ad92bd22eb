"""Likelihood of the count of a hashtag if the tag is present in the droplet and if it is absent.

Every function works on tables (tag × count bin × background level), never on droplets: droplets with equal counts
share a row, so the cost does not grow with their number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import gammaln

EXACT_COUNTS = 40  # counts up to here have a bin of their own
BIN_RATIO = 1.04  # above it bins grow by 4%
TAIL_SHIFT, TAIL_SD = -3.0, 0.8  # traces of a tag: log signal relative to that of a cell
STRAY_SHIFT, STRAY_SD = -1.0, 1.0  # a stray tag (dead cell, debris, clump): log signal relative to that of a cell
PAIR_PART = 0.75  # part of the background level of a droplet with two cells that each cell brings
MAX_LOG_RATIO = 300.0  # a pair of tags stays below the largest float
NODES, WEIGHTS = hermegauss(9)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())


@dataclass(frozen=True)
class Tags:
    """Parameters of each hashtag, arrays of length n_tags.

    Attributes
    ----------
    background
        Mean count of a droplet of background level 1 without the tag.
    size
        Negative binomial size; the variance of a count of mean m is m + m²/size.
    tail
        Fraction of droplets with traces of the tag (exchange after pooling, debris) among those without a cell of it.
    mu, beta, sd
        The signal is lognormal(mu + beta · log s, sd), in counts.
    """

    background: np.ndarray
    size: np.ndarray
    tail: np.ndarray
    mu: np.ndarray
    beta: np.ndarray
    sd: np.ndarray


@dataclass(frozen=True)
class Bins:
    """Counts in bins: exact up to 40, then 4% wide.

    Attributes
    ----------
    codes
        Bin of each count, n_droplets × n_tags.
    values
        The count that stands for each bin, ascending.
    """

    codes: np.ndarray
    values: np.ndarray


def used_bins(counts: np.ndarray) -> Bins:
    """Bin counts (n_droplets × n_tags), keeping only bins that occur."""
    upper = int(counts.max(initial=0))
    steps = max(0, int(np.ceil(np.log((upper + 1) / EXACT_COUNTS) / np.log(BIN_RATIO))))
    wide = EXACT_COUNTS * BIN_RATIO ** np.arange(1, steps + 1)
    starts = np.unique(np.concatenate([np.arange(EXACT_COUNTS + 2), np.ceil(wide)]))
    values = np.append((starts[:-1] + starts[1:] - 1) / 2, starts[-1])
    lookup = np.searchsorted(starts, np.arange(upper + 1), side="right") - 1
    used, codes = np.unique(lookup[counts.astype(np.int64)], return_inverse=True)
    return Bins(codes=codes.reshape(counts.shape), values=values[used])


def negative_binomial(x: np.ndarray, mean: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the log probability of count x under a negative binomial of given mean and size; the three broadcast."""
    constant = gammaln(x + size) - gammaln(size) - gammaln(x + 1) + size * np.log(size)
    return constant + x * np.log(mean) - (x + size) * np.log(mean + size)


def background_table(values: np.ndarray, levels: np.ndarray, tags: Tags) -> tuple[np.ndarray, np.ndarray]:
    """Return the log probability of each count if the tag is absent, and the fraction of it that is not traces.

    Parameters
    ----------
    values
        Counts, n_bins.
    levels
        Background levels s, n_levels.
    tags
        The hashtags' parameters.

    Returns
    -------
    Two arrays n_tags × n_bins × n_levels.
    """
    mean = tags.background[:, None, None] * levels
    tail = tags.tail[:, None, None]
    traces = replace(tags, mu=tags.mu + TAIL_SHIFT, sd=np.full_like(tags.sd, TAIL_SD))
    plain = np.log1p(-tail) + negative_binomial(values[None, :, None], mean, tags.size[:, None, None])
    total = np.logaddexp(plain, np.log(tail) + signal_table(values, levels, traces)[0])
    return total, np.exp(plain - total)


def signal_table(values: np.ndarray, levels: np.ndarray, tags: Tags) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the log probability of each count if the tag is present, integrated over the lognormal signal.

    The signal exp(mu + beta · log s + sd · z) is summed over nine Gauss-Hermite nodes z.

    Returns
    -------
    The log probability and the posterior mean of z and of z², each n_tags × n_bins × n_levels.
    """
    column = (slice(None), None, None, None)
    centre = tags.mu[column] + tags.beta[column] * np.log(levels)[:, None]
    mean = tags.background[column] * levels[:, None] + np.exp(centre + tags.sd[column] * NODES)
    logs = LOG_WEIGHTS + negative_binomial(values[:, None, None], mean, tags.size[column])
    top = logs.max(axis=3, keepdims=True)
    parts = np.exp(logs - top)
    total = parts.sum(axis=3)
    return top[..., 0] + np.log(total), parts @ NODES / total, parts @ NODES**2 / total


@dataclass(frozen=True)
class Tables:
    """Likelihoods for the E step, each n_tags × n_bins × n_levels.

    Attributes
    ----------
    background
        Log probability of the count if the tag is absent.
    alone
        Likelihood ratio present : absent in a droplet with one cell.
    paired
        The same for a cell that shares the droplet with another cell or a stray tag and brings a part of its level.
    stray
        The same for a stray tag.
    """

    background: np.ndarray
    alone: np.ndarray
    paired: np.ndarray
    stray: np.ndarray


def tables(values: np.ndarray, levels: np.ndarray, tags: Tags) -> Tables:
    """Tabulate background and likelihood ratios.

    A count at or below its background is never evidence of the tag, and one above the median of a cell's signal never
    more likely for a stray tag than for a cell. Ratios are kept below exp(300) by raising the probability of the
    background, so that their product stays that of the signal.
    """
    background, _ = background_table(values, levels, tags)
    part = replace(tags, mu=tags.mu + tags.beta * np.log(PAIR_PART))
    stray = replace(tags, mu=tags.mu + STRAY_SHIFT, sd=np.full_like(tags.sd, STRAY_SD))
    signals = [signal_table(values, levels, each)[0] for each in (tags, part, stray)]
    log_median = (tags.mu + np.log(levels)[:, None] * tags.beta).T[:, None, :]
    bright = values[None, :, None] > tags.background[:, None, None] * levels + np.exp(log_median)
    signals[2] = np.where(bright, np.minimum(signals[2], signals[0]), signals[2])
    background = np.maximum(background, np.maximum.reduce(signals) - MAX_LOG_RATIO)
    below = values[None, :, None] <= tags.background[:, None, None] * levels
    ceiling = np.where(below, 0.0, np.inf)
    return Tables(background, *(np.exp(np.minimum(signal - background, ceiling)) for signal in signals))
