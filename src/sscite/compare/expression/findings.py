"""The genes of a contrast that differ most, as findings for the report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics.ambient_share import EXPLAINED
from sscite.compare.statistics.dissociation_stress import FLAG_GENE, FLAG_SCORE, NOT_ADJUSTABLE
from sscite.findings import Concern, Finding, Kind

LEVEL = 0.05
PER_SUBSET, PER_CONTRAST = 3, 20


def headlines(genes: pd.DataFrame) -> pd.DataFrame:
    """Choose the genes that are reported: FDR 5% over all subsets of the contrast, the largest shrunken effects.

    Mitochondrial and ribosomal genes stay in the table and are not chosen: they reflect the quality of a sample.
    """
    chosen = genes[(genes["level"] == "subset") & (genes["fdr_contrast"] < LEVEL) & (genes["fdr"] < LEVEL)]
    chosen = chosen[(chosen["quality"] == "") & chosen["worst_p"].notna()]
    order = chosen["shrunken_log2_fold_change"].abs().sort_values(ascending=False, kind="stable").index
    first = chosen.loc[order].groupby("subset", sort=False).head(PER_SUBSET)
    return first.sort_values("p_value", kind="stable").head(PER_CONTRAST)


def concerns(row: pd.Series) -> list[Concern]:
    """List what else could explain the difference of a gene."""
    flag = {FLAG_GENE: Concern.STRESS, FLAG_SCORE: Concern.STRESS, NOT_ADJUSTABLE: Concern.STRESS_NOT_ADJUSTABLE}
    found = [flag[row["stress_flag"]]] if row["stress_flag"] in flag else []
    if row["ambient_share"] >= EXPLAINED:
        found.append(Concern.AMBIENT)
    return found + ([Concern.ONE_DONOR] if row["worst_p"] >= LEVEL else [])


def of_contrast(genes: pd.DataFrame, comparison: Comparison) -> list[Finding]:
    """Return the findings of a contrast."""
    contrast = comparison.contrast
    return [
        Finding(
            kind=Kind.GENE, feature=row["gene"], subset=row["subset"], comparison=contrast.label,
            direction="up" if row["log2_fold_change"] > 0 else "down",
            effect=row["log2_fold_change"], low=row["low"], high=row["high"], unit="log2 fold change",
            p=row["fdr_contrast"], error_rate="FDR", donors_reference=row["donors_reference"],
            donors_target=row["donors_target"], worst_p=row["worst_p"], influential_donor=row["influential_donor"],
            p_given_stress=row["p_given_stress"],
            concerns=concerns(row), text=sentence(row), figure="volcano", table=f"{contrast.id}/expression.csv",
        )
        for _, row in headlines(genes).iterrows()
    ]  # fmt: skip


def sentence(row: pd.Series) -> str:
    """Write one finding with the numbers behind it."""
    higher = "higher" if row["log2_fold_change"] > 0 else "lower"
    fold = 2 ** abs(row["log2_fold_change"])
    text = (
        f"{row['gene']} is {fold:.2g}-fold {higher} in {row['subset']} "
        f"(FDR {row['fdr_contrast']:.2g} over all subsets; without any one donor p at most {row['worst_p']:.2g}"
    )
    given = row["p_given_stress"]
    return text + (f"; given the stress score p = {given:.2g})." if np.isfinite(given) else ").")
