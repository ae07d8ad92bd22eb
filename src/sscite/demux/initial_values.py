"""Initial values of EM: backgrounds, background levels and signals, computed from the counts without a model."""

from __future__ import annotations

import numpy as np

from sscite.demux.likelihoods import Tags
from sscite.demux.priors import DEPTH_BINS, Priors, visible_doublets

LEVELS = 30
NARROW = 0.5  # sd of log s with two tags or fewer, which do not identify it
START_NEGATIVE = 0.05
LOWEST = 0.02
PAIR_HIGHER = 0.5  # log by which a doublet's background level starts above a single's


def two_means(values: np.ndarray) -> tuple[float, float, float]:
    """Split numbers in two with the least squared distance to the two means; return low mean, high mean, cut.

    The best of all splits of the sorted numbers (Otsu 1979, doi:10.1109/TSMC.1979.4310076), so the result does not
    depend on initial values, even if nearly all droplets have the tag.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    sums = np.cumsum(ordered)
    below = np.arange(1, n)
    low, high = sums[:-1] / below, (sums[-1] - sums[:-1]) / (n - below)
    between = below * (n - below) * (high - low) ** 2
    between[ordered[1:] == ordered[:-1]] = -1
    best = int(between.argmax()) if n > 1 else 0
    if n < 2 or between[best] <= 0:
        return float(ordered.mean()), float(ordered.mean()), float(ordered[-1])
    return float(low[best]), float(high[best]), float((ordered[best] + ordered[best + 1]) / 2)


def background_levels(counts: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Estimate each droplet's background level from all but its two strongest tags (one of three), geometric mean 1."""
    ratio = np.log((counts + 0.5) / (background + 0.5))
    kept = counts.shape[1] - (2 if counts.shape[1] > 3 else 1)
    lower = np.sort(ratio, axis=1)[:, :kept].mean(axis=1)
    return np.exp(lower - np.median(lower))


def backgrounds(counts: np.ndarray, *, lowest: bool = False, rounds: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the background of each tag and the level of each droplet.

    The first estimate comes from a two-means split of log counts, or, if `lowest`, from the 2% of droplets with the
    lowest counts; then counts over level are averaged over droplets in which the tag is not among the strongest two.
    With two tags or fewer, or `lowest`, every level is 1.
    """
    n, tags = counts.shape
    background = np.empty(tags)
    for h in range(tags):
        logs = np.log1p(counts[:, h])
        cut = np.quantile(logs, LOWEST) if lowest else two_means(logs)[2]
        background[h] = counts[logs <= cut, h].mean()
    background = np.maximum(background, 0.05)
    level = np.ones(n)
    for _ in range(rounds if tags > 2 and not lowest else 0):
        level = background_levels(counts, background)
        ratio = (counts + 0.5) / (background + 0.5)
        kept = np.argsort(np.argsort(ratio, axis=1), axis=1) < tags - (2 if tags > 3 else 1)
        background = np.maximum(0.05, (counts * kept).sum(axis=0) / np.maximum((level[:, None] * kept).sum(axis=0), 1))
    return background, level


def signals(counts: np.ndarray, background: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Compute the median log signal of each tag where it is the strongest; rare tags use that of the others."""
    expected = background * level[:, None]
    ratio = (counts + 1) / (expected + 1)
    leads = ratio.argmax(axis=1)[:, None] == np.arange(counts.shape[1])
    if counts.shape[1] == 1:
        leads = np.log1p(counts) > two_means(np.log1p(counts[:, 0]))[2]
    leads &= ratio > 2
    excess = np.log(np.maximum(counts - expected, 1))
    few = leads.sum(axis=0) < 5
    mu = np.array([np.median(excess[leads[:, h], h]) if not few[h] else np.nan for h in range(counts.shape[1])])
    above = mu - np.log(background)
    usual = np.nanmedian(above) if not few.all() else np.log(10)
    return np.where(few, np.log(background) + usual, mu)


def initial_tags(counts: np.ndarray, *, lowest: bool = False) -> tuple[Tags, np.ndarray]:
    """Compute initial parameters of every tag, and the level of each droplet."""
    background, level = backgrounds(counts, lowest=lowest)
    mu = signals(counts, background, level)
    n = counts.shape[1]
    start = Tags(
        background=background, size=np.full(n, 8.0), tail=np.full(n, 0.01),
        mu=mu, beta=np.full(n, 0.5), sd=np.full(n, 0.6),
    )  # fmt: skip
    return start, level


def initial_priors(
    level: np.ndarray, present: np.ndarray, *, droplets: int, shift: np.ndarray | None, depth_known: bool = False
) -> Priors:
    """Compute initial priors: equal shares of the present tags, expected doublets, a normal log level in each state.

    Parameters
    ----------
    level
        Background level of each droplet, n_droplets.
    present
        Tags that cells may have, n_tags.
    droplets
        Droplets recovered.
    shift
        Log level predicted by depth, if given.
    depth_known
        Whether depth informs the state; at first it is equally distributed in all states.
    """
    share = present / present.sum()
    log_s = np.log(level)
    fixed = len(present) <= 2
    if fixed:
        centres, spread = np.zeros(4), NARROW
        middle = np.zeros(1) if shift is None else shift
        grid = np.linspace(middle.min() - 3 * NARROW, middle.max() + 3 * NARROW, 11 if shift is None else 33)
    else:
        centres = log_s.mean() + np.array([0, 0, PAIR_HIGHER / 2, PAIR_HIGHER])
        spread = max(0.3, log_s.std())
        low, high = np.quantile(log_s, [0.005, 0.995])
        grid = np.linspace(low - 0.5, high + 0.7, LEVELS)
    density = np.exp(-0.5 * ((grid - centres[:, None]) / spread) ** 2)
    equal = np.full((4, DEPTH_BINS), 1 / DEPTH_BINS) if depth_known else None
    doublets = visible_doublets(droplets, share)
    states = np.array([START_NEGATIVE, 1 - START_NEGATIVE - 1.5 * doublets, doublets / 2, doublets])
    return Priors(share, share, states, grid, density / density.sum(axis=1, keepdims=True), fixed, equal)
