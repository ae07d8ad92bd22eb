"""Annotate one library: CellTypist's labels, voted, checked against marker genes, and mapped to lineages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import command, names
from sscite.annotate import labels, lineage, marker_check, refine, sources, vote
from sscite.annotate.genes import Overlap, ensembl_symbols, match, model_symbols, require
from sscite.annotate.predict import predict
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
    if embedding is None or clusters is None or not voting:
        frame = labels.label_table(cells, fine, fine, scores, lineage_of, clusters=None)
        frame, found = check_labels(frame, scores.decision, counts, symbols, clusters, unmapped)
        return Annotation(frame, overlap, unmapped, found)
    voted, changed = refine.refine(
        vote.majority(fine, clusters), fine, clusters, scores.decision, model.cell_types, lineage_of, counts, symbols
    )
    voted = labels.keep_confident(voted, fine, clusters, scores, lineage_of)
    frame = labels.label_table(cells, voted, fine, scores, lineage_of, clusters=clusters)
    frame, found = check_labels(frame, scores.decision, counts, symbols, clusters, unmapped)
    return Annotation(frame, overlap, unmapped, found, clusters, embedding, changed)


def check_labels(
    frame: pd.DataFrame,
    decision: NDArray[np.float64],
    counts: sparse.csr_matrix,
    symbols: pd.Index,
    clusters: NDArray[np.intp] | None,
    unmapped: list[str],
) -> tuple[pd.DataFrame, Check]:
    """Return the labels that marker genes leave standing, and what the genes say.

    Without clusters (50 cells or fewer) only platelets and red cells are checked, cell by cell.

    Parameters
    ----------
    decision
        cells × types, in logits.
    unmapped
        Labels whose lineage is not known: marker genes cannot contradict them.
    """
    given = frame[names.LINEAGE].to_numpy(dtype=object)
    shown = np.full(len(frame), "", dtype=object)
    if clusters is not None:
        shown = marker_check.shown_lineages(counts, symbols, clusters)
    judged = np.where(frame[names.CELL_TYPE].isin(unmapped), "", shown).astype(object)
    found = marker_check.check(given, decision.max(axis=1), judged)
    aside = marker_check.is_set_aside(given, counts, symbols)
    unsupported = found.unsupported | (np.isin(given, lineage.SET_ASIDE) & ~aside)
    frame = labels.unassign(frame, unsupported)
    frame[labels.MARKER_LINEAGE] = shown
    frame[names.SET_ASIDE] = np.where(aside & ~unsupported, given, "").astype(object)
    return frame[list(labels.COLUMNS)], replace(found, unsupported=unsupported)
