"""From scores and votes to a table of labels: lineage, confidence, and which cells stay unassigned."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import names
from sscite.annotate import lineage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sscite.annotate.predict import Scores

LOW_PROBABILITY, LOW_MARGIN, LOW_SUPPORT = 0.2, 1.0, 0.5  # margin in logits
FEWEST_VOTERS, SURE_MARGIN = 10, 2.0  # cells of a cluster; logits
LINEAGE_MARGIN, VOTE_CLUSTER, MARKER_LINEAGE = "lineage_margin", "vote_cluster", "marker_lineage"
COLUMNS = (
    names.CELL_TYPE, names.CELL_TYPE_FINE, names.CELL_TYPE_CONFIDENCE, names.LINEAGE, LINEAGE_MARGIN, VOTE_CLUSTER,
    MARKER_LINEAGE, names.SET_ASIDE,
)  # fmt: skip


def empty() -> pd.DataFrame:
    """Return the table of a library that could not be annotated: columns and no rows."""
    kinds = {names.CELL_TYPE_CONFIDENCE: "float64", LINEAGE_MARGIN: "float64", VOTE_CLUSTER: "int64"}
    return pd.DataFrame({column: pd.Series(dtype=kinds.get(column, "object")) for column in COLUMNS})


def label_lineages(labels: Collection[str], lineage_of: dict[str, str]) -> dict[str, str]:
    """Return the lineage of each label; of labels joined by `|` the one they share, of kinds of T cells `other T`."""
    found = {}
    for label in set(labels):
        parts = {lineage_of.get(part, names.UNASSIGNED) for part in label.split("|")}
        shared = lineage.T_CELLS[-1] if parts <= set(lineage.T_CELLS) else names.UNASSIGNED
        found[label] = parts.pop() if len(parts) == 1 else shared
    return found


def lineages_of(labels: NDArray[np.object_], lineage_of: dict[str, str]) -> NDArray[np.object_]:
    """Return the lineage of each cell's label; shape (cells,)."""
    by_label = label_lineages(list(labels), lineage_of)
    return np.array([by_label[label] for label in labels], dtype=object)


def keep_confident(
    voted: NDArray[np.object_],
    fine: NDArray[np.object_],
    clusters: NDArray[np.intp],
    scores: Scores,
    lineage_of: dict[str, str],
    confirmed: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Return the voted labels, with a cell's own label where the vote knows less.

    In a library of 200 cells CellTypist's resolution gives clusters of five, whose majority is two or three cells: a
    cell whose own lineage leads the voted one by 2 logits keeps its label there. In clusters of 10 cells or more it
    does if its own genes confirm the lineage (few monocytes among many T cells have no cluster), and where CD4 and CD8
    T cells would become another kind of T cell: which of both they are is not voted on.

    Parameters
    ----------
    confirmed
        Cells that express marker genes of their own label's lineage.
    """
    best, present = lineage.best_per_lineage(scores.decision, [lineage_of[name] for name in scores.cell_types])
    own, given = lineages_of(fine, lineage_of), lineages_of(voted, lineage_of)
    position = pd.Index(present).get_indexer(pd.Index(given))
    lead = best.max(axis=1) - best[np.arange(len(best)), position]
    small = np.bincount(clusters)[clusters] < FEWEST_VOTERS
    sure = small & (position >= 0) & (lead >= SURE_MARGIN)
    sure |= confirmed & (family(own) != family(given))
    sure |= (given == lineage.T_CELLS[-1]) & np.isin(own, lineage.T_CELLS[:-1])
    return np.where(sure, fine, voted).astype(object)


def label_table(
    cells: pd.Index,
    voted: NDArray[np.object_],
    fine: NDArray[np.object_],
    scores: Scores,
    lineage_of: dict[str, str],
    *,
    clusters: NDArray[np.intp] | None,
) -> pd.DataFrame:
    """Return labels, confidence and lineage of each cell; cells of low confidence are `unassigned`.

    Parameters
    ----------
    clusters
        Those that voted; None without a vote.
    """
    of_type = [lineage_of[name] for name in scores.cell_types]
    given, own = lineages_of(voted, lineage_of), lineages_of(fine, lineage_of)
    position = pd.Index(scores.cell_types).get_indexer(pd.Index(voted))
    confidence = scores.probability(np.where(position < 0, scores.best(), position))
    uncertain = is_uncertain(scores, of_type)
    if clusters is not None:
        support = pd.Series(family(own) == family(given)).groupby(clusters).transform("mean").to_numpy()
        uncertain &= support < LOW_SUPPORT
    given[uncertain] = names.UNASSIGNED
    return pd.DataFrame(
        {
            names.CELL_TYPE: np.where(uncertain, names.UNASSIGNED, voted).astype(object),
            names.CELL_TYPE_FINE: fine,
            names.CELL_TYPE_CONFIDENCE: confidence,
            names.LINEAGE: given,
            LINEAGE_MARGIN: lineage_margin(scores, of_type, given),
            VOTE_CLUSTER: -1 if clusters is None else clusters,
        },
        index=cells,
    )


def unassign(frame: pd.DataFrame, which: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the table with these cells unassigned; their own label stays in `cell_type_fine`."""
    changed = frame.copy()
    changed.loc[which, [names.CELL_TYPE, names.LINEAGE]] = names.UNASSIGNED
    changed.loc[which, LINEAGE_MARGIN] = np.nan
    return changed


def is_uncertain(scores: Scores, of_type: list[str]) -> NDArray[np.bool_]:
    """Return which cells have neither a probable label nor a clear lineage; kinds of T cells count as one here."""
    best, _ = lineage.best_per_lineage(scores.decision, list(family(np.array(of_type, dtype=object))))
    if best.shape[1] < 2:
        return np.zeros(len(best), dtype=bool)
    second, first = np.partition(best, -2, axis=1)[:, -2:].T
    return (first < np.log(LOW_PROBABILITY / (1 - LOW_PROBABILITY))) & (first - second < LOW_MARGIN)


def lineage_margin(scores: Scores, of_type: list[str], given: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return by how many logits a cell's own scores favour its lineage over the best other; NaN if unassigned.

    Kinds of T cells count as one lineage.
    """
    best, present = lineage.best_per_lineage(scores.decision, list(family(np.array(of_type, dtype=object))))
    position = pd.Index(present).get_indexer(pd.Index(family(given)))
    rows = np.arange(len(best))
    chosen = best[rows, position]
    best[rows, position] = -np.inf
    return np.where((position < 0) | (len(present) < 2), np.nan, chosen - best.max(axis=1))


def family(lineages: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the lineages with the kinds of T cells as one."""
    return np.where(np.isin(lineages, lineage.T_CELLS), lineage.T_CELLS[-1], lineages).astype(object)
