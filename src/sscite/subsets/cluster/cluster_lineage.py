"""Lineage by lineage: embed anew, cluster at a stable resolution, name clusters by their markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import names
from sscite.cohort.integrate import embed
from sscite.embedding import graph, neighbours, pca, umap
from sscite.subsets.cluster import cluster_names, marker_scores, marker_support, protein_gate
from sscite.subsets.cluster.rate_ratio import RateRatio, rate_ratio
from sscite.subsets.cluster.resolution import assess_stability, choose_resolution, merge_small
from sscite.subsets.definitions.subsets import Lineage, Subset

MIN_CELLS = 60
COMPONENTS = 30
NEAREST = 15
CONTRADICTED = 0.5  # standard deviations by which a cell's own subset must exceed its cluster's to take its place


@dataclass
class LineageCells:
    """The cells of one lineage as read from the cohort.

    Attributes
    ----------
    X
        Cells × genes (variable genes and markers), log1p of counts per 10,000.
    genes
        Names of the genes.
    obs
        Cells with library, donor, tissue.
    protein
        Cells × proteins, normalised; None without antibodies.
    """

    X: sp.csr_matrix
    genes: pd.Index
    obs: pd.DataFrame
    protein: pd.DataFrame | None


@dataclass
class Found:
    """What was found in one lineage."""

    cells: pd.DataFrame
    scores: pd.DataFrame
    clusters: pd.DataFrame
    resolutions: pd.DataFrame
    umap: np.ndarray
    resolution: float
    embedding: np.ndarray
    expression: pd.DataFrame = field(default_factory=pd.DataFrame)
    gates: list[protein_gate.Gate] = field(default_factory=list)


def cluster_lineage(data: LineageCells, lineage: Lineage, *, resolution: float | None, seed: int) -> Found:
    """Cluster one lineage and name its clusters.

    Genes are tempered before the components are taken (divided by the square root of their standard deviation),
    since subsets often differ by markers of few counts.

    Parameters
    ----------
    resolution
        Of Leiden; None chooses it by stability.
    """
    components = pca.fit(data.X, components=min(COMPONENTS, data.X.shape[0] // 4), tempered=True)
    embedding, _, _ = embed.correct(components.project(data.X), data.obs, seed=seed)
    k = min(NEAREST, len(embedding) // 4)
    fuzzy = graph.fuzzy(*neighbours.among_themselves(embedding, k, seed=seed))
    resolutions = pd.DataFrame() if resolution else assess_stability(embedding, seed=seed, k=k)
    chosen = resolution or choose_resolution(resolutions)
    expression = marker_expression(data, lineage)
    tissues = set(data.obs[names.TISSUE].astype(str))
    sought = [subset for subset in lineage.subsets if not subset.tissues or tissues & set(subset.tissues)]
    smoother = marker_scores.smoothing(fuzzy)
    scores = marker_scores.marker_scores(expression, data.protein, sought, smoother)
    clusters = graph.leiden(fuzzy, resolution=chosen, seed=seed)
    clusters = merge_small(clusters, scores.to_numpy())
    table = name_clusters(data, expression, scores, clusters, lineage, sought)
    table.insert(0, "lineage", lineage.name)
    can_be = possible(expression, data.obs, sought, smoother)[scores.columns]
    unnamed = [subset for subset in sought if subset.name in scores and subset.name not in set(table["subset"])]
    gates = gate_subsets(data, expression, unnamed)
    cells = name_cells(scores, can_be, clusters, table, gates)
    positions = umap.embed(fuzzy, embedding, seed=seed)
    return Found(cells, scores, table, resolutions, positions, chosen, embedding, expression, gates)


def marker_expression(data: LineageCells, lineage: Lineage) -> pd.DataFrame:
    """Return the measured markers of a lineage's subsets as a dense table, cells × genes."""
    present = [gene for gene in lineage.genes if gene in data.genes]
    dense = data.X[:, data.genes.get_indexer(present)].toarray()
    return pd.DataFrame(dense, index=data.obs.index, columns=present)


def name_clusters(
    data: LineageCells,
    expression: pd.DataFrame,
    scores: pd.DataFrame,
    clusters: np.ndarray,
    lineage: Lineage,
    sought: Sequence[Subset],
) -> pd.DataFrame:
    """Name clusters, and list the genes that stand out in each and the detection of the defining genes."""
    donors = pd.factorize(data.obs[names.DONOR].astype(str), sort=True)[0]
    other = names.OTHER_SUBSET.format(lineage=lineage.name)
    counts, depth = raw_counts(expression, data.obs)
    counted = rate_ratio(counts, depth, clusters, donors)
    if scores.shape[1] == 0:
        table = pd.DataFrame({"cluster": np.unique(clusters), "cells": np.bincount(clusters), "subset": other,
                              "flag": "no marker was measured"})  # fmt: skip
    else:
        tissues = {subset.name: subset.tissues for subset in sought if subset.tissues}
        shown = marker_support.by_cluster(expression, data.protein, sought, clusters, donors, counted)
        table = cluster_names.name_clusters(scores, clusters, data.obs, shown=shown, tissues=tissues, other=other)
        table["detection"] = detection(table["best"], sought, expression.columns, counted)
    table["strongest"] = marker_support.strongest(data.X, data.genes, clusters, donors)
    return table


def raw_counts(expression: pd.DataFrame, obs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return counts of the marker genes and total counts of each cell; without totals, counts per 10,000."""
    depth = np.full(len(expression), 1e4)
    if names.N_COUNTS in obs:
        depth = np.maximum(pd.to_numeric(obs[names.N_COUNTS]).to_numpy(dtype=float), 1.0)
    return np.rint(np.expm1(expression.to_numpy(dtype=float)) * depth[:, None] / 1e4), depth


def detection(best: pd.Series, sought: Sequence[Subset], genes: pd.Index, counted: RateRatio) -> list[str]:
    """List for each cluster the defining genes of its best subset: share of cells and rate ratio to the rest."""
    defining = {subset.name: dict.fromkeys((*subset.needs, *subset.defining)) for subset in sought}
    rows = []
    for cluster, name in enumerate(best):
        places = [(gene, genes.get_loc(gene)) for gene in defining[name] if gene in genes]
        parts = [f"{gene} {counted.detected[cluster, j]:.0%} (x{counted.ratio[cluster, j]:.1f})" for gene, j in places]
        parts += [f"{gene} not measured" for gene in defining[name] if gene not in genes]
        rows.append(", ".join(parts))
    return rows


def possible(
    expression: pd.DataFrame, obs: pd.DataFrame, sought: Sequence[Subset], smoother: sp.csr_matrix
) -> pd.DataFrame:
    """Return which subsets each cell can be: it shows their markers, and is from their tissue; cells × subsets."""
    can = marker_support.by_cell(expression, sought, smoother)
    for subset in sought:
        if subset.tissues:
            can[subset.name] &= obs[names.TISSUE].astype(str).isin(subset.tissues).to_numpy()
    return can


def gate_subsets(data: LineageCells, expression: pd.DataFrame, sought: Sequence[Subset]) -> list[protein_gate.Gate]:
    """Gate the lineage's cells for each subset that has a gate and names no cluster."""
    counts, depth = raw_counts(expression, data.obs)
    table = pd.DataFrame(counts, columns=expression.columns)
    found = (protein_gate.gate_cells(subset, data.protein, table, depth, data.obs) for subset in sought)
    return [gate for gate in found if gate is not None]


def name_cells(
    scores: pd.DataFrame,
    can_be: pd.DataFrame,
    clusters: np.ndarray,
    table: pd.DataFrame,
    gates: Sequence[protein_gate.Gate] = (),
) -> pd.DataFrame:
    """Return each cell with its cluster's name, or its own if that is clearly another, and its score of it.

    Cells inside a gate that RNA confirms have the gate's name.

    Parameters
    ----------
    scores
        Cells × subsets, standardised.
    can_be
        Cells × subsets: whether the cell can be of the subset.
    clusters
        Number of each cell's cluster.
    table
        A row per cluster, with lineage, cluster, subset.
    gates
        Of the lineage's subsets; those not confirmed name no cell.
    """
    lineage = table["lineage"].iloc[0]
    of_cluster = contradicted(
        scores, can_be, table.set_index("cluster")["subset"].reindex(clusters).to_numpy(dtype=object)
    )
    each = by_cell(scores, can_be, names.OTHER_SUBSET.format(lineage=lineage))
    for gate in gates:
        if gate.confirmed:
            of_cluster[gate.cells], each[gate.cells] = gate.subset, gate.subset
    cells = pd.DataFrame(index=scores.index)
    cells[names.LINEAGE] = lineage
    cells[names.CLUSTER] = [f"{lineage}:{number}" for number in clusters]
    cells[names.SUBSET] = of_cluster
    place = scores.columns.get_indexer(of_cluster)
    values = scores.to_numpy()
    own = np.where(place >= 0, values[np.arange(len(values)), place] if values.shape[1] else 0.0, np.nan)
    cells[names.SUBSET_SCORE] = own.astype(np.float32)
    cells["subset_margin"] = _margin(values, place)
    cells["subset_by_cell"] = each
    return cells


def contradicted(scores: pd.DataFrame, can_be: pd.DataFrame, of_cluster: np.ndarray) -> np.ndarray:
    """Return the cells' names, with another subset's name for cells whose own score clearly exceeds the cluster's.

    A cluster may hold cells of two subsets. Only subsets that name a cluster of the lineage are considered: single
    cells are no evidence that a subset is there.

    Parameters
    ----------
    scores
        Cells × subsets, standardised.
    can_be
        Cells × subsets: whether the cell can be of the subset.
    of_cluster
        Name of each cell's cluster; cells of clusters that no subset names keep it.
    """
    place = scores.columns.get_indexer(of_cluster)
    rows = np.flatnonzero(place >= 0)
    values = scores.to_numpy()[rows]
    names_given = of_cluster.copy()
    if len(rows):
        allowed = can_be.to_numpy()[rows] & scores.columns.isin(of_cluster)[None, :]
        others = np.where(allowed, values, -np.inf)
        moved = others.max(axis=1) - values[np.arange(len(rows)), place[rows]] > CONTRADICTED
        names_given[rows[moved]] = scores.columns.to_numpy()[others[moved].argmax(axis=1)]
    return names_given


def _margin(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return each cell's score of its own subset less the best score of another; NaN for unassigned."""
    if values.shape[1] < 2:
        return np.full(len(values), np.nan, np.float32)
    others = values.copy()
    rows = np.flatnonzero(place >= 0)
    others[rows, place[rows]] = -np.inf
    margin = np.full(len(values), np.nan, np.float32)
    margin[rows] = values[rows, place[rows]] - others[rows].max(axis=1)
    return margin


def by_cell(scores: pd.DataFrame, can_be: pd.DataFrame, other: str, threshold: float = 0.5) -> np.ndarray:
    """Call each cell by its best score among the subsets that it can be; `other` if that is low."""
    if scores.shape[1] == 0:
        return np.full(len(scores), other, dtype=object)
    values = np.where(can_be.to_numpy(), scores.to_numpy(), -np.inf)
    return np.where(values.max(axis=1) >= threshold, scores.columns.to_numpy()[values.argmax(axis=1)], other)
