"""Report of a library's annotation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from scipy.special import expit

from sscite import names
from sscite.annotate import figures
from sscite.annotate.marker_check import AGREEMENT, MISFIT
from sscite.command import Facts, Rank

if TYPE_CHECKING:
    from scipy import sparse

    from sscite.annotate.celltypist import Annotation
    from sscite.annotate.model_file import Model

NO_VOTE = {
    "library": "No majority voting: the library has 50 cells or fewer.",
    "cohort": "Cell-level labels; majority voting runs after the libraries are merged.",
    "none": "No majority voting: it was switched off.",
}
LOW_OVERLAP = 0.4  # share of the model's genes below which labels are less certain


def report_annotation(
    facts: Facts, found: Annotation, model: Model, counts: sparse.csr_matrix, features: pd.DataFrame, *,
    voting: str, seed: int,
) -> None:  # fmt: skip
    """Report numbers, warnings, tables and figures of an annotation; `voting` is one of `vote.SCOPES`."""
    cells = found.cells
    share = len(found.overlap.columns) / len(model.genes)
    unassigned = int((cells[names.LINEAGE] == names.UNASSIGNED).sum())
    facts.number(
        cells=len(cells), labels=cells[names.CELL_TYPE].nunique(), unassigned=unassigned,
        set_aside=int((cells[names.SET_ASIDE] != "").sum()),
        median_confidence=cells[names.CELL_TYPE_CONFIDENCE].median(),
        genes_shared=len(found.overlap.columns), gene_share=round(share, 4), genes_named_by=found.overlap.naming,
        clusters=None if found.clusters is None else int(found.clusters.max()) + 1, clusters_refined=len(found.changed),
    )  # fmt: skip
    top = cells[names.LINEAGE].value_counts().head(3)
    facts.summary(
        f"{len(cells):,} cells were annotated with {model.name}: "
        + ", ".join(f"{name} {count / len(cells):.0%}" for name, count in top.items())
        + (f"; {unassigned:,} stay unassigned." if unassigned else ".")
    )
    _fit(facts, found, model)
    _warn(facts, found, share)
    if found.clusters is None:
        facts.warn(NO_VOTE[voting])
    _tables(facts, found)
    facts.figure(
        "labels",
        figures.counts_and_confidence(cells),
        "Labels and their probability",
        "Coloured by lineage. A low probability of a fine label often means that similar labels share it.",
    )
    facts.figure("markers", figures.markers(counts, features.index, cells[names.LINEAGE]), "Marker genes by lineage",
                 "Each lineage should express its own genes, on the diagonal.")  # fmt: skip
    if found.embedding is not None:
        facts.figure("map", figures.cell_map(found.embedding, cells[names.LINEAGE], seed=seed), "Cells by lineage",
                     "UMAP of at most 5,000 cells of the library; distances between islands mean little.")  # fmt: skip


def minimal_table(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the table for use without the pipeline: `cell,cell_type,confidence,lineage`."""
    table = cells[[names.CELL_TYPE, names.CELL_TYPE_CONFIDENCE, names.LINEAGE]]
    table = table.rename(columns={names.CELL_TYPE_CONFIDENCE: "confidence"}).round({"confidence": 6})
    return table.rename_axis(index=names.CELL).reset_index()


def _fit(facts: Facts, found: Annotation, model: Model) -> None:
    """Report how far marker genes agree with the labels, and warn first of all if the model does not fit."""
    cells, check = found.cells, found.check
    aside = (cells[names.SET_ASIDE] != "").to_numpy()
    unassigned = (cells[names.LINEAGE] == names.UNASSIGNED).to_numpy()
    facts.number(
        marker_agreement=round(check.agreement, 4), labels_not_kept=int(check.unsupported.sum()),
        confidence_floor=float(expit(check.floor)),
    )  # fmt: skip
    if (aside | unassigned).mean() > MISFIT or check.agreement < AGREEMENT:
        facts.warn(
            f"The model '{model.name}' does not fit these data: {unassigned.mean():.0%} of the cells are unassigned "
            f"and {aside.mean():.0%} set aside; of the cells whose cluster clearly expresses the marker genes of one "
            f"lineage {check.agreement:.0%} have a label of that lineage. Use a model of this tissue and species, "
            "trained on all genes and on log1p counts per 10,000 (--celltypist_model).", rank=Rank.CRITICAL,
        )  # fmt: skip


def _warn(facts: Facts, found: Annotation, share: float) -> None:
    """Warn about what makes the labels less certain."""
    if share < LOW_OVERLAP:
        facts.warn(f"Only {share:.0%} of the model's genes were measured: labels are less certain.")
    if found.overlap.naming != "names":
        facts.warn(f"The model's genes were found by {found.overlap.naming}, not by the feature names.")
    if found.unmapped:
        facts.warn(
            f"Labels without a known lineage count as 'other': {', '.join(found.unmapped)}. "
            "Map them by --celltypist_lineages."
        )


def _tables(facts: Facts, found: Annotation) -> None:
    """Add the label counts, the overlap and the refined clusters."""
    cells = found.cells
    counts = (
        cells.groupby([names.LINEAGE, names.CELL_TYPE], sort=False)
        .agg(cells=(names.CELL_TYPE, "size"), median_probability=(names.CELL_TYPE_CONFIDENCE, "median"))
        .reset_index()
        .sort_values("cells", ascending=False)
    )
    counts.insert(3, "percent", (100 * counts["cells"] / len(cells)).round(2))
    facts.table(
        "labels", counts.round({"median_probability": 3}), "Labels", "Of the cells, with the probability of the label."
    )
    facts.table(
        "overlap",
        found.overlap.tried.round(4),
        "Genes shared with the model",
        "By naming of the genes; weight_share is their part of the sum of the model's absolute coefficients.",
    )
    if len(found.changed):
        facts.table(
            "refined",
            found.changed,
            "Clusters moved to another lineage",
            "More of their cells express the genes of the other lineage than those of the voted one.",
        )
