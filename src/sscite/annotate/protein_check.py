"""Inputs and report of the protein check of cell-type labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import names
from sscite.annotate import figures, protein_decision
from sscite.annotate.protein_gates import GATING_PROTEINS
from sscite.command import Facts, Rank
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from sscite.annotate.protein_gates import Cut

FEWEST_INFORMATIVE = 20  # cells with a clear lineage by protein, to judge a model by


def gating_values(labels: pd.DataFrame, values: pd.DataFrame, panel: pd.DataFrame | None) -> pd.DataFrame:
    """Return the proteins of the labelled cells, in the labels' order, without isotype controls.

    Raises
    ------
    Skipped
        There are no labels, or no proteins.
    """
    if labels.empty:
        raise Skipped(Reason.NO_LABELS)
    if panel is not None and "is_isotype" in panel:
        isotypes = panel.loc[panel["is_isotype"].str.lower() == "true", "protein"]
        values = values.drop(columns=isotypes, errors="ignore")
    if values.shape[1] == 0 or values.empty:
        raise Skipped(Reason.NO_ANTIBODIES)
    return values.reindex(labels.index)


def report_protein(
    facts: Facts, labels: pd.DataFrame, frame: pd.DataFrame, values: pd.DataFrame, cuts: dict[str, Cut]
) -> None:
    """Report numbers, warnings, tables and figures of the protein check."""
    counts = frame[names.PROTEIN_SUPPORT].value_counts()
    supported, contradicted = (
        int(counts.get(protein_decision.SUPPORTED, 0)),
        int(counts.get(protein_decision.CONTRADICTED, 0)),
    )
    changed = int((frame[names.LINEAGE] != labels[names.LINEAGE]).sum())
    facts.number(
        cells=len(frame), supported=supported, contradicted=contradicted,
        no_protein=len(frame) - supported - contradicted, lineage_changed=changed,
        protein_doublets=int((frame[names.SET_ASIDE] == protein_decision.DOUBLET).sum()), gating_proteins=len(cuts),
    )  # fmt: skip
    if not cuts:
        facts.summary("No protein of the panel separates the lineages in this library: only RNA labels are used.")
        facts.warn(f"None of the gating proteins ({', '.join(GATING_PROTEINS)}) could be used.")
        return
    informative = supported + contradicted
    share = (
        f"{supported / informative:.1%} of them support the RNA lineage" if informative else "RNA labels none of them"
    )
    facts.summary(
        f"{informative:,} of {len(frame):,} cells have an RNA lineage and a clear lineage by protein; {share}. "
        f"{changed:,} lineages were decided by protein."
    )
    if informative >= FEWEST_INFORMATIVE and contradicted > protein_decision.CONTRADICTED_SHARE * informative:
        facts.warn(
            f"The model does not fit these data: proteins contradict the RNA lineage of {contradicted:,} of "
            f"{informative:,} cells with a clear lineage by protein. Use another --celltypist_model.",
            rank=Rank.CRITICAL,
        )  # fmt: skip
    _contradicted(facts, protein_decision.contradicted_clusters(labels, frame))
    _agreement(facts, labels, frame, values, cuts)


def _contradicted(facts: Facts, clusters: pd.DataFrame) -> None:
    """Report the clusters whose RNA lineage most proteins contradict."""
    if len(clusters):
        facts.table("contradicted", clusters, "Clusters that protein contradicts",
                    "More than half of the cells with a clear lineage by protein have another one.")  # fmt: skip
        facts.warn(
            f"Protein contradicts the RNA lineage of {len(clusters)} cluster(s): "
            + "; ".join(
                f"{row.cell_type} is {row.protein_lineage} by protein" for row in clusters.head(5).itertuples()
            ),
            rank=Rank.CHECK,
        )


def _agreement(
    facts: Facts, labels: pd.DataFrame, frame: pd.DataFrame, values: pd.DataFrame, cuts: dict[str, Cut]
) -> None:
    """Add the agreement matrix and the cuts."""
    shown = np.where(frame[names.PROTEIN_LINEAGE] == "", "not clear", frame[names.PROTEIN_LINEAGE])
    order = [*names.LINEAGES, "not clear"]
    table = pd.crosstab(labels[names.LINEAGE].to_numpy(), shown)
    table = table.reindex([name for name in order if name in table.index])[
        [name for name in order if name in table.columns]
    ]
    facts.table("agreement", table.rename_axis("lineage").reset_index(), "Lineage by RNA and by protein", "Cells.")
    levels = pd.DataFrame(
        [{"protein": name, "without": cut.low, "cut": cut.value, "with": cut.high} for name, cut in cuts.items()]
    )
    facts.table(
        "cuts",
        levels.round(3),
        "Cuts",
        "Medians of negative and positive cells of each protein, and the cut between.",
    )
    facts.figure(
        "agreement",
        figures.agreement(table),
        "Lineage by RNA and by protein",
        "Colour: share of the row. Cells off the diagonal disagree; 'other T' by protein: CD4 or CD8 is not clear.",
    )
    facts.figure("gates", figures.gates(values, {name: cut.value for name, cut in cuts.items()}), "Gating proteins",
                 "Normalised protein over all cells; the line separates positive from negative cells.")  # fmt: skip
