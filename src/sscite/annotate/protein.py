"""Surface protein as a witness of the lineage that RNA gave.

Each witness protein is cut where it best parts the cells that should lack it from those that should carry it by RNA,
so that no single label decides and the scale (dsb, CLR) does not matter; a protein whose groups do not part is no
witness in this library. Cells are then gated as in flow cytometry (Maecker et al. 2012, doi:10.1038/nri3158).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import names
from sscite.annotate.lineage import T_CELLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUPPORTED, CONTRADICTED, NO_PROTEIN = "supported", "contradicted", "no protein"
DOUBLET = "doublet"
FEWEST = 5  # cells on each side of a cut
NEEDED = "CD3"  # every gate needs it: it is heard from an index of 0.5
SEPARATION = 0.6  # sensitivity + specificity - 1 (Youden's index) that a cut must reach
BETWEEN = 0.25  # of the way from the cut to a side's median: a cell within is not clear
DOUBTFUL = 1.0  # logits by which RNA must favour its lineage to stand against a clear protein
CONTRADICTED_SHARE = 0.5  # of a cluster's cells with a clear protein lineage
# who carries a protein, and who lacks it; the lineages left out vary
_T, _MYELOID = T_CELLS, ("monocyte/DC",)
WITNESSES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CD3": (_T, ("B", "monocyte/DC", "NK")), "CD19": (("B",), (*_T, "monocyte/DC", "NK")),
    "CD20": (("B",), (*_T, "monocyte/DC", "NK")), "CD14": (_MYELOID, (*_T, "B", "NK")),
    "CD4": (("CD4 T",), ("CD8 T", "B", "NK")), "CD8": (("CD8 T",), ("CD4 T", "B", "monocyte/DC")),
    "CD56": (("NK",), ("B", "CD4 T", "monocyte/DC")), "CD335": (("NK",), ("B", "CD4 T", "monocyte/DC")),
    "CD16": (("NK",), ("B", "CD4 T")), "CD11c": (_MYELOID, ("B", "CD4 T")), "CD33": (_MYELOID, ("B", "CD4 T", "NK")),
    "CD123": (("pDC",), (*_T, "B", "NK")), "CD303": (("pDC",), (*_T, "B", "NK")),
    "CD34": (("progenitor",), (*_T, "B", "NK", "monocyte/DC")),
}  # fmt: skip
# RNA lineages that a protein lineage does not speak against
COMPATIBLE = {
    "CD4 T": {"CD4 T", "other T"}, "CD8 T": {"CD8 T", "other T"}, "other T": set(T_CELLS), "B": {"B", "plasma"},
    "NK": {"NK"}, "monocyte/DC": {"monocyte/DC", "macrophage"}, "pDC": {"pDC", "monocyte/DC"},
    "progenitor": {"progenitor"},
}  # fmt: skip
# lineages that carry the witnesses of none: proteins cannot speak for or against
SILENT = {"platelet", "red cell", "mast", "neutrophil", "epithelial", "endothelial", "stromal", "other"}
GENERIC_T = ("T cells", "Cycling T cells", "T cells proliferating", "T cell", "other T")


@dataclass(frozen=True)
class Cut:
    """Where a protein parts carriers from the others; `low` and `high` are the medians of the two sides."""

    value: float
    low: float
    high: float

    def state(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """Give 1 where the protein is carried, -1 where it is lacked, 0 within a quarter of the way to a median."""
        above = values > self.value + BETWEEN * (self.high - self.value)
        below = values < self.value - BETWEEN * (self.value - self.low)
        return above.astype(np.int8) - below.astype(np.int8)

    def beyond_doubt(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which cells carry the protein at three quarters of the way from the lower to the upper median."""
        return values > self.low + 0.75 * (self.high - self.low)


def cuts(values: pd.DataFrame, lineages: pd.Series) -> dict[str, Cut]:
    """Find the cut of each witness protein that parts its carriers from the others.

    Parameters
    ----------
    values
        cells × proteins, normalised (dsb or CLR).
    lineages
        By RNA, in the same order.
    """
    found = {}
    for protein, (carriers, others) in WITNESSES.items():
        if protein not in values:
            continue
        column = values[protein].to_numpy(dtype=float)
        high, low = (column[lineages.isin(group).to_numpy()] for group in (carriers, others))
        high, low = high[np.isfinite(high)], low[np.isfinite(low)]
        if min(len(high), len(low)) < FEWEST:
            continue
        cut = best_cut(low, high, separation=0.5 if protein == NEEDED else SEPARATION)
        if cut is not None:
            found[protein] = cut
    return found


def best_cut(low: NDArray[np.float64], high: NDArray[np.float64], *, separation: float) -> Cut | None:
    """Part two groups of values where the sum of their true rates is largest; None where it stays low.

    Of cuts that are about as good the middle is taken: it lies in the valley between two modes, and is held between
    0.3 and 0.65 of the way between the medians of both sides.
    """
    points = np.unique(np.concatenate([low, high]))
    if len(points) < 2:
        return None
    middles = (points[1:] + points[:-1]) / 2
    below = np.searchsorted(np.sort(low), middles) / len(low)
    above = 1 - np.searchsorted(np.sort(high), middles) / len(high)
    youden = below + above - 1
    if youden.max() < separation:
        return None
    good = middles[youden >= youden.max() - 0.05]
    value = (good.min() + good.max()) / 2
    both = np.concatenate([low, high])
    lower, upper = float(np.median(both[both <= value])), float(np.median(both[both > value]))
    return Cut(float(np.clip(value, lower + 0.3 * (upper - lower), lower + 0.65 * (upper - lower))), lower, upper)


def gate(values: pd.DataFrame, found: Mapping[str, Cut]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Give each cell the lineage that its proteins show, empty where none, and tell who carries two lineages'.

    Returns
    -------
    Lineage by protein and doublet flag, each of shape (cells,).
    """
    states = {name: cut.state(values[name].to_numpy(dtype=float)) for name, cut in found.items()}
    unknown = np.full(len(values), -1, dtype=np.int8)

    def level(*proteins: str) -> NDArray[np.int8]:
        return np.maximum.reduce([states.get(name, unknown) for name in proteins])

    t_cell, b_cell, monocyte, killer = level("CD3"), level("CD19", "CD20"), level("CD14"), level("CD56", "CD335")
    myeloid, plasmacytoid, stem = level("CD11c", "CD33"), level("CD123", "CD303"), level("CD34")
    lineage = np.full(len(values), "", dtype=object)
    rest = (t_cell < 0) & (b_cell < 0) & (monocyte < 0)
    if "CD3" in found:
        lineage[rest & (killer > 0)] = "NK"
        lineage[rest & (killer < 0) & (myeloid > 0) & (plasmacytoid < 0)] = "monocyte/DC"
        lineage[rest & (killer < 0) & (plasmacytoid > 0) & (level("CD11c") < 0)] = "pDC"
        lineage[rest & (killer < 0) & (plasmacytoid < 0) & (stem > 0) & (myeloid < 0)] = "progenitor"
        lineage[(b_cell > 0) & (t_cell < 0) & (monocyte < 0)] = "B"
        lineage[(monocyte > 0) & (t_cell < 0) & (b_cell < 0)] = "monocyte/DC"
    lineage[(t_cell > 0) & (b_cell < 0) & (monocyte < 0)] = "other T"
    if "CD4" in found and "CD8" in found:
        lineage[(lineage == "other T") & (states["CD4"] > 0) & (states["CD8"] < 0)] = "CD4 T"
        lineage[(lineage == "other T") & (states["CD8"] > 0) & (states["CD4"] < 0)] = "CD8 T"
    return lineage, _two_lineages(values, found)


def _two_lineages(values: pd.DataFrame, found: Mapping[str, Cut]) -> NDArray[np.bool_]:
    """Tell which cells carry beyond doubt two of CD3, CD19 (or CD20) and CD14, which no single cell does."""
    exclusive = ("CD3", "CD19" if "CD19" in found else "CD20", "CD14")
    carried = [found[name].beyond_doubt(values[name].to_numpy(dtype=float)) for name in exclusive if name in found]
    return np.sum(carried, axis=0) > 1 if carried else np.zeros(len(values), dtype=bool)


def support(rna: NDArray[np.object_], protein: NDArray[np.object_]) -> NDArray[np.object_]:
    """Say of each cell whether its proteins support or contradict the RNA lineage, or do not speak."""
    speaks = (protein != "") & ~np.isin(rna, [*SILENT, names.UNASSIGNED])
    agrees = np.array([r in COMPATIBLE.get(p, ()) for r, p in zip(rna, protein, strict=True)], dtype=bool)
    return np.where(~speaks, NO_PROTEIN, np.where(agrees, SUPPORTED, CONTRADICTED)).astype(object)


def decide(
    rna: NDArray[np.object_], cell_type: NDArray[np.object_], protein: NDArray[np.object_], doubtful: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Give each cell the lineage of RNA, or of protein where that knows more; all of shape (cells,).

    Parameters
    ----------
    rna, protein
        Lineages; that of protein is empty where it is not clear.
    cell_type
        Labels, which may name a kind of T cells.
    doubtful
        Cells whose own RNA does not favour the lineage.
    """
    kind = np.isin(protein, ["CD4 T", "CD8 T"])
    open_t = np.isin(rna, ["CD4 T", "CD8 T"]) | ((rna == "other T") & np.isin(cell_type, GENERIC_T))
    gives_way = (doubtful | (rna == names.UNASSIGNED)) & (protein != "") & ~np.isin(rna, list(SILENT))
    gives_way &= support(rna, protein) != SUPPORTED
    return np.where((kind & open_t) | gives_way, protein, rna).astype(object)


def witness(labels: pd.DataFrame, values: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Cut]]:
    """Set the proteins beside the RNA lineage, and let them decide where RNA leaves doubt.

    CD4 and CD8 T cells are told apart by protein, which defines them, where one of both is clear; kinds of T cells
    that the label names (MAIT, gamma-delta, NKT) stay. Any other lineage gives way to a clear protein lineage only
    where the cell is unassigned, or its own RNA does not favour its lineage.

    Parameters
    ----------
    labels
        As `annotate_celltypist` writes them.
    values
        cells × proteins, normalised, of the same cells.

    Returns
    -------
    `cell_type cell_type_fine cell_type_confidence lineage lineage_rna protein_lineage protein_support set_aside`, and
    the cuts. `protein_support` speaks of `lineage_rna`, the lineage that RNA gave.
    """
    rna = labels[names.LINEAGE].to_numpy(dtype=object)
    found = cuts(values, labels[names.LINEAGE])
    protein, doublet = gate(values, found)
    doubtful = labels["lineage_margin"].to_numpy(dtype=float) < DOUBTFUL
    frame = without(labels)
    frame[names.LINEAGE] = decide(rna, labels[names.CELL_TYPE].to_numpy(dtype=object), protein, doubtful)
    frame[names.PROTEIN_LINEAGE] = protein
    frame[names.PROTEIN_SUPPORT] = support(rna, protein)
    frame[names.SET_ASIDE] = np.where((frame[names.SET_ASIDE] == "") & doublet, DOUBLET, frame[names.SET_ASIDE]).astype(
        object
    )
    return frame, found


def without(labels: pd.DataFrame) -> pd.DataFrame:
    """Give the labels as they are where no protein was measured."""
    kept = [names.CELL_TYPE, names.CELL_TYPE_FINE, names.CELL_TYPE_CONFIDENCE, names.LINEAGE]
    said = {
        names.LINEAGE_RNA: labels[names.LINEAGE],
        names.PROTEIN_LINEAGE: "",
        names.PROTEIN_SUPPORT: NO_PROTEIN,
        names.SET_ASIDE: labels[names.SET_ASIDE],
    }
    return labels[kept].assign(**said).astype({names.PROTEIN_LINEAGE: object, names.PROTEIN_SUPPORT: object})


def contradicted_clusters(labels: pd.DataFrame, witnessed: pd.DataFrame) -> pd.DataFrame:
    """List the clusters of the vote (or labels, without one) that most of their clear proteins contradict.

    Returns
    -------
    `cluster cell_type lineage cells clear contradicted protein_lineage`: the last is the most frequent one by protein.
    """
    voted = (labels["vote_cluster"] >= 0).any()
    key = labels["vote_cluster"].astype(str) if voted else labels[names.CELL_TYPE].astype(str)
    rows = []
    for cluster, part in witnessed.groupby(key.to_numpy()):
        clear = part[part[names.PROTEIN_SUPPORT] != NO_PROTEIN]
        against = int((clear[names.PROTEIN_SUPPORT] == CONTRADICTED).sum())
        if len(clear) >= FEWEST and against > CONTRADICTED_SHARE * len(clear):
            rna = labels.loc[part.index, names.LINEAGE].mode()[0]
            shown = clear[names.PROTEIN_LINEAGE].mode()[0]
            rows.append((cluster, part[names.CELL_TYPE].mode()[0], rna, len(part), len(clear), against, shown))
    columns = ["cluster", "cell_type", "lineage", "cells", "clear", "contradicted", "protein_lineage"]
    return pd.DataFrame(rows, columns=columns)
