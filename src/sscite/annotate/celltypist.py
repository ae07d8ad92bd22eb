"""Annotate one library: CellTypist's labels, voted, checked against marker genes, and mapped to lineages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import command, genes, names
from sscite.annotate import labels, lineage, marker_check, refine, sources, t_cell_split, vote
from sscite.annotate.genes import Overlap, ensembl_symbols, match, model_symbols, require
from sscite.annotate.predict import Scores, predict
from sscite.errors import Reason, Skipped, UserError
from sscite.io import write_fragment, write_table

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from sscite.annotate.marker_check import Check
    from sscite.annotate.model_file import Model

MODES = ("best_match", "prob_match")


@dataclass(frozen=True)
class Annotation:
    """Labels of a library's cells and what led to them.

    Attributes
    ----------
    cells
        Indexed by cell; the columns are `labels.COLUMNS`.
    overlap
        The model's genes found.
    unmapped
        Labels given to cells that no lineage is known for.
    check
        What marker genes say of the labels.
    clusters, embedding
        Of the vote, the latter of shape (cells, components); None without one.
    changed
        Clusters that decisive genes moved to another lineage.
    """

    cells: pd.DataFrame
    overlap: Overlap
    unmapped: list[str]
    check: Check
    clusters: NDArray[np.intp] | None = None
    embedding: NDArray[np.float32] | None = None
    changed: pd.DataFrame = field(default_factory=pd.DataFrame)


def run(
    counts: Path, model: Path, *, samples: Path | None, lineages: Path | None, mode: str, majority_voting: str, id: str,
    seed: int, output: Path | None,
) -> None:  # fmt: skip
    """Annotate a library and write its labels and summary.

    Raises
    ------
    UserError
        An unknown mode or scope of the vote, or unreadable input.
    """
    from sscite.annotate import report

    if mode not in MODES:
        raise UserError(f"--mode '{mode}' is unknown; allowed: {', '.join(MODES)}")
    vote.check(majority_voting)
    with command.step("annotate_celltypist", id, seed=seed) as facts:
        frame = labels.empty()
        try:
            chosen = sources.choose_model(model, samples, id, facts)
            matrix, cells, features = sources.read_genes(counts)
            found = annotate(
                matrix, cells, features, chosen, mode=mode, voting=majority_voting == "library",
                lineages=sources.read_lineages(lineages), seed=seed,
            )  # fmt: skip
            frame = found.cells
            report.report_annotation(facts, found, chosen, matrix, features, voting=majority_voting, seed=seed)
        except Skipped as skipped:
            facts.skip(skipped)
    write_fragment(frame, Path(f"{command.file_stem(id)}.annotate_celltypist.parquet"))
    if output:
        write_table(report.minimal_table(frame), output)


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
        'best_match' (one label per cell) or 'prob_match' (every label of probability above 0.5).
    voting
        Give each fine cluster its most frequent label, if there are more than 50 cells.
    lineages
        The user's lineage of labels.

    Raises
    ------
    Skipped
        No cells, or too few of the model's genes.
    """
    if counts.shape[0] == 0:
        raise Skipped(Reason.TOO_FEW_CELLS, "the library has no cells")
    known = ensembl_symbols(features)
    overlap = match(features, model.genes, np.abs(model.coefficients).sum(axis=0), symbols=known)
    require(overlap, features, model.genes)
    scores = predict(counts, overlap, model)
    symbols = model_symbols(features, overlap, model.genes, known)
    lineage_of, unmapped = lineage.mapping(list(model.cell_types), own=lineages)
    fine = scores.best_match().astype(object) if mode == "best_match" else scores.prob_match()
    unmapped = [label for label in unmapped if label in set(fine)]
    embedding = vote.components(counts) if counts.shape[0] >= vote.FEWEST_CELLS else None
    clusters = None if embedding is None else vote.over_cluster(vote.neighbour_graph(embedding), seed=seed)
    voters = clusters if voting else None
    voted, changed = fine, pd.DataFrame()
    few, few_symbols = genes.with_role(counts, symbols)
    if voters is not None:
        majority = vote.majority(fine, voters)
        voted, changed = refine.refine(
            majority, fine, voters, scores.decision, model.cell_types, lineage_of, few, few_symbols
        )
        confirmed = marker_check.shown_by_cell(labels.lineages_of(fine, lineage_of), few, few_symbols)
        voted = labels.keep_confident(voted, fine, voters, scores, lineage_of, confirmed)
        voted = refine.t_cells_among_nk(voted, scores.decision, model.cell_types, lineage_of, few, few_symbols)
    frame = labels.label_table(cells, voted, fine, scores, lineage_of, clusters=voters)
    frame, found = check_labels(frame, scores.decision, counts, symbols, clusters, lineage_of, unmapped)
    frame = split_t_cells(frame, counts, symbols, overlap, model, scores, lineage_of)
    return Annotation(frame, overlap, unmapped, found, voters, None if voters is None else embedding, changed)


def split_t_cells(
    frame: pd.DataFrame, counts: sparse.csr_matrix, symbols: pd.Index, overlap: Overlap, model: Model, scores: Scores,
    lineage_of: dict[str, str],
) -> pd.DataFrame:  # fmt: skip
    """Return the table with CD4 and CD8 T cells separated; a cell that changes takes its best type of the new lineage.

    A model without types of both leaves the table as it is.
    """
    of_type = np.array([lineage_of[name] for name in model.cell_types])
    rows = np.flatnonzero(frame[names.LINEAGE].isin(["CD4 T", "CD8 T"]))
    if not len(rows) or not {"CD4 T", "CD8 T"} <= set(of_type):
        return frame
    kept = ~np.isin(model.genes[overlap.positions], genes.named("INTERFERON_INDUCED"))
    robust = replace(overlap, columns=overlap.columns[kept], positions=overlap.positions[kept])
    of_t = counts[rows]
    decision = predict(of_t, robust, model).decision
    margin = decision[:, of_type == "CD8 T"].max(axis=1) - decision[:, of_type == "CD4 T"].max(axis=1)
    is_cd8 = t_cell_split.cd8_probability(of_t, symbols, margin) > 0.5
    split = np.where(is_cd8, "CD8 T", "CD4 T")
    moved = split != frame[names.LINEAGE].to_numpy()[rows]
    allowed = of_type[None, :] == split[:, None]
    best = np.where(allowed, scores.decision[rows], -np.inf).argmax(axis=1)
    table = frame.copy()
    cells = frame.index[rows[moved]]
    table.loc[cells, names.LINEAGE] = split[moved]
    table.loc[cells, names.CELL_TYPE] = model.cell_types[best[moved]]
    of_moved = Scores(scores.decision[rows[moved]], model.cell_types)
    table.loc[cells, names.CELL_TYPE_CONFIDENCE] = of_moved.probability(best[moved])
    return table


def check_labels(
    frame: pd.DataFrame,
    decision: NDArray[np.float64],
    counts: sparse.csr_matrix,
    symbols: pd.Index,
    clusters: NDArray[np.intp] | None,
    lineage_of: dict[str, str],
    unmapped: list[str],
) -> tuple[pd.DataFrame, Check]:
    """Return the labels that marker genes do not contradict, and what the genes show.

    A cluster does not contradict a cell that itself expresses the marker genes of its label. An unassigned cell takes
    its own label if the genes of its cluster clearly show the lineage of that label. Without
    clusters (50 cells or fewer) only platelets and red cells are checked, cell by cell.

    Parameters
    ----------
    decision
        cells × types, in logits.
    unmapped
        Labels whose lineage is not known: marker genes cannot contradict them.
    """
    given = frame[names.LINEAGE].to_numpy(dtype=object)
    shown = np.full(len(frame), "", dtype=object)
    few, few_symbols = genes.with_role(counts, symbols)
    if clusters is not None:
        shown = marker_check.shown_lineages(counts, symbols, clusters)
        confirmed = marker_check.shown_by_cell(given, few, few_symbols)
        shown = np.where(confirmed & ~marker_check.agrees(given, shown), "", shown).astype(object)
    judged = marker_check.can_be_contradicted(given, symbols) & ~frame[names.CELL_TYPE].isin(unmapped).to_numpy()
    found = marker_check.check(given, decision.max(axis=1), np.where(judged, shown, "").astype(object))
    aside = marker_check.is_set_aside(given, few, few_symbols)
    unsupported = found.unsupported | (np.isin(given, lineage.SET_ASIDE) & ~aside)
    frame = labels.unassign(frame, unsupported)
    fine = frame[names.CELL_TYPE_FINE].to_numpy(dtype=object)
    own = labels.lineages_of(fine, lineage_of)
    confirmed = (frame[names.LINEAGE] == names.UNASSIGNED).to_numpy() & marker_check.agrees(own, shown)
    frame.loc[confirmed, names.CELL_TYPE], frame.loc[confirmed, names.LINEAGE] = fine[confirmed], own[confirmed]
    frame[labels.MARKER_LINEAGE] = shown
    frame[names.SET_ASIDE] = np.where(aside & ~unsupported, given, "").astype(object)
    return frame[list(labels.COLUMNS)], replace(found, unsupported=unsupported & ~confirmed)
