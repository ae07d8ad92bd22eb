"""Settle by a few decisive genes what classifier and vote confuse: cytotoxic T and NK, mast and its progenitor.

A cluster keeps its voted lineage unless the genes that are particular to a rival are detected in more of its cells than
those of its own. Cytotoxic T and NK cells share their effector genes, which outweigh the few that tell them apart;
the mast cells of tissue models do not circulate, their progenitors do (Dahlin et al. 2016,
doi:10.1182/blood-2015-06-650648).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import genes as genes_by_role
from sscite.annotate.lineage import T_CELLS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

FEWEST_GENES = 2  # of each side that must have been measured
MARGIN = 0.1  # by which the rival's detection must exceed


@dataclass(frozen=True)
class Rivals:
    """Two groups of lineages, and the lists of the genes that only one of them expresses."""

    own: Collection[str]
    rival: Collection[str]
    own_list: str
    rival_list: str

    @property
    def own_genes(self) -> tuple[str, ...]:
        """Return the genes of the own lineages."""
        return genes_by_role.named(self.own_list)

    @property
    def rival_genes(self) -> tuple[str, ...]:
        """Return the genes of the rival lineages."""
        return genes_by_role.named(self.rival_list)


RIVALS = (
    Rivals(("NK",), T_CELLS, "RIVAL_NK", "RIVAL_T"),
    Rivals(T_CELLS, ("NK",), "RIVAL_T", "RIVAL_NK"),
    Rivals(("mast",), ("progenitor",), "RIVAL_MAST", "RIVAL_PROGENITOR"),
)


def refine(
    labels: NDArray[np.object_],
    fine: NDArray[np.object_],
    clusters: NDArray[np.intp],
    decision: NDArray[np.float64],
    cell_types: NDArray[np.str_],
    lineage_of: dict[str, str],
    counts: sparse.csr_matrix,
    genes: pd.Index,
) -> tuple[NDArray[np.object_], pd.DataFrame]:
    """Return the labels, with those of a rival lineage for clusters that express its genes.

    Parameters
    ----------
    labels, fine, clusters
        Voted label, own label and cluster of each cell.
    decision, cell_types
        Scores, shape (cells, types), and the types.
    counts, genes
        cells × features, raw, and the symbols of its columns.

    Returns
    -------
    Labels, and a row per changed cluster: `cluster cells from to own_detected rival_detected`.
    """
    refined, changes = labels.copy(), []
    detected = {
        gene: _detected(counts, genes, gene) for rivals in RIVALS for gene in (*rivals.own_genes, *rivals.rival_genes)
    }
    for cluster in np.unique(clusters):
        cells = np.flatnonzero(clusters == cluster)
        before = labels[cells[0]]
        for rivals in RIVALS:
            if lineage_of.get(before) not in rivals.own:
                continue
            own, rival = (_share(detected, names, cells) for names in (rivals.own_genes, rivals.rival_genes))
            types = np.flatnonzero([lineage_of.get(name) in rivals.rival for name in cell_types])
            if not rival > own + MARGIN or types.size == 0:
                continue
            after = _best_rival(fine[cells], decision[np.ix_(cells, types)], cell_types[types])
            refined[cells] = after
            changes.append((int(cluster), len(cells), before, after, round(own, 3), round(rival, 3)))
    columns = ["cluster", "cells", "from", "to", "own_detected", "rival_detected"]
    return refined, pd.DataFrame(changes, columns=columns)


def t_cells_among_nk(
    labels: NDArray[np.object_],
    decision: NDArray[np.float64],
    cell_types: NDArray[np.str_],
    lineage_of: dict[str, str],
    counts: sparse.csr_matrix,
    genes: pd.Index,
) -> NDArray[np.object_]:
    """Return the labels, with the best CD4 or CD8 T type for NK cells with two CD3 genes and none of NK cells.

    Clusters of cytotoxic cells hold both. With fewer than two NK genes measured nothing changes.
    """
    types = np.flatnonzero([lineage_of[name] in T_CELLS[:-1] for name in cell_types])
    first = ~genes.duplicated()
    nk, cd3 = (
        counts[:, np.flatnonzero(first & genes.isin(genes_by_role.named(role)))].toarray() > 0
        for role in ("RIVAL_NK", "RIVAL_T")
    )
    if types.size == 0 or nk.shape[1] < FEWEST_GENES:
        return labels
    called = np.array([lineage_of.get(label) == "NK" for label in labels], dtype=bool)
    is_t = called & (cd3.sum(axis=1) >= FEWEST_GENES) & ~nk.any(axis=1)
    settled = labels.copy()
    settled[is_t] = cell_types[types[decision[np.ix_(is_t, types)].argmax(axis=1)]]
    return settled


def _best_rival(fine: NDArray[np.object_], decision: NDArray[np.float64], types: NDArray[np.str_]) -> str:
    """Choose a cluster's most frequent own label of these types; without any, the type of highest mean score."""
    votes = pd.Series(fine[np.isin(fine, types)]).value_counts()
    return str(votes.index[0]) if len(votes) else str(types[decision.mean(axis=0).argmax()])


def _detected(counts: sparse.csr_matrix, genes: pd.Index, gene: str) -> NDArray[np.bool_] | None:
    """Return in which cells a gene was detected; None if it was not measured."""
    column = np.flatnonzero(genes == gene)
    return counts[:, column[:1]].toarray()[:, 0] > 0 if column.size else None


def _share(detected: dict[str, NDArray[np.bool_] | None], names: tuple[str, ...], cells: NDArray[np.intp]) -> float:
    """Average over genes the share of cells that express them; NaN where too few were measured."""
    known = [values[cells].mean() for name in names if (values := detected[name]) is not None]
    return float(np.mean(known)) if len(known) >= FEWEST_GENES else float("nan")
