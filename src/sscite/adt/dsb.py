"""dsb: proteins as standard deviations above the ambient background, then freed from each cell's technical level.

Mulè, Martins and Tsang 2022 (10.1038/s41467-022-29356-8). Step 1 subtracts what free antibody leaves in empty droplets.
Step 2 estimates how much each cell bound unspecifically, from its negative proteins and the isotype controls, and
regresses that out. The results equal those of the R package dsb 2.0.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from sscite.adt import mixture

PSEUDOCOUNT = 10.0  # R's default
MIN_CELLS_TO_DENOISE = 20  # a regression on fewer cells removes signal
MIN_PROTEINS_TO_DENOISE = 10  # a mixture of fewer values has no meaning
MAX_CELLS_FOR_BACKGROUND = 20_000


@dataclass(frozen=True)
class Ambient:
    """The background of each protein, on the log scale.

    Attributes
    ----------
    mean, sd
        of shape (n_proteins,).
    flat
        of shape (n_proteins,), True where the protein does not vary in the background; its `sd` is then the median of
        the others'.
    """

    mean: np.ndarray
    sd: np.ndarray
    flat: np.ndarray


@dataclass(frozen=True)
class Technical:
    """What step 2 found in each cell.

    Attributes
    ----------
    background
        of shape (n_cells,), the mean of the cell's lower mixture component.
    noise
        of shape (n_cells,), the covariate that was regressed out.
    unfitted
        number of cells without a fit, whose background is the mean of the values up to the median.
    isotypes
        columns that entered.
    """

    background: np.ndarray
    noise: np.ndarray
    unfitted: int
    isotypes: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))


def ambient(empties: sparse.csr_matrix, *, pseudocount: float = PSEUDOCOUNT) -> Ambient:
    """Measure mean and standard deviation (n - 1) of log(count + pseudocount) over empty droplets.

    Parameters
    ----------
    empties
        of shape (n_droplets, n_proteins), counts; at least two droplets.
    """
    n = empties.shape[0]
    shifted = sparse.csr_matrix(empties, dtype=float, copy=True)
    shifted.data = np.log1p(shifted.data / pseudocount)
    mean = np.asarray(shifted.mean(axis=0)).ravel()
    shifted.data **= 2
    square = np.asarray(shifted.mean(axis=0)).ravel()
    variance = np.maximum(square - mean**2, 0) * n / (n - 1)
    return _filled(mean + np.log(pseudocount), np.sqrt(variance))


def ambient_of_cells(
    counts: sparse.csr_matrix, *, rng: np.random.Generator, pseudocount: float = PSEUDOCOUNT
) -> Ambient:
    """Estimate the background from the cells themselves: each protein's lower component of two over cells.

    Where no two components can be fitted (fewer than three cells, a constant protein), the cells' mean stands in. The
    spread of the lower component includes the negative cells' own technical differences, so that it is wider than that
    of empty droplets: values are comparable within this method, not with those of `ambient`.
    """
    values = np.log(counts[some_cells(counts.shape[0], rng=rng)].toarray().T + pseudocount)
    fits = mixture.fit_rows(values)
    lower_first = fits.lower_mean <= fits.upper_mean
    mean = np.where(lower_first, fits.lower_mean, fits.upper_mean)
    sd = np.where(lower_first, fits.lower_sd, fits.upper_sd)
    unfitted = ~np.isfinite(mean)
    return _filled(np.where(unfitted, values.mean(axis=1), mean), np.where(unfitted, values.std(axis=1), sd))


def some_cells(cells: int, *, rng: np.random.Generator) -> np.ndarray:
    """Return rows of at most `MAX_CELLS_FOR_BACKGROUND` cells, in order: enough to fit a protein's two components."""
    if cells <= MAX_CELLS_FOR_BACKGROUND:
        return np.arange(cells)
    return np.sort(rng.choice(cells, MAX_CELLS_FOR_BACKGROUND, replace=False))


def correct(
    counts: sparse.csr_matrix, background: Ambient, *, pseudocount: float = PSEUDOCOUNT, standardize: bool = True
) -> np.ndarray:
    """Step 1: (log(count + pseudocount) - ambient mean) / ambient sd; without the division where not `standardize`.

    Returns
    -------
    of shape (n_cells, n_proteins), float64.
    """
    values = counts.astype(float).toarray()
    values += pseudocount
    np.log(values, out=values)
    values -= background.mean
    if standardize:
        values /= background.sd
    return values


def technical(values: np.ndarray, isotypes: np.ndarray, *, threads: int = 2) -> Technical:
    """Measure each cell's technical level: first principal component of the isotypes and the background mean.

    Parameters
    ----------
    values
        of shape (n_cells, n_proteins), after step 1.
    isotypes
        columns of the isotype controls; those that do not vary are left out. Without any, the background mean alone.
    """
    background = mixture.fit_rows(values, threads=threads).lower_mean
    unfitted = ~np.isfinite(background)
    if unfitted.any():
        rows = values[unfitted]
        below = rows <= np.median(rows, axis=1, keepdims=True)
        background[unfitted] = (rows * below).sum(axis=1) / below.sum(axis=1)
    isotypes = isotypes[np.ptp(values[:, isotypes], axis=0) > 0] if len(isotypes) else isotypes
    noise = _first_component(np.column_stack([values[:, isotypes], background])) if len(isotypes) else background
    return Technical(background, noise, int(unfitted.sum()), isotypes)


def regress_out(values: np.ndarray, covariate: np.ndarray, *, slopes: np.ndarray | None = None) -> np.ndarray:
    """Subtract from each column its slope on the covariate times the covariate.

    As limma (10.1093/nar/gkv007), which does not centre the covariate. A constant covariate changes nothing.

    Parameters
    ----------
    slopes
        of shape (n_proteins,); by least squares over all cells where None.
    """
    if slopes is not None:
        return values - np.outer(covariate, slopes)
    centred = covariate - covariate.mean()
    total = centred @ centred
    if total <= 0:
        return values
    return values - np.outer(covariate, centred @ values / total)


def clip(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Limit each protein to its own quantiles over cells, against outliers."""
    return np.clip(values, *np.quantile(values, [low, high], axis=0))


def _filled(mean: np.ndarray, sd: np.ndarray) -> Ambient:
    """Return the spreads, with proteins without spread at the median spread of the others (1 if none varies)."""
    flat = sd <= 1e-6
    usual = float(np.median(sd[~flat])) if (~flat).any() else 1.0
    return Ambient(mean, np.where(flat, usual, sd), flat)


def _first_component(columns: np.ndarray) -> np.ndarray:
    """First principal component of scaled columns, with the sign that makes it rise with the background (the last)."""
    spread = columns.std(axis=0, ddof=1)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1)
    _, vectors = np.linalg.eigh(scaled.T @ scaled)
    loading = vectors[:, -1] * (1 if vectors[-1, -1] >= 0 else -1)
    return scaled @ loading
