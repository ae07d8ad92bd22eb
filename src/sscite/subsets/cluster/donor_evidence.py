"""How far a cluster stands above the rest of its lineage: donor by donor, so that no donor decides alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy import stats

MIN_CELLS = 5  # of a donor inside and outside of a cluster, to be included


@dataclass(frozen=True)
class Evidence:
    """What sets clusters apart in each column of a table of cells.

    Attributes
    ----------
    difference
        Clusters × columns: median over donors of the mean inside less the mean outside; NaN where nothing is known.
    support
        Clusters × columns: share of the donors included in which the difference is positive.
    donors
        Donors included for each cluster.
    """

    difference: np.ndarray
    support: np.ndarray
    donors: np.ndarray


def cluster_vs_rest(values: np.ndarray | sp.csr_matrix, clusters: np.ndarray, donors: np.ndarray) -> Evidence:
    """Compare each cluster with the rest of the lineage within each donor that has enough cells on both sides.

    Where no donor has, all cells are taken together.

    Parameters
    ----------
    values
        Cells × columns; NaN where not measured.
    clusters, donors
        Code of each cell's cluster and donor, from 0.
    """
    shape = int(donors.max()) + 1, int(clusters.max()) + 1
    sums, cells = (
        part.reshape(*shape, -1) for part in _sums(values, donors * shape[1] + clusters, shape[0] * shape[1])
    )
    outside = cells.sum(axis=1, keepdims=True) - cells
    included = (cells >= MIN_CELLS) & (outside >= MIN_CELLS)
    each = np.where(included, _difference(sums, cells, axis=1), np.nan)
    pooled = _difference(sums.sum(axis=0), cells.sum(axis=0), axis=0)
    each[0] = np.where(included.any(axis=0), each[0], np.where(cells.sum(axis=0) > 0, pooled, np.nan))
    known = ~np.isnan(each)
    median = np.nanmedian(np.where(known.any(axis=0), each, 0), axis=0)
    support = (each > 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return Evidence(np.where(known.any(axis=0), median, np.nan), support, included.any(axis=2).sum(axis=0))


def _sums(values: np.ndarray | sp.csr_matrix, groups: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum each column over the cells of each group, and count the cells where it is known."""
    rows = np.arange(len(groups))
    member = sp.csr_matrix((np.ones(len(groups)), (groups, rows)), shape=(count, len(groups)))
    if sp.issparse(values):
        return (member @ values).toarray(), np.tile(np.bincount(groups, minlength=count)[:, None], values.shape[1])
    known = ~np.isnan(values)
    return member @ np.where(known, values, 0), member @ known.astype(np.float64)


def _difference(sums: np.ndarray, cells: np.ndarray, *, axis: int) -> np.ndarray:
    """Return the mean of each cluster less the mean of the others; the mean of no cells counts as 0."""
    others, rest = sums.sum(axis=axis, keepdims=True) - sums, cells.sum(axis=axis, keepdims=True) - cells
    return sums / np.maximum(cells, 1) - others / np.maximum(rest, 1)


def lower_bound(values: np.ndarray, inside: np.ndarray, donors: np.ndarray) -> float:
    """Compute the lower bound of the 95% interval, over donors, of the mean difference inside minus outside.

    Parameters
    ----------
    values
        One value per cell.
    inside
        Whether each cell is inside the cluster.
    donors
        Code of each cell's donor.

    Returns
    -------
    Of Student's t over donors with 5 cells on both sides; NaN if there are fewer than two.
    """
    each = [
        values[(donors == donor) & inside].mean() - values[(donors == donor) & ~inside].mean()
        for donor in np.unique(donors)
        if min(((donors == donor) & inside).sum(), ((donors == donor) & ~inside).sum()) >= MIN_CELLS
    ]
    if len(each) < 2:
        return float("nan")
    return float(np.mean(each) - stats.t.ppf(0.975, len(each) - 1) * stats.sem(each))
