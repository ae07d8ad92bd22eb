"""The differences between a tissue and the reference tissue that are reported, as findings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics.dissociation_stress import FLAG_GENE, FLAG_SCORE, NOT_ADJUSTABLE
from sscite.findings import Concern, Finding, Kind

LEVEL, PER_SUBSET, PER_KIND = 0.05, 2, 10
UNITS = {
    "composition": (Kind.COMPOSITION, "log ratio"), "expression": (Kind.GENE, "log2 fold change"),
    "protein": (Kind.PROTEIN, "normalised protein"), "programme": (Kind.GENE_SET, "log2 counts per million"),
}  # fmt: skip


def of_tissue(table: pd.DataFrame, comparison: Comparison) -> list[Finding]:
    """Return the findings of a tissue: states without a counterpart, and what differs, by p value within each kind.

    Mitochondrial and ribosomal genes are not reported: digestion and quality differ between tissues.
    """
    states = table[(table["kind"] == "state") & table["without_counterpart"].eq(True)]
    found = [_state(row, comparison) for _, row in states.iterrows()]
    clear = table[(table["fdr"] < LEVEL) & (table["quality"] == "") & (table["level"] == "subset")]
    for kind in UNITS:
        rows = clear[clear["kind"] == kind].sort_values("p_value", kind="stable")
        chosen = rows.groupby("subset", sort=False).head(PER_SUBSET).head(PER_KIND)
        found += [_difference(row, comparison) for _, row in chosen.iterrows()]
    return found


def _state(row: pd.Series, comparison: Comparison) -> Finding:
    """Return one state without a counterpart."""
    reference, tissue = comparison.contrast.group_names
    text = (
        f"{row['subset']} in {tissue} is {row['effect']:.1f} times as far from {reference} cells as usual; "
        f"nearest is {row['feature']}."
    )
    return Finding(
        kind=Kind.TISSUE_STATE, feature=row["subset"], comparison=comparison.contrast.label, effect=row["effect"],
        unit="relative distance", donors_target=int(row["donors_tissue"]), text=text, figure="states",
        table=f"{comparison.contrast.id}/tissue_blood.csv",
    )  # fmt: skip


def concerns(row: pd.Series) -> list[Concern]:
    """List what else could explain a difference."""
    flag = {FLAG_GENE: Concern.STRESS, FLAG_SCORE: Concern.STRESS, NOT_ADJUSTABLE: Concern.STRESS_NOT_ADJUSTABLE}
    pairs = [(row["ambient_flag"] != "", Concern.AMBIENT), (row["worst_p"] >= LEVEL, Concern.ONE_DONOR)]
    first = [flag[row["stress_flag"]]] if row["stress_flag"] in flag else []
    return first + [concern for holds, concern in pairs if holds]


def _difference(row: pd.Series, comparison: Comparison) -> Finding:
    """Return one difference of a frequency, gene, protein or score."""
    kind, unit = UNITS[row["kind"]]
    higher = "higher" if row["effect"] > 0 else "lower"
    where = "" if kind is Kind.COMPOSITION else f" in {row['subset']}"
    given = row["p_given_stress"]
    tail = f"given the stress score p = {given:.2g}" if np.isfinite(given) else "could not be adjusted for stress"
    return Finding(
        kind=kind, feature=row["feature"], subset=where.removeprefix(" in "), comparison=comparison.contrast.label,
        direction="up" if row["effect"] > 0 else "down", effect=row["effect"], unit=unit, p=row["fdr"],
        error_rate="FDR", donors_reference=int(row["donors_reference"]), donors_target=int(row["donors_tissue"]),
        worst_p=row["worst_p"] if np.isfinite(row["worst_p"]) else None, influential_donor=row["influential_donor"],
        p_given_stress=given, concerns=concerns(row), figure="genes" if kind is Kind.GENE else row["kind"],
        text=f"{row['feature']} is {higher}{where} (FDR {row['fdr']:.2g}; {tail}).",
        table=f"{comparison.contrast.id}/tissue_blood.csv",
    )  # fmt: skip
