"""Annotate one library: CellTypist's labels, voted, refined, and mapped to lineages."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import names
from sscite.annotate import lineage, refine, vote
from sscite.annotate.genes import Overlap, match, require
from sscite.annotate.predict import Scores, predict
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from sscite.annotate.model import Model

MODES = ("best_match", "prob_match")
LOW_PROBABILITY, LOW_MARGIN, LOW_SUPPORT = 0.2, 1.0, 0.5  # margin in logits
FEWEST_VOTERS, SURE_MARGIN = 10, 2.0  # cells of a cluster; logits
LINEAGE_MARGIN, VOTE_CLUSTER = "lineage_margin", "vote_cluster"  # for the protein witness
COLUMNS = (
    names.CELL_TYPE, names.CELL_TYPE_FINE, names.CELL_TYPE_CONFIDENCE, names.LINEAGE, LINEAGE_MARGIN, VOTE_CLUSTER,
    names.SET_ASIDE,
)  # fmt: skip


@dataclass(frozen=True)
class Annotation:
    """Labels of a library's cells and what led to them.

    Attributes
    ----------
    cells
        Indexed by cell; the columns are `COLUMNS`.
    overlap
        The model's genes found.
    unmapped
        Labels given to cells that no lineage is known for.
    clusters, embedding
        Of the vote, the latter of shape (cells, components); None without one.
    changed
        Clusters that decisive genes moved to another lineage.
    """

    cells: pd.DataFrame
    overlap: Overlap
    unmapped: list[str]
    clusters: NDArray[np.intp] | None = None
    embedding: NDArray[np.float32] | None = None
    changed: pd.DataFrame = field(default_factory=pd.DataFrame)


def annotate(
    counts: sparse.csr_matrix,
    cells: pd.Index,
    features: pd.DataFrame,
    model: Model,
    *,
    mode: str = "best_match",
    voting: bool = True,
    lineages: dict[str, str] | None = None,
    seed: int = 0,
) -> Annotation:
    """Annotate the cells of a library.

    Parameters
    ----------
    counts
        cells × genes, raw, all genes.
    features
        Indexed by gene name; column `gene_id` where there are identifiers.
    mode
        'best_match' (one label a cell) or 'prob_match' (every label of probability above 0.5).
    voting
        Give each fine cluster its most frequent label, where there are more than 50 cells.
    lineages
        The user's lineage of labels.

    Raises
    ------
    Skipped
        No cells, or too few of the model's genes.
    """
    if counts.shape[0] == 0:
        raise Skipped(Reason.TOO_FEW_CELLS, "the library has no cells")
    weights = np.abs(model.coefficients).sum(axis=0)
    overlap = match(features, model.genes, weights, symbols=ensembl_symbols(features))
    require(overlap, features, model.genes)
    scores = predict(counts, overlap, model)
    lineage_of, unmapped = lineage.mapping(list(model.cell_types), own=lineages)
    fine = scores.best_match().astype(object) if mode == "best_match" else scores.prob_match()
    if not voting or counts.shape[0] < vote.FEWEST_CELLS:
        frame = _frame(cells, fine, fine, scores, lineage_of, clusters=None)
        return Annotation(frame, overlap, _given(unmapped, fine))
    embedding = vote.components(counts)
    clusters = vote.over_cluster(vote.neighbour_graph(embedding), seed=seed)
    symbols = _model_symbols(features, overlap, model)
    voted = vote.majority(fine, clusters)
    voted, changed = refine.refine(
        voted, fine, clusters, scores.decision, model.cell_types, lineage_of, counts, symbols
    )
    voted = keep_sure(voted, fine, clusters, scores, lineage_of)
    frame = _frame(cells, voted, fine, scores, lineage_of, clusters=clusters)
    return Annotation(frame, overlap, _given(unmapped, fine), clusters, embedding, changed)


def empty() -> pd.DataFrame:
    """Give the table of a library that could not be annotated: columns and no rows."""
    kinds = {names.CELL_TYPE_CONFIDENCE: "float64", LINEAGE_MARGIN: "float64", VOTE_CLUSTER: "int64"}
    return pd.DataFrame({column: pd.Series(dtype=kinds.get(column, "object")) for column in COLUMNS})


def ensembl_symbols(features: pd.DataFrame) -> dict[str, str]:
    """Give the symbols of Ensembl identifiers (GENCODE 44, in CellTypist's own table), where features have any."""
    sample = [
        *map(str, features.index[:50]),
        *(map(str, features["gene_id"].iloc[:50]) if "gene_id" in features else ()),
    ]
    package = find_spec("celltypist")
    if package is None or not any(name.startswith("ENSG") for name in sample):
        return {}
    path = Path(str(package.origin)).parent / "data" / "samples" / "GENCODEv44_Gene_id2name.csv"
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        return {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}


def label_lineages(labels: Collection[str], lineage_of: dict[str, str]) -> dict[str, str]:
    """Give the lineage of each label; of labels joined by `|` the one they share, of kinds of T cells `other T`."""
    found = {}
    for label in set(labels):
        parts = {lineage_of.get(part, names.UNASSIGNED) for part in label.split("|")}
        shared = lineage.T_CELLS[-1] if parts <= set(lineage.T_CELLS) else names.UNASSIGNED
        found[label] = parts.pop() if len(parts) == 1 else shared
    return found


def keep_sure(
    voted: NDArray[np.object_],
    fine: NDArray[np.object_],
    clusters: NDArray[np.intp],
    scores: Scores,
    lineage_of: dict[str, str],
) -> NDArray[np.object_]:
    """Let cells keep their own label against the vote of a cluster too small to outvote them.

    In a library of 200 cells CellTypist's resolution gives clusters of five, whose majority is two or three cells: a
    cell whose own lineage leads the voted one by 2 logits keeps its label there. Clusters of 10 cells or more decide.
    """
    best, present = lineage.best_per_lineage(scores.decision, [lineage_of[name] for name in scores.cell_types])
    by_label = label_lineages(list(voted), lineage_of)
    position = pd.Index(present).get_indexer(pd.Index([by_label[label] for label in voted]))
    lead = best.max(axis=1) - best[np.arange(len(best)), position]
    small = np.bincount(clusters)[clusters] < FEWEST_VOTERS
    return np.where(small & (position >= 0) & (lead >= SURE_MARGIN), fine, voted).astype(object)


def _frame(
    cells: pd.Index,
    voted: NDArray[np.object_],
    fine: NDArray[np.object_],
    scores: Scores,
    lineage_of: dict[str, str],
    *,
    clusters: NDArray[np.intp] | None,
) -> pd.DataFrame:
    """Put labels, confidence, lineage and flags in one table; unsure cells become `unassigned`."""
    of_type = [lineage_of[name] for name in scores.cell_types]
    by_lineage = label_lineages([*voted, *fine], lineage_of)
    given = np.array([by_lineage[label] for label in voted], dtype=object)
    own = np.array([by_lineage[label] for label in fine], dtype=object)
    position = pd.Index(scores.cell_types).get_indexer(pd.Index(voted))
    confidence = scores.probability(np.where(position < 0, scores.best(), position))
    unsure = _unsure(scores, of_type)
    if clusters is not None:
        support = pd.Series(family(own) == family(given)).groupby(clusters).transform("mean").to_numpy()
        unsure &= support < LOW_SUPPORT
    given[unsure] = names.UNASSIGNED
    return pd.DataFrame(
        {
            names.CELL_TYPE: np.where(unsure, names.UNASSIGNED, voted).astype(object),
            names.CELL_TYPE_FINE: fine,
            names.CELL_TYPE_CONFIDENCE: confidence,
            names.LINEAGE: given,
            LINEAGE_MARGIN: _margin(scores, of_type, given),
            VOTE_CLUSTER: -1 if clusters is None else clusters,
            names.SET_ASIDE: np.where(np.isin(given, lineage.SET_ASIDE), given, "").astype(object),
        },
        index=cells,
    )


def _unsure(scores: Scores, of_type: list[str]) -> NDArray[np.bool_]:
    """Tell which cells have neither a probable label nor a clear lineage; kinds of T cells count as one here."""
    best, _ = lineage.best_per_lineage(scores.decision, list(family(np.array(of_type, dtype=object))))
    if best.shape[1] < 2:
        return np.zeros(len(best), dtype=bool)
    second, first = np.partition(best, -2, axis=1)[:, -2:].T
    return (first < np.log(LOW_PROBABILITY / (1 - LOW_PROBABILITY))) & (first - second < LOW_MARGIN)


def _margin(scores: Scores, of_type: list[str], given: NDArray[np.object_]) -> NDArray[np.float64]:
    """Give by how many logits a cell's own scores favour its lineage over the best other; NaN where unassigned."""
    best, present = lineage.best_per_lineage(scores.decision, of_type)
    position = pd.Index(present).get_indexer(pd.Index(given))
    rows = np.arange(len(best))
    chosen = best[rows, position]
    best[rows, position] = -np.inf
    return np.where((position < 0) | (len(present) < 2), np.nan, chosen - best.max(axis=1))


def family(lineages: NDArray[np.object_]) -> NDArray[np.object_]:
    """Take the kinds of T cells as one."""
    return np.where(np.isin(lineages, lineage.T_CELLS), lineage.T_CELLS[-1], lineages).astype(object)


def _given(unmapped: list[str], fine: NDArray[np.object_]) -> list[str]:
    """Keep the labels without a lineage that some cell has."""
    return [label for label in unmapped if label in set(fine)]


def _model_symbols(features: pd.DataFrame, overlap: Overlap, model: Model) -> pd.Index:
    """Name columns as the model names them, where it knows them."""
    symbols = features.index.to_numpy(dtype=object).copy()
    symbols[overlap.columns] = model.genes[overlap.positions]
    return pd.Index(symbols)
