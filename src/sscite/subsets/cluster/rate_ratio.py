"""Rate ratio of a gene's counts between a cluster and the rest of its lineage, stratified by donor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class RateRatio:
    """Counts of each gene in each cluster against the rest of the lineage; all of shape (clusters, genes).

    Attributes
    ----------
    detected
        Share of the cluster's cells with a count of the gene.
    ratio, lower
        Rate ratio and the lower bound of its 95% interval; 0 if the gene was not counted in the cluster.
    """

    detected: np.ndarray
    ratio: np.ndarray
    lower: np.ndarray


def rate_ratio(counts: np.ndarray, depth: np.ndarray, clusters: np.ndarray, donors: np.ndarray) -> RateRatio:
    """Compute the Mantel-Haenszel rate ratio of each gene over donors, with a quasi-Poisson interval.

    The variance of the log ratio is that of Greenland and Robins 1985 (doi:10.2307/2530643) times the dispersion of the
    gene's counts (Pearson's statistic within donors, at least 1).

    Parameters
    ----------
    counts
        Cells × genes, raw.
    depth
        Total counts of each cell.
    clusters, donors
        Code of each cell's cluster and donor, from 0.
    """
    cells, groups = len(counts), (int(donors.max()) + 1, int(clusters.max()) + 1)
    code = donors * groups[1] + clusters
    member = sp.csr_matrix((np.ones(cells), (code, np.arange(cells))), shape=(groups[0] * groups[1], cells))
    inside = (member @ counts).reshape(*groups, -1)
    exposure = (member @ depth).reshape(*groups, 1)
    total, all_exposure = inside.sum(axis=1, keepdims=True), exposure.sum(axis=1, keepdims=True)
    outside, rest = total - inside, all_exposure - exposure
    high = (inside * rest / np.maximum(all_exposure, 1)).sum(axis=0)
    low = (outside * exposure / np.maximum(all_exposure, 1)).sum(axis=0)
    spread = (exposure * rest * total / np.maximum(all_exposure, 1) ** 2).sum(axis=0)
    half = 0.5 * exposure.sum(axis=0) / all_exposure.sum(axis=0)  # half a count outside stands for none
    low = np.where(low > 0, low, half)
    ratio = high / low
    variance = dispersion(counts, depth, donors) * spread / np.maximum(high * low, 1e-12)
    lower = np.where(high > 0, ratio * np.exp(-1.96 * np.sqrt(variance)), 0.0)
    of_cluster = sp.csr_matrix((np.ones(cells), (clusters, np.arange(cells))), shape=(groups[1], cells))
    size = np.maximum(np.bincount(clusters, minlength=groups[1]), 1)
    detected = (of_cluster @ (counts > 0).astype(float)) / size[:, None]
    return RateRatio(detected, np.where(high > 0, ratio, 0.0), lower)


def dispersion(counts: np.ndarray, depth: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """Return Pearson's dispersion of each gene's counts around its donor's rate, at least 1."""
    rates = np.stack([counts[donors == d].sum(axis=0) / depth[donors == d].sum() for d in range(donors.max() + 1)])
    expected = rates[donors] * depth[:, None]
    squares = np.where(expected > 0, (counts - expected) ** 2 / np.maximum(expected, 1e-12), 0.0)
    return np.maximum(squares.sum(axis=0) / max(len(counts) - len(rates), 1), 1.0)
