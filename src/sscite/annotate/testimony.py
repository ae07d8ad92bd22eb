"""What the protein witness hears and what the report says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import names
from sscite.annotate import figures, protein
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from sscite.annotate.protein import Cut
    from sscite.command import Facts


def usable(labels: pd.DataFrame, values: pd.DataFrame, panel: pd.DataFrame | None) -> pd.DataFrame:
    """Give the proteins of the labelled cells, in the labels' order, without isotype controls.

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


def tell(facts: Facts, labels: pd.DataFrame, frame: pd.DataFrame, values: pd.DataFrame, cuts: dict[str, Cut]) -> None:
    """Add numbers, warnings, tables and figures of the protein witness."""
    said = frame[names.PROTEIN_SUPPORT].value_counts()
    supported, contradicted = int(said.get(protein.SUPPORTED, 0)), int(said.get(protein.CONTRADICTED, 0))
    changed = int((frame[names.LINEAGE] != labels[names.LINEAGE]).sum())
    doublets = int((frame[names.SET_ASIDE] == protein.DOUBLET).sum())
    facts.number(
        cells=len(frame), supported=supported, contradicted=contradicted,
        no_protein=len(frame) - supported - contradicted,
        lineage_changed=changed, protein_doublets=doublets, witnesses=len(cuts),
    )  # fmt: skip
    if not cuts:
        facts.verdict("No protein of the panel parts the lineages in this library: the RNA labels stand alone.")
        facts.warn(f"None of the witness proteins ({', '.join(protein.WITNESSES)}) could be used.")
        return
    heard = supported + contradicted
    share = (
        f"{supported / heard:.1%} of them support the RNA lineage"
        if heard
        else "none of them speaks on the RNA lineage"
    )
    facts.verdict(
        f"{heard:,} of {len(frame):,} cells show a clear lineage by protein; {share}. "
        f"{changed:,} lineages were decided by protein."
    )
    against = protein.contradicted_clusters(labels, frame)
    if len(against):
        facts.table("contradicted", against, "Clusters that protein contradicts",
                    "More than half of the cells with a clear protein lineage show another one than RNA.")  # fmt: skip
        facts.warn(
            f"Protein contradicts the RNA lineage of {len(against)} cluster(s): "
            + "; ".join(f"{row.cell_type} shows {row.protein_lineage}" for row in against.head(5).itertuples())
        )
    _agreement(facts, labels, frame, values, cuts)


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
        "cuts", levels.round(3), "Cuts", "Medians of the cells without and with each protein, and the cut between."
    )
    facts.figure(
        "agreement",
        figures.agreement(table),
        "Lineage by RNA and by protein",
        "Colour: share of the row. Cells off the diagonal disagree; 'other T' by protein: CD4 or CD8 is not clear.",
    )
    facts.figure("gates", figures.gates(values, {name: cut.value for name, cut in cuts.items()}), "Witness proteins",
                 "Normalised protein over all cells; the line parts cells with and without it.")  # fmt: skip
