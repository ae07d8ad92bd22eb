"""CellTypist's majority vote over fine clusters of the whole cohort, on the corrected embedding.

Where voting is by cohort, libraries bring the labels of single cells. Cells of all libraries are clustered together as
CellTypist clusters a library, so that a type that is rare in each library has a cluster of its own; then the steps that
follow the vote in a library follow here too: decisive genes, unassigned cells, the protein check.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import io, names
from sscite.annotate import labels as label_rules
from sscite.annotate import protein_decision, refine, vote
from sscite.annotate.genes import ensembl_symbols
from sscite.cohort import embedding_file
from sscite.cohort import file as store
from sscite.errors import Reason, Skipped


@dataclass(frozen=True)
class Voted:
    """Labels after the vote.

    Attributes
    ----------
    cells
        All cells; `cell_type lineage lineage_rna protein_support`.
    clusters
        How many voted.
    changed
        Clusters that decisive genes moved to another lineage.
    kept
        Of each lineage by single cells' RNA, how many cells there were, and how many the vote left in it.
    """

    cells: pd.DataFrame
    clusters: int
    changed: pd.DataFrame
    kept: pd.DataFrame


def run(merged: Path, embedding: Path, *, seed: int) -> Voted:
    """Read what the vote needs and vote.

    Raises
    ------
    Skipped
        No cell has a label, too few have one, or the cohort was not embedded.
    """
    obs = io.read_obs(merged, names.RNA)
    axes = embedding_file.read(embedding)[1][names.X_HARMONY]
    var = store.read_element(merged, f"mod/{names.RNA}/var")
    known = ensembl_symbols(var)
    symbols = pd.Index([known.get(str(name).split(".")[0], name) for name in var.index])
    decisive = [gene for rivals in refine.RIVALS for gene in (*rivals.own_genes, *rivals.rival_genes)]
    places = np.flatnonzero(symbols.isin(decisive))
    return majority(obs, axes, store.gather(merged, genes=places), symbols[places], seed=seed)


def majority(obs: pd.DataFrame, axes: np.ndarray, expression: sp.csr_matrix, genes: pd.Index, *, seed: int) -> Voted:
    """Return every cell with the most frequent label of its fine cluster of the cohort, and its lineage.

    Cells of libraries without labels neither vote nor change. A cluster of fewer than 10 cells does not vote. CD4 and
    CD8 T cells stay as the library separated them.

    Parameters
    ----------
    obs
        As merging wrote it, with the labels of single cells.
    axes
        The corrected embedding, cells × components.
    expression, genes
        Cells × genes that settle rivals (0 where not detected), and their symbols.

    Raises
    ------
    Skipped
        No cell has a label, too few have one, or the cohort was not embedded.
    """
    before = _labels(obs)
    rows = np.flatnonzero((before[names.CELL_TYPE_FINE] != "").to_numpy())
    if len(rows) == 0:
        raise Skipped(Reason.NO_LABELS)
    if len(rows) < vote.FEWEST_CELLS or not np.isfinite(axes[rows]).all():
        raise Skipped(Reason.TOO_FEW_CELLS, f"{len(rows)} cells with a label; {vote.FEWEST_CELLS} are needed to vote")
    labels = before.iloc[rows]
    clusters = vote.over_cluster(vote.neighbour_graph(axes[rows]), seed=seed)
    lineage_of = _lineage_of(labels)
    voted, changed = _refined(labels, clusters, expression[rows], genes, lineage_of)
    rna = _lineages(labels, voted, clusters, lineage_of)
    voted, rna = _keep_split(labels, voted, rna)
    cells = before.drop(columns=[names.CELL_TYPE_FINE, names.PROTEIN_LINEAGE])
    cells.iloc[rows] = _check_again(labels, voted, rna)[cells.columns].to_numpy()
    return Voted(cells, len(np.unique(clusters)), changed, _kept(labels[names.LINEAGE_RNA].to_numpy(), rna))


def _labels(obs: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of annotation as text, empty if a cell has none."""
    columns = [names.CELL_TYPE, names.CELL_TYPE_FINE, names.LINEAGE, names.LINEAGE_RNA, names.PROTEIN_LINEAGE,
               names.PROTEIN_SUPPORT]  # fmt: skip
    return obs.reindex(columns=columns).astype(object).fillna("")


def _lineage_of(labels: pd.DataFrame) -> dict[str, str]:
    """Return the lineage of each label, from the cells assigned to one."""
    sure = labels[labels[names.LINEAGE_RNA] != names.UNASSIGNED]
    found = sure.groupby(names.CELL_TYPE_FINE)[names.LINEAGE_RNA].agg(lambda values: values.mode()[0])
    return {label: found.get(label, names.UNASSIGNED) for label in labels[names.CELL_TYPE_FINE].unique()}


def _refined(
    labels: pd.DataFrame, clusters: np.ndarray, expression: sp.csr_matrix, genes: pd.Index, lineage_of: dict[str, str]
) -> tuple[np.ndarray, pd.DataFrame]:
    """Vote, let decisive genes move clusters, and give cells of small clusters their own label back.

    A cluster without a label of its own among the rivals takes the rival label that is most frequent in the cohort.
    """
    fine = labels[names.CELL_TYPE_FINE].to_numpy(dtype=object)
    types, counts = np.unique(fine.astype(str), return_counts=True)
    frequent = np.broadcast_to(counts.astype(float), (len(fine), len(types)))
    voted, changed = refine.refine(
        vote.majority(fine, clusters), fine, clusters, frequent, types, lineage_of, expression, genes
    )
    size = np.bincount(clusters)
    voted = np.where(size[clusters] < label_rules.FEWEST_VOTERS, fine, voted).astype(object)
    return voted, changed[changed["cells"] >= label_rules.FEWEST_VOTERS]


def _lineages(labels: pd.DataFrame, voted: np.ndarray, clusters: np.ndarray, lineage_of: dict[str, str]) -> np.ndarray:
    """Return the lineage of the voted label; an unassigned cell gets it if half of its cluster is assigned to it."""
    given, own = (
        np.array([lineage_of[label] for label in values], dtype=object)
        for values in (voted, labels[names.CELL_TYPE_FINE])
    )
    assigned = (labels[names.LINEAGE_RNA] != names.UNASSIGNED).to_numpy()
    agrees = pd.Series((label_rules.family(own) == label_rules.family(given)) & assigned)
    support = agrees.groupby(clusters).transform("mean").to_numpy()
    unsure = ~assigned & (support < label_rules.LOW_SUPPORT)
    return np.where(unsure, names.UNASSIGNED, given).astype(object)


def _kept(before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """Count the cells of each lineage before the vote, and those that it left there; `lineage cells kept`."""
    same = pd.Series(before == after).groupby(before)
    return pd.DataFrame({"cells": same.size(), "kept": same.sum()}).rename_axis(index=names.LINEAGE).reset_index()


def _keep_split(labels: pd.DataFrame, voted: np.ndarray, rna: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and lineages with CD4 and CD8 T cells as the library separated them, which the vote cannot."""
    own = labels[names.LINEAGE_RNA].to_numpy(dtype=object)
    kept = np.isin(own, ["CD4 T", "CD8 T"]) & np.isin(rna, ["CD4 T", "CD8 T"]) & (own != rna)
    cell_type = labels[names.CELL_TYPE].to_numpy(dtype=object)
    return np.where(kept, cell_type, voted).astype(object), np.where(kept, own, rna).astype(object)


def _check_again(labels: pd.DataFrame, voted: np.ndarray, rna: np.ndarray) -> pd.DataFrame:
    """Compare the voted lineage with protein: what protein had decided against RNA, it decides again."""
    shown = labels[names.PROTEIN_LINEAGE].to_numpy(dtype=object)
    decided = (labels[names.LINEAGE] != labels[names.LINEAGE_RNA]).to_numpy()
    cell_type = np.where(rna == names.UNASSIGNED, names.UNASSIGNED, voted).astype(object)
    return labels.assign(
        **{
            names.CELL_TYPE: cell_type,
            names.LINEAGE: protein_decision.decide(rna, voted, shown, decided),
            names.LINEAGE_RNA: rna,
            names.PROTEIN_SUPPORT: protein_decision.support(rna, shown),
        }
    )
