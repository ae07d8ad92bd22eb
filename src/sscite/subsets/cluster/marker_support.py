"""Which subsets' own markers a cluster shows, and a cell with its neighbours: a name needs them.

A score sums up what is high and what is low. A state that no subset describes lacks most markers of all of them, and
what it lacks (CD14, VCAN) may lift the score of a subset none of whose own markers it has (CLEC9A). So a name is given
only if more than half of the subset's measured markers, and of its defining genes, are shown. A marker is shown if it
is detected in a tenth of the cluster's cells and higher than in the rest of the lineage, or if most cells have it: one
that the whole lineage has cannot be higher. Needed genes must be
measured, detected, and at least twice as frequent as in the rest at the lower bound of the rate ratio's 95% interval:
clusters are found on the same counts, so that small ones differ by chance more than the interval allows for. A cell and
its neighbours are too few for single markers: theirs are judged on average.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite.subsets.cluster import donor_evidence, marker_scores
from sscite.subsets.cluster.rate_ratio import RateRatio
from sscite.subsets.definitions.subsets import Subset

SHOWN = 0.5  # more than this share of its measured markers is needed for a name
HIGHER = 0.1  # standard deviations of a marker by which a cluster, or a cell with its neighbours, is above the rest
MIN_SUPPORT = 0.6  # share of donors in which the cluster is above the rest
CARRIED = 0.5  # share of cells in which a gene is detected
DETECTED = 0.1  # share of a cluster's cells with a gene that counts as shown
NEEDED = 0.2  # share of a cluster's cells, or of a cell and its neighbours by weight, with a needed gene
ENRICHED = 2.0  # times the rate of a needed gene in the rest (cluster), or the lineage's share of cells with it (cell)


def by_cluster(
    expression: pd.DataFrame,
    protein: pd.DataFrame | None,
    subsets: Sequence[Subset],
    clusters: np.ndarray,
    donors: np.ndarray,
    counted: RateRatio,
) -> pd.DataFrame:
    """Compute the share of each subset's markers that each cluster shows.

    It is the smaller of the shares of all up markers, genes and proteins, and of the defining genes, so that genes of
    `also` are never enough alone; it is 0 if a needed gene is absent.

    Parameters
    ----------
    expression
        Cells × marker genes, log1p of counts per 10,000. A gene counts in the donors in which it was found at all.
    protein
        Cells × proteins, normalised, NaN where not measured.
    clusters, donors
        Code of each cell's cluster and donor, from 0.
    counted
        Detection and rate ratio of the marker genes, clusters × genes.

    Returns
    -------
    pd.DataFrame
        Clusters × subsets, from 0 to 1; 0 where no marker was measured.
    """
    found = expression.gt(0).groupby(donors).transform("any").to_numpy()
    scaled = np.where(found, marker_scores.standardise(expression.to_numpy(np.float32)), np.nan)
    genes = _higher(scaled, clusters, donors, expression.columns)
    genes = genes.where(genes.isna() | (counted.detected >= DETECTED), 0.0)
    genes = genes.where(genes.isna() | (counted.detected <= CARRIED), 1.0)
    proteins = pd.DataFrame(index=genes.index)
    if protein is not None and protein.shape[1]:
        values = protein.to_numpy(np.float32)
        scaled = np.where(np.isnan(values), np.nan, marker_scores.standardise(values))
        proteins = _higher(scaled, clusters, donors, protein.columns)
    present = has_needed(subsets, expression.columns, (counted.detected >= NEEDED) & (counted.lower >= ENRICHED))
    share = {}
    for subset in subsets:
        markers = [_present(genes, subset.up), proteins[marker_scores.find_proteins(subset.proteins_up, proteins)]]
        every, defining = pd.concat(markers, axis=1).mean(axis=1), _present(genes, subset.defining).mean(axis=1)
        share[subset.name] = np.minimum(every, defining.fillna(every)) * present[subset.name].to_numpy()
    return pd.DataFrame(share, index=genes.index).fillna(0.0)


def has_needed(subsets: Sequence[Subset], genes: pd.Index, shown: np.ndarray) -> pd.DataFrame:
    """Return which rows show all needed genes of each subset; a needed gene that was not measured is not shown.

    Parameters
    ----------
    genes
        Names of the columns of `shown`.
    shown
        Clusters or cells × genes.
    """
    columns = {}
    for subset in subsets:
        places = genes.get_indexer(list(subset.needs))
        columns[subset.name] = shown[:, places].all(axis=1) & (places >= 0).all()
    return pd.DataFrame(columns, index=range(len(shown)))


def _higher(values: np.ndarray, clusters: np.ndarray, donors: np.ndarray, columns: pd.Index) -> pd.DataFrame:
    """Return for each cluster and marker whether it is higher than outside (1) or not (0); NaN if not measured."""
    found = donor_evidence.cluster_vs_rest(values, clusters, donors)
    higher = (found.difference > HIGHER) & (found.support >= MIN_SUPPORT)
    return pd.DataFrame(np.where(np.isnan(found.difference), np.nan, higher), columns=columns)


def by_cell(expression: pd.DataFrame, subsets: Sequence[Subset], smoother: sp.csr_matrix) -> pd.DataFrame:
    """Return whether each cell shows, with its neighbours, each subset's measured up genes.

    The genes are to be higher than in the lineage on average, or more than half of them to be carried by most; needed
    genes are to be detected, twice as often as in the lineage.

    Parameters
    ----------
    expression
        Cells × marker genes, log1p of counts per 10,000.
    smoother
        Cells × cells, rows sum to 1: weights of a cell and its neighbours.

    Returns
    -------
    pd.DataFrame
        Cells × subsets, true or false.
    """
    measured = expression.loc[:, expression.gt(0).any()]
    values = measured.to_numpy(np.float32)
    detected = smoother @ (values > 0).astype(np.float32)
    level = pd.DataFrame(smoother @ marker_scores.standardise(values), measured.index, measured.columns)
    carried = pd.DataFrame(detected > CARRIED, measured.index, measured.columns)
    enriched = (detected >= NEEDED) & (detected >= ENRICHED * (values > 0).mean(axis=0))
    present = has_needed(subsets, measured.columns, enriched)
    can = {
        subset.name: present[subset.name].to_numpy()
        & ((_present(level, subset.up).mean(axis=1) > HIGHER) | (_present(carried, subset.up).mean(axis=1) > SHOWN))
        for subset in subsets
    }
    return pd.DataFrame(can, index=expression.index)


def _present(markers: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Return the requested columns that are present."""
    return markers.loc[:, markers.columns.isin(list(wanted))]


def strongest(
    X: sp.csr_matrix, genes: pd.Index, clusters: np.ndarray, donors: np.ndarray, *, number: int = 8
) -> list[str]:
    """Name the genes that stand out most in each cluster against the rest, in most donors, the highest first.

    Parameters
    ----------
    X
        Cells × genes, log1p of counts per 10,000.
    """
    found = donor_evidence.cluster_vs_rest(X, clusters, donors)
    mean = np.asarray(X.mean(axis=0)).ravel()
    spread = np.sqrt(np.maximum(np.asarray(X.multiply(X).mean(axis=0)).ravel() - mean**2, 1e-9))
    size = np.where((found.support >= MIN_SUPPORT) & (found.difference > 0), found.difference / spread, 0)
    order = np.argsort(-size, axis=1, kind="stable")[:, :number]
    return [", ".join(genes[row][size[cluster, row] > HIGHER]) for cluster, row in enumerate(order)]
