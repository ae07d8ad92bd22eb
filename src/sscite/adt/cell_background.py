"""How each protein follows the cells' technical level among cells alike: those that lack it and those that carry it.

Over all cells, noise and biology mix: a lineage that binds more of everything has a higher technical level, so that its
own markers seem to follow that level and would be taken away with it. So each protein is modelled by two classes of
cells with one slope and a level each: an analysis of covariance whose classes are not known, fitted as a mixture of
regressions (DeSarbo and Cron 1988, 10.1007/BF01897167). What the classes differ in stays out of the slope.
"""

from __future__ import annotations

import numpy as np

from sscite.adt import mixture

ROUNDS = 10  # of classes given slopes and slopes given classes, from each start; most proteins are settled after five


def slopes(values: np.ndarray, covariate: np.ndarray, *, threads: int = 2) -> np.ndarray:
    """Estimate each protein's slope on the covariate within its two classes of cells.

    It starts from the least-squares slope over all cells, and again from 0. Given slopes, the residuals are split by a
    two-component mixture; given classes, the common slope follows by least squares. Of all rounds the slope is kept
    whose residuals two components explain best (BIC). Where no mixture can be fitted the slope over all cells remains;
    a constant covariate gives 0.

    Parameters
    ----------
    values
        of shape (n_cells, n_proteins), after step 1 of dsb.
    covariate
        of shape (n_cells,), the technical level.

    Returns
    -------
    of shape (n_proteins,).
    """
    columns = np.ascontiguousarray(values.T)
    centred = covariate - covariate.mean()
    total = centred @ centred
    if total <= 0:
        return np.zeros(len(columns))
    over_all = columns @ centred / total
    kept, most = over_all, np.full(len(columns), -np.inf)
    for current in (over_all, np.zeros(len(columns))):
        for _ in range(ROUNDS):
            rest = columns - np.outer(current, covariate)
            fits = mixture.fit_rows(rest, threads=threads)
            evidence = _evidence(rest, fits)
            kept, most = np.where(evidence > most, current, kept), np.maximum(evidence, most)
            found = _common_slope(columns, covariate, rest, fits)
            current = np.where(np.isfinite(found), found, current)
    return kept


def _evidence(rest: np.ndarray, fits: mixture.Mixtures) -> np.ndarray:
    """Return the BIC of two components up to a constant; -inf if none were fitted. Residuals are rows."""
    spread = np.maximum(rest.var(axis=1), mixture.SMALLEST)
    return np.nan_to_num(fits.gain - rest.shape[1] * np.log(spread), nan=-np.inf)


def _common_slope(columns: np.ndarray, covariate: np.ndarray, rest: np.ndarray, fits: mixture.Mixtures) -> np.ndarray:
    """Least-squares slope of each row that two classes share, each weighted by its precision; NaN without a fit."""
    lower = fits.lower_share(rest)
    above, below = np.zeros(len(columns)), np.zeros(len(columns))
    for share, sd in ((lower, fits.lower_sd), (1 - lower, fits.upper_sd)):
        size = np.maximum(share.sum(axis=1), mixture.SMALLEST)
        weighted = share * (covariate - (share @ covariate / size)[:, None])
        above += (weighted * columns).sum(axis=1) / sd**2
        below += (weighted @ covariate) / sd**2
    return above / np.where(below > 0, below, np.nan)
