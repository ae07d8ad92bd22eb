"""Thresholds of lineage proteins, and gates as in flow cytometry.

Each protein is cut where it best separates the cells that should lack it from those that should carry it by RNA, so
that no single label decides and the scale (dsb, CLR) does not matter; a protein whose groups do not separate is not
used in this library. Where RNA does not separate CD4 from CD8 T cells, as with a model that does not fit, the
proteins separate them if they have two modes. Cells are then gated as in flow cytometry (Maecker
et al. 2012, doi:10.1038/nri3158).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.annotate.lineage import T_CELLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 5  # cells on each side of a cut
KINDS = ("CD4", "CD8")  # separate T cells
NEEDED = "CD3"  # every gate needs it: it is used from an index of 0.5
SEPARATION = 0.6  # sensitivity + specificity - 1 (Youden's index) that a cut must reach
FEWEST_T = 30  # T cells that their proteins can separate
BETWEEN = 0.25  # of the distance from the cut to a side's median: a cell within is not clear
# lineages that carry a protein, and lineages that lack it; those not named vary
_T, _MYELOID = T_CELLS, ("monocyte/DC",)
GATING_PROTEINS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CD3": (_T, ("B", "monocyte/DC", "NK")), "CD19": (("B",), (*_T, "monocyte/DC", "NK")),
    "CD20": (("B",), (*_T, "monocyte/DC", "NK")), "CD14": (_MYELOID, (*_T, "B", "NK")),
    "CD4": (("CD4 T",), ("CD8 T", "B", "NK")), "CD8": (("CD8 T",), ("CD4 T", "B", "monocyte/DC")),
    "CD56": (("NK",), ("B", "CD4 T", "monocyte/DC")), "CD335": (("NK",), ("B", "CD4 T", "monocyte/DC")),
    "CD16": (("NK",), ("B", "CD4 T")), "CD11c": (_MYELOID, ("B", "CD4 T")), "CD33": (_MYELOID, ("B", "CD4 T", "NK")),
    "CD123": (("pDC",), (*_T, "B", "NK")), "CD303": (("pDC",), (*_T, "B", "NK")),
    "CD34": (("progenitor",), (*_T, "B", "NK", "monocyte/DC")),
}  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """Threshold of a protein; `low` and `high` are the medians of the cells below and above it."""

    value: float
    low: float
    high: float

    def state(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """Return 1 for positive, -1 for negative cells, 0 within a quarter of the distance to a median."""
        above = values > self.value + BETWEEN * (self.high - self.value)
        below = values < self.value - BETWEEN * (self.value - self.low)
        return above.astype(np.int8) - below.astype(np.int8)

    def beyond_doubt(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which cells exceed three quarters of the distance from the lower to the upper median."""
        return values > self.low + 0.75 * (self.high - self.low)


def cuts(values: pd.DataFrame, lineages: pd.Series) -> dict[str, Cut]:
    """Compute the cut of each gating protein that separates its carriers from the other cells.

    Parameters
    ----------
    values
        cells × proteins, normalised (dsb or CLR).
    lineages
        By RNA, in the same order.
    """
    found = _cuts(values, lineages, GATING_PROTEINS)
    if NEEDED in found and set(KINDS) <= set(values.columns) and not set(KINDS) <= found.keys():
        found |= _cuts(values, kinds_by_protein(values, found[NEEDED], lineages), KINDS)
    return found


def _cuts(values: pd.DataFrame, lineages: pd.Series, proteins: Collection[str]) -> dict[str, Cut]:
    """Compute the cuts of some of the gating proteins; see `cuts`."""
    found = {}
    for protein in proteins:
        if protein not in values:
            continue
        column = values[protein].to_numpy(dtype=float)
        high, low = (column[lineages.isin(group).to_numpy()] for group in GATING_PROTEINS[protein])
        high, low = high[np.isfinite(high)], low[np.isfinite(low)]
        if min(len(high), len(low)) < FEWEST:
            continue
        cut = best_cut(low, high, separation=0.5 if protein == NEEDED else SEPARATION)
        if cut is not None:
            found[protein] = cut
    return found


def kinds_by_protein(values: pd.DataFrame, cd3: Cut, lineages: pd.Series) -> pd.Series:
    """Return the lineages with T cells separated into CD4 and CD8 T by these two proteins, unchanged without two modes.

    T cells are positive for CD3 and of no other gated lineage. The difference of their standardised CD4 and CD8 is
    split by a mixture of two Gaussians.
    """
    from sscite.adt.positivity import split_proteins

    inside = (cd3.state(values[NEEDED].to_numpy(dtype=float)) > 0) & ~lineages.isin(GATING_PROTEINS[NEEDED][1])
    part = values.loc[inside, list(KINDS)].dropna()
    if len(part) < FEWEST_T:
        return lineages
    scaled = (part - part.mean()) / part.std().clip(lower=1e-9)
    difference = (scaled["CD4"] - scaled["CD8"]).to_numpy()[:, None]
    split = split_proteins(difference)
    if not split.bimodal[0]:
        return lineages
    separated = lineages.copy()
    separated[part.index] = np.where(difference[:, 0] > split.crossing[0], "CD4 T", "CD8 T")
    return separated


def best_cut(low: NDArray[np.float64], high: NDArray[np.float64], *, separation: float) -> Cut | None:
    """Compute the cut with the largest Youden index between two groups; None if the index stays low.

    Of cuts that are about as good the middle is taken, which lies in the valley between two modes, limited to 0.3 to
    0.65 of the distance between the medians of both sides.
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
    """Return the lineage that each cell's proteins show, empty if none, and which cells carry those of two.

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
    """Return which cells clearly carry two of CD3, CD19 (or CD20) and CD14, which no single cell does."""
    exclusive = ("CD3", "CD19" if "CD19" in found else "CD20", "CD14")
    carried = [found[name].beyond_doubt(values[name].to_numpy(dtype=float)) for name in exclusive if name in found]
    return np.sum(carried, axis=0) > 1 if carried else np.zeros(len(values), dtype=bool)
