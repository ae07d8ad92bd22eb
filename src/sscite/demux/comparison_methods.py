"""Two independent methods, reported next to the joint model but never combined with it.

Calls are codes as in `decision`: the tag's column, -1 for Negative, -2 for Doublet.
"""

from __future__ import annotations

import numpy as np

PRIORS = np.array([0.01, 0.8, 0.19])  # HashSolo's: Negative, single, Doublet
AMBIENT_DOUBLET_MADS, AMBIENT_SINGLE_MADS = 3.0, 3.0
MIN_FOLD = 2.0
PSEUDO = 3.0


def hashsolo(counts: np.ndarray) -> np.ndarray:
    """Call droplets as HashSolo does, on log counts with normal signal and noise distributions.

    The arithmetic of `scanpy.external.pp.hashsolo` with its default priors (and one noise tag with two
    tags), written on arrays: scanpy takes seconds to import and the original loops over pairs of tags. A test holds the
    two equal.

    Source: Bernstein et al. 2020, doi:10.1016/j.cels.2020.05.010.

    Parameters
    ----------
    counts
        n_droplets × n_tags, n_tags ≥ 2.
    """
    logs = np.log1p(counts.astype(float))
    n, tags = logs.shape
    order = np.argsort(logs, axis=1)
    noisy = max(1, tags - 2)
    ranked = np.take_along_axis(logs, order, axis=1)
    leads = order[:, -1][:, None] == np.arange(tags)
    lags = np.zeros((n, tags), dtype=bool)
    np.put_along_axis(lags, order[:, :noisy], values=True, axis=1)
    signal = [_updated(logs[leads[:, h], h], ranked[:, -1]) for h in range(tags)]
    noise = [_updated(logs[lags[:, h], h], ranked[:, :noisy].ravel()) for h in range(tags)]
    first, second = order[:, -1], order[:, -2]
    x1, x2 = ranked[:, -1], ranked[:, -2]
    (s_mean, s_sd), (n_mean, n_sd) = np.array(signal).T, np.array(noise).T
    # the noise of both tags is measured against the second's, as in the original
    noise1, noise2 = _log_normal(x1, n_mean[second], n_sd[second]), _log_normal(x2, n_mean[second], n_sd[second])
    signal1, signal2 = _log_normal(x1, s_mean[first], s_sd[first]), _log_normal(x2, s_mean[second], s_sd[second])
    scores = np.column_stack([noise2 + noise1, noise2 + signal1, signal2 + signal1])
    state = np.argmax(np.exp(scores) * PRIORS, axis=1)
    return np.where(state == 1, first, np.where(state == 0, -1, -2))


def _updated(own: np.ndarray, everyone: np.ndarray) -> tuple[float, float]:
    """Return the mean and sd of a tag's log counts after one update of the pool's."""
    mean, sd = everyone.mean(), max(everyone.std(), 1e-6)
    n = len(own)
    prior = 1 / sd**2
    precision = 1 / max(np.var(own), 1e-12) if n > 1 else prior
    total = prior + n * precision
    centre = (own.mean() * n * precision + mean * prior) / total if n else mean
    return float(centre), float(np.sqrt((n + 1) / total))


def _log_normal(x: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Log of a normal density plus 1e-15, which keeps it finite."""
    return np.log(np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi)) + 1e-15)


def ambient_ratio(counts: np.ndarray) -> np.ndarray:
    """Call droplets by the fold of their strongest tags over an ambient profile, in the manner of hashedDrops.

    The ambient profile comes from the tags' low parts; each droplet's own ambient level is the median ratio to it (of
    fewer than five tags: the mean of the lower half). After subtraction, a doublet's second tag stands out by its fold
    over the level (3 median absolute deviations above the median of all droplets); a negative's first tag does not.

    Source of the idea: Griffiths et al. 2018, doi:10.1038/s41467-018-05083-x; DropletUtils' hashedDrops.

    Parameters
    ----------
    counts
        n_droplets × n_tags, n_tags ≥ 2.
    """
    ambient = np.maximum(_ambient(counts), 0.05)
    level = _level(counts / ambient)
    excess = np.maximum(counts - level[:, None] * ambient, 0) + PSEUDO
    order = np.argsort(excess, axis=1)
    first, second = order[:, -1], order[:, -2]
    rows = np.arange(len(counts))
    fold1 = np.log2(excess[rows, first] / excess[rows, second])
    floor = PSEUDO + level * ambient[second]
    fold2 = np.log2((excess[rows, second] + floor) / floor)
    doubtful = fold2 > max(_outlier(fold2, AMBIENT_DOUBLET_MADS), np.log2(MIN_FOLD))
    usual = fold1[~doubtful] if (~doubtful).any() else fold1
    low = max(_outlier(usual, -AMBIENT_SINGLE_MADS), np.log2(MIN_FOLD))
    return np.where(doubtful, -2, np.where(fold1 < low, -1, first))


def _ambient(counts: np.ndarray) -> np.ndarray:
    """Return the mean count of each tag below its own midpoint between low and high, on the log scale."""
    from sscite.demux.initial_values import two_means

    logs = np.log1p(counts.astype(float))
    cuts = [two_means(column)[2] for column in logs.T]
    return np.array([counts[logs[:, h] <= cut, h].mean() for h, cut in enumerate(cuts)])


def _level(ratio: np.ndarray) -> np.ndarray:
    """Return the ambient level of each droplet from its ratios to the ambient profile."""
    if ratio.shape[1] >= 5:
        return np.median(ratio, axis=1)
    kept = max(1, ratio.shape[1] // 2)
    return np.sort(ratio, axis=1)[:, :kept].mean(axis=1)


def _outlier(values: np.ndarray, mads: float) -> float:
    """Return the median plus so many median absolute deviations, scaled to a normal's sd."""
    middle = np.median(values)
    return float(middle + mads * 1.4826 * np.median(np.abs(values - middle)))
