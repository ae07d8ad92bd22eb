"""From which value on a cell counts as positive for a protein, and how certain that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.adt.mixture import Mixtures, fit_rows

SPLITS = (0.5, 0.8, 0.95)  # starts: a positive half, a fifth, a twentieth
MAX_CELLS = 5_000
RESAMPLES = 20
MIN_SEPARATION = 2.0  # Ashman's D, below which two modes cannot be distinguished
MIN_GAIN = 10.0  # BIC: very strong evidence for two components
MIN_SHARE = 0.005  # of the smaller component
ISOTYPE_QUANTILE = 0.99


@dataclass(frozen=True)
class Split:
    """Two components of each protein's values, `low` below `high`; arrays of shape (n_proteins,)."""

    low: np.ndarray
    high: np.ndarray
    low_sd: np.ndarray
    high_sd: np.ndarray
    low_share: np.ndarray
    gain: np.ndarray

    @property
    def separation(self) -> np.ndarray:
        """Ashman's D, sqrt(2) |difference of means| / sqrt(sum of variances); above 2 the modes are apart."""
        return np.sqrt(2) * (self.high - self.low) / np.sqrt(self.low_sd**2 + self.high_sd**2)

    @property
    def bimodal(self) -> np.ndarray:
        """Return whether two modes are there, apart, and both populated."""
        smaller = np.minimum(self.low_share, 1 - self.low_share)
        with np.errstate(invalid="ignore"):
            return (self.separation >= MIN_SEPARATION) & (self.gain >= MIN_GAIN) & (smaller >= MIN_SHARE)

    @property
    def tailed(self) -> np.ndarray:
        """Return whether the upper component is a tail of the lower one: two components are there, not apart."""
        with np.errstate(invalid="ignore"):
            return (self.separation >= MIN_SEPARATION / 2) & (self.gain >= MIN_GAIN)

    @property
    def crossing(self) -> np.ndarray:
        """Return the value between the two means where both components are equally likely."""
        steps = np.linspace(0, 1, 201)[:, None]
        grid = self.low + steps * (self.high - self.low)
        odds = _log_density(grid, self.high, self.high_sd, 1 - self.low_share) - _log_density(
            grid, self.low, self.low_sd, self.low_share
        )
        return np.take_along_axis(grid, (odds >= 0).argmax(axis=0)[None], axis=0)[0]


def thresholds(values: np.ndarray, isotypes: np.ndarray, *, rng: np.random.Generator) -> pd.DataFrame:
    """Find each protein's threshold.

    Parameters
    ----------
    values
        of shape (n_cells, n_proteins), normalised.
    isotypes
        columns of isotype controls.

    Returns
    -------
    A row per protein: `bimodal separation threshold threshold_low threshold_high threshold_source positive_fraction
    stain_index`. The interval holds 95% of resamples of at most `MAX_CELLS` cells. Where a protein is not bimodal the
    threshold is the 99th percentile of the isotype controls (`threshold_source` isotypes), or where its positive tail
    begins if that is higher; without isotypes there is none.
    """
    split = split_proteins(_sample(values, MAX_CELLS, rng))
    levels = np.quantile(values[:, isotypes], ISOTYPE_QUANTILE, axis=0) if len(isotypes) else np.array([np.inf])
    level, bimodal = float(np.median(levels)), split.bimodal
    used = bimodal | (split.tailed & (split.low < level) & (split.crossing > level))
    crossing = np.where(used, split.crossing, np.nan)
    spread = _resampled(values, used, rng=rng)
    frame = pd.DataFrame(
        {"bimodal": bimodal, "separation": split.separation, "threshold": crossing, "threshold_low": spread[0],
         "threshold_high": spread[1], "threshold_source": np.where(used, "mixture", "none")}
    )  # fmt: skip
    if len(isotypes):
        frame.loc[~used, ["threshold", "threshold_low", "threshold_high"]] = [level, levels.min(), levels.max()]
        frame.loc[~used, "threshold_source"] = "isotypes"
    above = values > frame["threshold"].to_numpy()
    frame["positive_fraction"] = np.where(frame["threshold"].notna(), above.mean(axis=0), np.nan)
    frame["stain_index"] = np.where(bimodal, (split.high - split.low) / (2 * np.maximum(split.low_sd, 1e-6)), np.nan)
    return frame


def split_proteins(values: np.ndarray) -> Split:
    """Fit two components to each protein from several starts, so that rare positives are found; keep the likeliest.

    Parameters
    ----------
    values
        of shape (n_cells, n_proteins).
    """
    columns = np.ascontiguousarray(values.T)
    fits = [fit_rows(columns, splits=np.quantile(columns, q, axis=1)) for q in SPLITS]
    table = np.array([_ordered(fit) for fit in fits])  # start × quantity × protein
    gain = np.nan_to_num(table[:, -1], nan=-np.inf)
    best = np.take_along_axis(table, gain.argmax(axis=0)[None, None], axis=0)[0]
    return Split(*best)


def _resampled(values: np.ndarray, wanted: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Return the 2.5 and 97.5 percentiles of the threshold over resamples of cells; shape (2, n_proteins)."""
    found = np.full((2, values.shape[1]), np.nan)
    size = min(len(values), MAX_CELLS)
    if wanted.any():
        chosen = np.flatnonzero(wanted)
        draws = (values[np.ix_(rng.integers(0, len(values), size), chosen)] for _ in range(RESAMPLES))
        crossings = np.array([split_proteins(draw).crossing for draw in draws])
        found[:, chosen] = np.nanquantile(crossings, [0.025, 0.975], axis=0)
    return found


def _ordered(fit: Mixtures) -> tuple[np.ndarray, ...]:
    """Put the component with the smaller mean first."""
    turn = fit.lower_mean > fit.upper_mean
    return (
        np.where(turn, fit.upper_mean, fit.lower_mean), np.where(turn, fit.lower_mean, fit.upper_mean),
        np.where(turn, fit.upper_sd, fit.lower_sd), np.where(turn, fit.lower_sd, fit.upper_sd),
        np.where(turn, 1 - fit.lower_weight, fit.lower_weight), fit.gain,
    )  # fmt: skip


def _log_density(at: np.ndarray, mean: np.ndarray, sd: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the log of weight times the Gaussian density, without its constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(weight) - np.log(sd) - 0.5 * ((at - mean) / sd) ** 2


def _sample(values: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Take at most `size` rows."""
    return values if len(values) <= size else values[rng.choice(len(values), size, replace=False)]
