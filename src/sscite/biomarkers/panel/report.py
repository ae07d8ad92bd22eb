"""The tables of a panel, and the sentences about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite import text
from sscite.biomarkers.panel.assess import FEW_CELLS, Assessed
from sscite.biomarkers.panel.gates import Gate, Sorted
from sscite.biomarkers.panel.targets import Antibodies, Target
from sscite.biomarkers.panel.validation import Panel

GATEABLE = "panel"
NOT_GATEABLE = "not gateable by these antibodies"
PANEL_COLUMNS = [
    "subset", "lineage", "tissue", "requested_by", "status", "validation", "panel", "lineage_panel", "antibodies",
    "purity", "yield", "f1", "purity_of_all_cells", "yield_of_all_cells", "f1_of_all_cells", "f1_without_gates",
    "p_value", "cells", "donors", "percent_of_lineage", "rna_auroc", "protein_auroc", "note",
]  # fmt: skip
GATE_COLUMNS = [
    "subset", "tissue", "step", "biplot", "gates", "protein", "antibody", "clone", "gate", "low", "high", "unit",
    "support", "quality_class",
]  # fmt: skip
SIZE_COLUMNS = ["subset", "tissue", "antibodies", "panel", "purity", "yield", "f1", "gain"]
NOT_TESTED = (
    "Not tested: fluorochromes, compensation, titration, and whether thresholds of sequencing counts carry over to "
    "fluorescence: set them anew with controls, at the same place between the populations."
)


@dataclass(frozen=True)
class Modalities:
    """AUROC of a classifier on RNA and on protein, on folds left out."""

    rna: float
    protein: float


def signs(gates: list[Gate]) -> str:
    """Write gates as a cytometrist does: `CD14+ CD16-`."""
    return " ".join(gate.sign for gate in gates) or "all cells"


def panel_row(assessed: Assessed, target: Target, modalities: Modalities) -> pd.DataFrame:
    """Return the one row of `panels.csv` about a subset."""
    within, held_out = assessed.within, assessed.within.chosen
    sources = [*target.contrasts, *(["subsets.yaml"] if target.named else [])]
    row = [
        target.subset, target.lineage, target.tissue, "; ".join(sources),
        GATEABLE if within.gateable else NOT_GATEABLE,
        "held-out donors" if assessed.across_donors else "held-out cells of one donor, not cross-validated over donors",
        signs(within.gates), signs(assessed.lineage.gates), within.size,
        held_out.purity, held_out.sensitivity, held_out.f1,
        assessed.in_sequence.purity, assessed.in_sequence.sensitivity, assessed.in_sequence.f1,
        within.whole.f1, within.p, int(assessed.target.sum()), len(within.per_donor[0]),
        100 * within.whole.purity, modalities.rna, modalities.protein, "; ".join(notes(assessed)),
    ]  # fmt: skip
    return pd.DataFrame([row], columns=PANEL_COLUMNS)


def notes(assessed: Assessed) -> list[str]:
    """List what limits a panel."""
    cells, donors = int(assessed.target.sum()), len(assessed.within.per_donor[0])
    found = []
    if cells < FEW_CELLS:
        found.append(f"only {cells} cells of the subset: thresholds are uncertain")
    if not assessed.across_donors:
        found.append("cells of the subset come from one donor: not cross-validated over donors")
    elif donors < 4:
        found.append(f"cells of the subset come from {donors} donors")
    if not assessed.lineage.gateable and assessed.lineage.whole.f1 < 0.9:
        found.append("the lineage itself is not gateable by these antibodies")
    return found


def size_table(within: Panel, target: Target) -> pd.DataFrame:
    """Tabulate the best panel of each size, its held-out measures, and what one more antibody adds to F1."""
    f1 = [found.f1 for found in within.held_out]
    gains = np.diff([within.whole.f1, *f1])
    rows: list[list[object]] = [
        [target.subset, target.tissue, size, signs(gates), found.purity, found.sensitivity, found.f1, gain]
        for size, (gates, found, gain) in enumerate(zip(within.by_size, within.held_out, gains, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=SIZE_COLUMNS)


def gate_table(
    assessed: Assessed, target: Target, antibodies: pd.DataFrame, quality: pd.DataFrame, unit: str
) -> pd.DataFrame:
    """Tabulate the gates in their order, with antibody and clone as named in the counts: the bench table."""
    worst = quality.groupby("protein")["quality_class"].agg(lambda classes: "; ".join(sorted(set(classes))))
    parts = ((target.lineage, assessed.lineage), (target.subset, assessed.within))
    rows: list[list[object]] = []
    plot = 0
    for name, panel in parts:
        for place, gate in enumerate(panel.gates):
            plot += place % 2 == 0
            known = antibodies.loc[gate.protein]
            rows.append(
                [target.subset, target.tissue, len(rows) + 1, plot, name, gate.protein, known.get("feature", ""),
                 known.get("clone", ""), gate.limits, gate.low, gate.high, unit, panel.support(gate.protein),
                 worst.get(gate.protein, "")]
            )  # fmt: skip
    table = pd.DataFrame(rows, columns=GATE_COLUMNS)
    return table.replace({"low": {-np.inf: np.nan}, "high": {np.inf: np.nan}})


def sentence(assessed: Assessed, target: Target, modalities: Modalities) -> str:
    """Summarise a panel in one sentence or two."""
    within = assessed.within
    who = (
        "held-out donors" if assessed.across_donors else "held-out cells of one donor (not cross-validated over donors)"
    )
    name = f"{target.subset} ({target.tissue})"
    best = f"{signs(within.gates)} within {target.lineage}"
    measures = _measures(within.chosen)
    if not within.gateable:
        reason = "" if within.p <= 0.05 else f"; no antibody separates it ({text.p_value(within.p)})"
        return f"{name}: {NOT_GATEABLE}. The best gates, {best}, reach {measures} in {who}{reason}. {_rna(modalities)}"
    whole = assessed.in_sequence
    return (
        f"{name}: {text.plural(within.size, 'antibody', 'antibodies')} after the lineage gates, {best}: {measures} in "
        f"{who}. From all cells, {signs(assessed.gates)}: purity {text.percent(whole.purity)}, "
        f"yield {text.percent(whole.sensitivity)}. {_rna(modalities)}"
    )


def warnings(assessed: Assessed, target: Target, antibodies: Antibodies) -> list[str]:
    """List what a reader must not miss: few cells or donors, and antibodies that were not offered."""
    found = [f"{target.subset} ({target.tissue}): {note}." for note in notes(assessed)]
    missing = [name for name, reason in antibodies.excluded.items() if reason.startswith("not in the panel")]
    if missing:
        found.append(
            f"{target.tissue}: the libraries' panels differ; gates use the antibodies of all libraries, and not "
            f"{text.listing(missing, 20)}."
        )
    return found


def _measures(found: Sorted) -> str:
    return (
        f"purity {text.percent(found.purity)}, yield {text.percent(found.sensitivity)} (F1 {text.number(found.f1, 2)})"
    )


def _rna(modalities: Modalities) -> str:
    if not np.isfinite(modalities.rna):
        return ""
    areas = [text.number(area, 2) for area in (modalities.rna, modalities.protein)]
    return f"AUROC in the lineage: RNA {areas[0]}, all proteins {areas[1]}."
