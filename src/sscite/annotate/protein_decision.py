"""Surface protein as an independent check of the lineage that RNA gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import names
from sscite.annotate.labels import LINEAGE_MARGIN, MARKER_LINEAGE, VOTE_CLUSTER
from sscite.annotate.lineage import SET_ASIDE, T_CELLS
from sscite.annotate.protein_gates import FEWEST, cuts, gate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sscite.annotate.protein_gates import Cut

SUPPORTED, CONTRADICTED, NO_PROTEIN = "supported", "contradicted", "no protein"
DOUBLET = "doublet"
DOUBTFUL = 1.0  # logits by which RNA must favour its lineage to stand against a clear protein
CONTRADICTED_SHARE = 0.5  # of a cluster's cells with a clear protein lineage
# RNA lineages that a protein lineage does not contradict
COMPATIBLE = {
    "CD4 T": {"CD4 T", "other T"}, "CD8 T": {"CD8 T", "other T"}, "other T": set(T_CELLS), "B": {"B", "plasma"},
    "NK": {"NK"}, "monocyte/DC": {"monocyte/DC", "macrophage"}, "pDC": {"pDC", "monocyte/DC"},
    "progenitor": {"progenitor"},
}  # fmt: skip
# lineages without gating proteins: proteins are uninformative on them
NOT_GATED = {"platelet", "red cell", "mast", "neutrophil", "epithelial", "endothelial", "stromal", "other"}
GENERIC_T = ("T cells", "Cycling T cells", "T cells proliferating", "T cell", "other T")


def support(rna: NDArray[np.object_], protein: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return whether each cell's proteins support or contradict the RNA lineage, or are uninformative."""
    informative = (protein != "") & ~np.isin(rna, [*NOT_GATED, names.UNASSIGNED])
    agrees = np.array([r in COMPATIBLE.get(p, ()) for r, p in zip(rna, protein, strict=True)], dtype=bool)
    return np.where(~informative, NO_PROTEIN, np.where(agrees, SUPPORTED, CONTRADICTED)).astype(object)


def decide(
    rna: NDArray[np.object_], cell_type: NDArray[np.object_], protein: NDArray[np.object_], doubtful: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Return each cell's lineage: that of RNA, or of protein if that is more certain; all of shape (cells,).

    Parameters
    ----------
    rna, protein
        Lineages; that of protein is empty if it is not clear.
    cell_type
        Labels, which may name a kind of T cells.
    doubtful
        Cells whose own RNA does not favour the lineage.
    """
    kind = np.isin(protein, ["CD4 T", "CD8 T"])
    open_t = np.isin(rna, ["CD4 T", "CD8 T"]) | ((rna == "other T") & np.isin(cell_type, GENERIC_T))
    open_lineage = ~np.isin(rna, list(NOT_GATED - set(SET_ASIDE)))
    gives_way = (doubtful | np.isin(rna, [names.UNASSIGNED, *SET_ASIDE])) & (protein != "") & open_lineage
    gives_way &= support(rna, protein) != SUPPORTED
    return np.where((kind & open_t) | gives_way, protein, rna).astype(object)


def check_by_protein(labels: pd.DataFrame, values: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Cut]]:
    """Compare the RNA lineage with the proteins, which decide if RNA leaves doubt.

    CD4 and CD8 T cells are separated by protein, which defines them, if one of both is clear; kinds of T cells that
    the label names (MAIT, gamma-delta, NKT) stay. Any other lineage gives way to a clear protein lineage only if the
    cell is unassigned or set aside, or its own RNA does not favour its lineage. Cuts are placed by the RNA lineage,
    and for unassigned cells by the lineage that marker genes show.

    Parameters
    ----------
    labels
        As `annotate_celltypist` writes them.
    values
        cells × proteins, normalised, of the same cells.

    Returns
    -------
    `cell_type cell_type_fine cell_type_confidence lineage lineage_rna protein_lineage protein_support set_aside`, and
    the cuts. `protein_support` refers to `lineage_rna`, the lineage that RNA gave.
    """
    rna = labels[names.LINEAGE].to_numpy(dtype=object)
    by_genes = labels[names.LINEAGE].mask(labels[names.LINEAGE] == names.UNASSIGNED, labels[MARKER_LINEAGE])
    found = cuts(values, by_genes)
    protein, doublet = gate(values, found)
    doubtful = labels[LINEAGE_MARGIN].to_numpy(dtype=float) < DOUBTFUL
    frame = unchecked(labels)
    frame[names.LINEAGE] = decide(rna, labels[names.CELL_TYPE].to_numpy(dtype=object), protein, doubtful)
    frame[names.PROTEIN_LINEAGE] = protein
    frame[names.PROTEIN_SUPPORT] = support(rna, protein)
    aside = frame[names.SET_ASIDE].where(frame[names.LINEAGE].isin(SET_ASIDE), "")
    frame[names.SET_ASIDE] = np.where((aside == "") & doublet, DOUBLET, aside).astype(object)
    return frame, found


def unchecked(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the labels unchanged, in the columns of this step, if no protein was measured."""
    kept = [names.CELL_TYPE, names.CELL_TYPE_FINE, names.CELL_TYPE_CONFIDENCE, names.LINEAGE]
    added = {
        names.LINEAGE_RNA: labels[names.LINEAGE],
        names.PROTEIN_LINEAGE: "",
        names.PROTEIN_SUPPORT: NO_PROTEIN,
        names.SET_ASIDE: labels[names.SET_ASIDE],
    }
    return labels[kept].assign(**added).astype({names.PROTEIN_LINEAGE: object, names.PROTEIN_SUPPORT: object})


def contradicted_clusters(labels: pd.DataFrame, checked: pd.DataFrame) -> pd.DataFrame:
    """Return the clusters of the vote (or labels, without one) of which most cells of clear protein disagree.

    Returns
    -------
    `cluster cell_type lineage cells clear contradicted protein_lineage`: the last is the most frequent one by protein.
    """
    voted = (labels[VOTE_CLUSTER] >= 0).any()
    key = labels[VOTE_CLUSTER].astype(str) if voted else labels[names.CELL_TYPE].astype(str)
    rows = []
    for cluster, part in checked.groupby(key.to_numpy()):
        clear = part[part[names.PROTEIN_SUPPORT] != NO_PROTEIN]
        against = int((clear[names.PROTEIN_SUPPORT] == CONTRADICTED).sum())
        if len(clear) >= FEWEST and against > CONTRADICTED_SHARE * len(clear):
            rna = labels.loc[part.index, names.LINEAGE].mode()[0]
            shown = clear[names.PROTEIN_LINEAGE].mode()[0]
            rows.append((cluster, part[names.CELL_TYPE].mode()[0], rna, len(part), len(clear), against, shown))
    columns = ["cluster", "cell_type", "lineage", "cells", "clear", "contradicted", "protein_lineage"]
    return pd.DataFrame(rows, columns=columns)
