"""Ambient RNA of a library: its profile, and the share of each cell's counts that comes from it.

The profile is that of droplets without a cell. A gene that a cluster of cells does not express is counted there only as
ambient RNA, so its observed counts divided by those expected of pure ambient RNA estimate the contamination; genes that
the cluster expresses lie above (the reasoning of SoupX, Young & Behjati 2020, doi:10.1093/gigascience/giaa151).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from sscite import io
from sscite.embedding import pca, variable_genes
from sscite.errors import Reason, Skipped, UserError
from sscite.logarithm import log1p
from sscite.names import AMBIENT_COUNTS, AMBIENT_FRACTION, LIBRARY, RNA
from sscite.totals import per_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODES = ("none", "flag", "correct")
MIN_CELLS = 50
MIN_AMBIENT = 1000  # counts in empty droplets; with fewer the profile is taken from the cells
MIN_GENES = 20  # informative genes of a cluster
GENE_AMBIENT, GENE_EXPECTED = 10, 50  # counts of an informative gene: in the profile, in a cluster of pure ambient RNA
LOWEST = 0.02  # quantile of observed / expected at which the fit starts
EXCESS = 2.0  # standard deviations of a Poisson count above which a gene is expressed by the cluster
NOT_IDENTIFIED = 2.0  # a cluster above this multiple of the library's fraction resembles the profile itself
PRIOR_COUNTS = 5.0  # ambient counts that the cluster's fraction is worth in the estimate of a cell
CELLS_OF_CLUSTER, MOST_CLUSTERS, FEWEST_CLUSTERS = 100, 15, 4
GENES, COMPONENTS = 1500, 15


@dataclass(frozen=True)
class Estimate:
    """Contamination of a library.

    Attributes
    ----------
    cells
        Ambient fraction of each cell's counts, shape (n_cells,).
    library
        Median over cells of their cluster's fraction.
    clusters
        A row per cluster: `cluster cells genes fraction identified`; `genes` are those not expressed by the cluster.
    """

    cells: NDArray
    library: float
    clusters: pd.DataFrame


@dataclass(frozen=True)
class Result:
    """What the step writes.

    Attributes
    ----------
    cells
        `ambient_fraction` of each cell.
    profile
        `library` and `share` of each gene in the ambient RNA, indexed by gene; shares sum to 1.
    source
        `empty droplets` or `cells`.
    estimate
        Contamination by cluster.
    corrected
        Counts without ambient RNA, cells × genes; None unless requested.
    """

    cells: pd.DataFrame
    profile: pd.DataFrame
    source: str
    estimate: Estimate
    corrected: sparse.csr_matrix | None


def check_mode(mode: str) -> None:
    """Refuse a mode that is not none, flag or correct."""
    if mode not in MODES:
        raise UserError(f"--ambient_rna '{mode}': allowed are {', '.join(MODES)}")


def no_estimate(cells: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of a library without an estimate: NaN for each cell, no gene."""
    profile = pd.DataFrame({"library": [], "share": np.array([], float)}, index=pd.Index([], dtype=str, name="gene"))
    return pd.DataFrame({AMBIENT_FRACTION: np.nan}, index=cells), profile


def run(library: Path, mode: str, *, seed: int) -> Result:
    """Estimate the ambient RNA of a library's file, and remove it with mode `correct`.

    Raises
    ------
    Skipped
        NOT_REQUESTED with mode `none`, NO_RNA, TOO_FEW_CELLS below 50 cells.
    """
    if mode == "none":
        raise Skipped(Reason.NOT_REQUESTED, "ambient_rna = none")
    if RNA not in io.modalities(library):
        raise Skipped(Reason.NO_RNA)
    rna = io.read_modality(library, RNA)
    if rna.n_obs < MIN_CELLS:
        raise Skipped(Reason.TOO_FEW_CELLS, f"{rna.n_obs}; {MIN_CELLS} are needed")
    counts = sparse.csr_matrix(rna.X)
    given = rna.var[AMBIENT_COUNTS].to_numpy() if AMBIENT_COUNTS in rna.var else None
    ambient, source = profile(given, counts)
    clusters = cluster_cells(counts, seed=seed)
    found = estimate(counts, ambient, clusters)
    corrected = subtract(counts, ambient, found.cells, clusters, seed=seed) if mode == "correct" else None
    cells = pd.DataFrame({AMBIENT_FRACTION: found.cells}, index=rna.obs_names)
    name = str(io.read_obs(library)[LIBRARY].iloc[0])
    share = pd.DataFrame({"library": name, "share": ambient / ambient.sum()}, index=rna.var_names.rename("gene"))
    return Result(cells, share, source, found, corrected)


def write_corrected(library: Path, corrected: sparse.csr_matrix | None, out: Path) -> None:
    """Copy a library's file with the corrected RNA counts, unchanged without them; quality flags stay as they were."""
    import h5py
    from anndata.io import write_elem

    out.parent.mkdir(exist_ok=True)
    shutil.copyfile(library, out)
    if corrected is not None:
        with h5py.File(out, "r+") as file:
            del file[f"mod/{RNA}/X"]
            options = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
            write_elem(file[f"mod/{RNA}"], "X", corrected, dataset_kwargs=options)


def profile(ambient_counts: NDArray | None, counts: sparse.csr_matrix) -> tuple[NDArray, str]:
    """Return the counts that define the ambient profile, shape (n_genes,), and their source.

    Parameters
    ----------
    ambient_counts
        Sums over empty droplets; None without raw counts.
    counts
        Cells × genes; their sum is the profile if empty droplets hold fewer than 1,000 counts.
    """
    if ambient_counts is not None and ambient_counts.sum() >= MIN_AMBIENT:
        return np.asarray(ambient_counts, float), "empty droplets"
    return np.asarray(counts.sum(axis=0), float).ravel(), "cells"


def cluster_cells(counts: sparse.csr_matrix, *, seed: int) -> NDArray[np.int64]:
    """Cluster cells coarsely: k-means on 15 principal components, one cluster per 100 cells, between 4 and 15."""
    from sklearn.cluster import KMeans

    totals = np.maximum(per_cell(counts).astype(float), 1)
    factors = 1e4 / totals
    mean, variance = variable_genes.moments(counts, factors)
    chosen = variable_genes.choose(mean[None], variance[None], top=GENES, cells=np.array([len(totals)]))
    logged = counts[:, np.flatnonzero(chosen)].astype(np.float32)
    logged.data = log1p((logged.data * np.repeat(factors, np.diff(logged.indptr))).astype(np.float32))
    space = pca.fit(logged, components=COMPONENTS, tempered=True).project(logged)
    k = int(np.clip(len(totals) // CELLS_OF_CLUSTER, FEWEST_CLUSTERS, MOST_CLUSTERS))
    with threadpool_limits(1):
        return KMeans(k, n_init=2, random_state=seed).fit_predict(space)


def unexpressed_genes(observed: NDArray, expected: NDArray) -> tuple[float, NDArray[np.bool_]]:
    """Estimate the ambient fraction of a cluster from the genes that it does not express.

    Starting from the 2% quantile of observed / expected, the fraction is the pooled ratio over the genes whose counts
    exceed their ambient expectation by at most two standard deviations, repeated until it is stable.

    Parameters
    ----------
    observed
        Counts of informative genes in the cluster.
    expected
        Counts of these genes if all of the cluster's counts were ambient.

    Returns
    -------
    The fraction, and which genes are not expressed.
    """
    fraction = float(np.quantile((observed + 0.5) / expected, LOWEST))
    silent = np.ones(len(observed), bool)
    for _ in range(100):
        mean = fraction * expected
        silent = observed <= mean + EXCESS * np.sqrt(mean)
        updated = float(observed[silent].sum() / expected[silent].sum()) if silent.any() else fraction
        if abs(updated - fraction) < 1e-5:
            break
        fraction = updated
    return min(fraction, 1.0), silent


def estimate(counts: sparse.csr_matrix, ambient: NDArray, clusters: NDArray) -> Estimate:
    """Estimate the ambient fraction of each cell.

    A cluster's fraction comes from the genes it does not express; a cell's from the same genes, shrunk towards its
    cluster's. A cluster of more than twice the library's fraction has the profile's own cell type: its fraction is not
    identified and the library's is used.

    Parameters
    ----------
    counts
        Cells × genes, raw.
    ambient
        Counts of the ambient profile, shape (n_genes,).
    clusters
        Cluster of each cell.

    Raises
    ------
    Skipped
        TOO_FEW_CELLS if no cluster has 20 informative genes.
    """
    totals = per_cell(counts).astype(float)
    share = ambient / ambient.sum()
    silent_genes, rows = {}, []
    for label in np.unique(clusters):
        inside = clusters == label
        observed = np.asarray(counts[inside].sum(axis=0), float).ravel()
        expected = observed.sum() * share
        informative = np.flatnonzero((expected >= GENE_EXPECTED) & (ambient >= GENE_AMBIENT))
        if len(informative) < MIN_GENES:
            continue
        fraction, silent = unexpressed_genes(observed[informative], expected[informative])
        silent_genes[label] = informative[silent]
        rows.append((label, int(inside.sum()), int(silent.sum()), fraction))
    if not rows:
        raise Skipped(Reason.TOO_FEW_CELLS, f"no cluster has {MIN_GENES} genes with {GENE_EXPECTED} expected counts")
    table = pd.DataFrame(rows, columns=["cluster", "cells", "genes", "fraction"])
    library = weighted_median(table["fraction"].to_numpy(), table["cells"].to_numpy())
    table["identified"] = table["fraction"] <= NOT_IDENTIFIED * library
    cells = np.full(len(totals), library)
    for row in table[table["identified"]].itertuples():
        mine, genes = np.flatnonzero(clusters == row.cluster), silent_genes[row.cluster]
        seen = np.asarray(counts[mine][:, genes].sum(axis=1), float).ravel()
        prior = PRIOR_COUNTS / max(row.fraction, 1e-4)
        cells[mine] = (PRIOR_COUNTS + seen) / (prior + totals[mine] * share[genes].sum())
    return Estimate(np.minimum(cells, 1.0), library, table)


def weighted_median(values: NDArray, weights: NDArray) -> float:
    """Return the smallest value at which half of the weight is reached."""
    order = np.argsort(values, kind="stable")
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)])


def subtract(
    counts: sparse.csr_matrix, ambient: NDArray, fraction: NDArray, clusters: NDArray, *, seed: int
) -> sparse.csr_matrix:
    """Remove ambient counts at random, so that the sums over a cluster lose what is expected to be ambient.

    A count of gene g in a cell of cluster k is ambient with probability (expected ambient counts of g in k) / (counts
    of g in k), at most 1, times the cell's fraction relative to its cluster's.

    Parameters
    ----------
    counts, ambient, clusters
        As in `estimate`.
    fraction
        Ambient fraction of each cell.

    Returns
    -------
    Integers of the same shape.
    """
    totals = per_cell(counts).astype(float)
    share = ambient / ambient.sum()
    rng = np.random.default_rng(seed)
    result = sparse.csr_matrix(counts, copy=True)
    row = np.repeat(np.arange(counts.shape[0]), np.diff(result.indptr))
    probability = np.zeros(len(result.data))
    for label in np.unique(clusters):
        mine = clusters == label
        observed = np.asarray(counts[mine].sum(axis=0), float).ravel()
        free = (fraction[mine] * totals[mine]).sum()
        of_gene = np.minimum(free * share / np.maximum(observed, 1), 1.0)
        relative = fraction * totals[mine].sum() / max(free, 1e-12)
        entries = mine[row]
        probability[entries] = of_gene[result.indices[entries]] * relative[row[entries]]
    kept = rng.binomial(result.data.astype(np.int64), 1 - np.minimum(probability, 1.0))
    result.data = kept.astype(counts.dtype)
    result.eliminate_zeros()
    return result
