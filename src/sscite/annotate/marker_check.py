"""Check the lineage of labels against marker genes, without the model.

A classifier always names its best type, with high or low scores on any data. Marker genes that hardly any other
lineage expresses show independently of it what a cluster of cells is. Where both are known, their agreement tells how
far the model's scores can be trusted: labels of low score are kept only if labels of that score agree with the genes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from sscite import genes as genes_by_role
from sscite.annotate.lineage import SET_ASIDE, T_CELLS
from sscite.annotate.predict import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

# lineages that genes of a lineage do not contradict, and progenitors, which express genes of several; T against NK is
# decided by `refine`
COMPATIBLE = {
    "other T": {*T_CELLS, "NK"}, "NK": {"NK", *T_CELLS}, "B": {"B", "plasma"}, "plasma": {"plasma", "B", "pDC"},
    "monocyte/DC": {"monocyte/DC", "macrophage", "neutrophil", "pDC", "mast"},
}  # fmt: skip
INFORMATIVE = 2  # genes of a lineage, at least
DETECTED = 0.3  # share of some cluster's cells that must express a gene, or it is not informative in the library
CLEAR, LEAD = 0.25, 2.0  # of the level in the highest cluster; times the next lineage's level
FEWEST_CELLS = 50  # in clusters of clear lineage, to judge a model by
AGREEMENT = 0.5  # below this share of agreeing cells labels are not kept
MISFIT = 0.3  # share of a library unassigned or set aside beyond which a model does not fit


@dataclass(frozen=True)
class Check:
    """What marker genes say about the labels of a library.

    Attributes
    ----------
    shown
        Lineage that the genes of each cell's cluster clearly show, else empty; shape (cells,).
    agreement
        Share of the cells in clear clusters whose label agrees; NaN if fewer than 50 cells are in clear clusters.
    floor
        Decision score below which labels are not kept unless the genes support them.
    unsupported
        Cells whose label is not kept.
    """

    shown: NDArray[np.object_]
    agreement: float
    floor: float
    unsupported: NDArray[np.bool_]


def _markers() -> dict[str, tuple[str, ...]]:
    """Return the genes of each lineage that hardly any other lineage expresses."""
    return genes_by_role.grouped("LINEAGE_CHECK")


def shown_lineages(counts: sparse.csr_matrix, symbols: pd.Index, clusters: NDArray[np.intp]) -> NDArray[np.object_]:
    """Return the lineage whose marker genes each cell's cluster clearly shows, else empty; shape (cells,).

    A lineage's level in a cluster is the mean over its genes of the cluster's mean counts per 10,000, relative to the
    highest cluster. The lineage is clear at a level of 0.25 or more, twice the next lineage's.
    """
    columns = {lineage: _columns(symbols, genes) for lineage, genes in _markers().items()}
    measured = np.unique(np.concatenate([*columns.values()])).astype(np.intp)
    dense = np.vstack([np.expm1(part.toarray()) for _, part in blocks(counts, measured)])
    mean = pd.DataFrame(dense, columns=measured).groupby(clusters).mean()
    detected = (pd.DataFrame(dense > 0, columns=measured).groupby(clusters).mean() >= DETECTED).any()
    levels = pd.DataFrame({lineage: _level(mean[places], detected[places]) for lineage, places in columns.items()})
    ordered = np.sort(levels.to_numpy(), axis=1)
    clear = (ordered[:, -1] >= CLEAR) & (ordered[:, -1] >= LEAD * ordered[:, -2])
    lineage = np.where(clear, levels.columns.to_numpy(dtype=object)[levels.to_numpy().argmax(axis=1)], "")
    return lineage.astype(object)[np.unique(clusters, return_inverse=True)[1]]


def _level(mean: pd.DataFrame, detected: pd.Series) -> NDArray[np.float64]:
    """Return the level of a lineage's informative genes in each cluster; 0 if fewer than two are informative.

    Parameters
    ----------
    mean
        Counts per 10,000 of the lineage's genes in each cluster, clusters × genes.
    detected
        Whether some cluster expresses the gene, so that it is informative.
    """
    informative = mean.loc[:, detected].to_numpy()
    if informative.shape[1] < INFORMATIVE:
        return np.zeros(len(mean))
    return (informative / informative.max(axis=0)).mean(axis=1)


def shown_by_cell(given: NDArray[np.object_], counts: sparse.csr_matrix, symbols: pd.Index) -> NDArray[np.bool_]:
    """Return which cells express half of the measured marker genes of their label's lineage, at least two."""
    of_markers = pd.Series(given).replace(dict.fromkeys(T_CELLS, T_CELLS[-1]) | {"macrophage": "monocyte/DC"})
    shown = np.zeros(len(given), dtype=bool)
    for lineage, genes in _markers().items():
        rows = np.flatnonzero(of_markers == lineage)
        shown[rows] = _half(_detected(counts[rows], symbols, genes))
    return shown


def can_be_contradicted(given: NDArray[np.object_], symbols: pd.Index) -> NDArray[np.bool_]:
    """Return whether genes of each label's lineage were measured, so that their absence counts; shape (cells,).

    A lineage without marker genes here can be contradicted.
    """
    few = {lineage for lineage, genes in _markers().items() if len(_columns(symbols, genes)) < INFORMATIVE}
    if T_CELLS[-1] in few:
        few.update(T_CELLS)
    if "monocyte/DC" in few:
        few.add("macrophage")
    return ~np.isin(given, list(few))


def agrees(given: NDArray[np.object_], shown: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return whether each lineage is compatible with the one that marker genes show; never if they show none."""
    return np.array(
        [s != "" and (g == "progenitor" or g in COMPATIBLE.get(s, {s})) for g, s in zip(given, shown, strict=True)],
        dtype=bool,
    )


def check(given: NDArray[np.object_], score: NDArray[np.float64], shown: NDArray[np.object_]) -> Check:
    """Decide which labels are kept.

    The agreement of labels with marker genes is fitted as an increasing function of the score (isotonic regression;
    Zadrozny and Elkan 2002, doi:10.1145/775047.775151). Labels of scores at which it is below 0.5 are not kept unless
    the genes support them; a label that clear genes contradict is never kept.

    Parameters
    ----------
    given, shown
        Lineage of the label, and lineage by marker genes (empty if not clear); shape (cells,).
    score
        Decision score of each cell's best type, in logits.
    """
    clear, right = shown != "", agrees(given, shown)
    if clear.sum() < FEWEST_CELLS:
        return Check(shown, float("nan"), -np.inf, clear & ~right)
    levels, place, cells = np.unique(score[clear], return_inverse=True, return_counts=True)
    trusted = isotonic_regression(np.bincount(place, right[clear]) / cells, weights=cells).x >= AGREEMENT
    floor = -np.inf if trusted[0] else levels[trusted][0] if trusted.any() else np.inf
    unsupported = (clear & ~right) | (~clear & (score < floor))
    return Check(shown, float(right[clear].mean()), float(floor), unsupported)


def is_set_aside(given: NDArray[np.object_], counts: sparse.csr_matrix, symbols: pd.Index) -> NDArray[np.bool_]:
    """Return which cells are platelets or red cells by label and by genes; shape (cells,).

    A gene of their own must be detected (PPBP, PF4; HBA1, HBA2, HBB), and of no other lineage half of the measured
    marker genes, at least two.
    """
    aside = np.zeros(len(given), dtype=bool)
    for lineage in SET_ASIDE:
        rows = np.flatnonzero(given == lineage)
        aside[rows] = _detected(counts[rows], symbols, genes_by_role.named(f"SET_ASIDE {lineage}")).any(axis=1)
    rows = np.flatnonzero(aside)
    for genes in _markers().values():
        aside[rows] &= ~_half(_detected(counts[rows], symbols, genes))
    return aside


def _half(detected: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells have half of the genes, at least two; shape (cells,)."""
    return detected.sum(axis=1) >= max(INFORMATIVE, detected.shape[1] / 2)


def _detected(counts: sparse.csr_matrix, symbols: pd.Index, genes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which of the measured genes each cell expresses; shape (cells, measured genes)."""
    return counts[:, _columns(symbols, genes)].toarray() > 0


def _columns(symbols: pd.Index, genes: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the first column of each measured gene."""
    first = ~symbols.duplicated()
    return np.flatnonzero(first & symbols.isin(genes))
