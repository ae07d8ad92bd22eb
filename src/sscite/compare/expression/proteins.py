"""Surface proteins between the groups of a contrast: mean normalised protein of each donor in every subset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.command import Facts
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.expression import differential
from sscite.compare.expression.differential import Bulk
from sscite.compare.expression.values import draw_effects, test_values
from sscite.compare.statistics import dissociation_stress
from sscite.compare.statistics.dissociation_stress import FLAG_SCORE, NOT_ADJUSTABLE
from sscite.compare.statistics.donor_tests import benjamini_hochberg
from sscite.findings import Concern, Finding, Kind

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk

COLUMNS = [
    "contrast_id", "level", "subset", "protein", "effect", "low", "high", "p_value", "fdr", "fdr_contrast",
    "donors_target", "donors_reference", "effect_given_stress", "p_given_stress", "stress_flag", "worst_p",
    "influential_donor", "lowest_effect", "highest_effect",
]  # fmt: skip
SHOWN = [
    "level", "subset", "protein", "effect", "low", "high", "p_value", "fdr_contrast", "donors_target",
    "donors_reference", "p_given_stress", "worst_p", "influential_donor",
]  # fmt: skip
LEVEL, PER_SUBSET, PER_CONTRAST = 0.05, 3, 10


def test_contrast(pseudobulk: Pseudobulk, comparison: Comparison, *, min_cells: int, min_donors: int) -> pd.DataFrame:
    """Test every protein of every subset and lineage of a contrast (COLUMNS); no rows without proteins."""
    scores, parts = dissociation_stress.lineage_scores(pseudobulk), []
    for level, name in differential.requested_units(pseudobulk.obs, comparison.contrast.subset):
        bulk = differential.collect(pseudobulk, comparison, level, name, min_cells=min_cells)
        if min(bulk.donors(0), bulk.donors(1)) < min_donors:
            continue
        values, panel = donor_means(pseudobulk, bulk, comparison, level, name)
        score = differential.stress_of(bulk, comparison, scores, differential.lineage_of(pseudobulk.obs, level, name))
        table = test_values(values, panel, bulk.rows, score, covariates=comparison.covariates, paired=comparison.paired)
        if len(table):
            counts = {"donors_target": bulk.donors(1), "donors_reference": bulk.donors(0)}
            parts.append(table.assign(level=level, subset=name, **counts))
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat(parts, ignore_index=True).rename(columns={"feature": "protein"})
    table = table.assign(contrast_id=comparison.contrast.id).reindex(columns=COLUMNS)
    inside = table["p_value"].where(table["level"] == "subset").to_numpy(float)
    significant = (table["fdr"] < LEVEL).to_numpy()
    flags = dissociation_stress.flags(table, significant, np.zeros(len(table), dtype=bool))
    table = table.assign(fdr_contrast=benjamini_hochberg(inside), stress_flag=flags)
    return table.sort_values("p_value", ignore_index=True)


def donor_means(
    pseudobulk: Pseudobulk, bulk: Bulk, comparison: Comparison, level: str, name: str
) -> tuple[np.ndarray, pd.Index]:
    """Return the mean normalised protein of each row of a bulk, for proteins measured in all rows."""
    if "prot" not in pseudobulk.obsm:
        return np.empty((len(bulk.rows), 0)), pd.Index([])
    obs = pseudobulk.obs
    rows = np.flatnonzero((obs["level"] == level) & (obs["name"] == name))
    values = pd.DataFrame(np.asarray(pseudobulk.obsm["prot"])[rows], index=obs["sample"].astype(str).iloc[rows])
    means = comparison.collapse(values)
    keys = pd.MultiIndex.from_frame(comparison.donors[["donor", "group"]])
    wanted = means.set_axis(keys).reindex(pd.MultiIndex.from_frame(bulk.rows[["donor", "group"]]))
    shared = wanted.notna().all().to_numpy()
    return wanted.to_numpy(float)[:, shared], pd.Index(np.asarray(pseudobulk.uns["prot"], str))[shared]


def headlines(table: pd.DataFrame) -> pd.DataFrame:
    """Choose the proteins that are reported: FDR 5% over all subsets of the contrast, by p value."""
    chosen = table[(table["level"] == "subset") & (table["fdr_contrast"] < LEVEL)]
    first = chosen.sort_values("p_value", kind="stable").groupby("subset", sort=False).head(PER_SUBSET)
    return first.head(PER_CONTRAST)


def of_contrast(table: pd.DataFrame, comparison: Comparison) -> list[Finding]:
    """Return the findings of a contrast."""
    contrast = comparison.contrast
    return [
        Finding(
            kind=Kind.PROTEIN, feature=row["protein"], subset=row["subset"], comparison=contrast.label,
            direction="up" if row["effect"] > 0 else "down", effect=row["effect"], low=row["low"], high=row["high"],
            unit="normalised protein", p=row["fdr_contrast"], error_rate="FDR",
            donors_reference=row["donors_reference"], donors_target=row["donors_target"],
            worst_p=row["worst_p"] if np.isfinite(row["worst_p"]) else None,
            influential_donor=row["influential_donor"], p_given_stress=row["p_given_stress"], concerns=_concerns(row),
            text=_sentence(row), figure="proteins", table=f"{contrast.id}/protein.csv",
        )
        for _, row in headlines(table).iterrows()
    ]  # fmt: skip


def describe(facts: Facts, table: pd.DataFrame) -> None:
    """Add the number of proteins that differ, the clearest of them, and a figure if there are findings."""
    if table.empty:
        return
    subsets = table[table["level"] == "subset"]
    facts.number(proteins_fdr_5_over_all_subsets=int((subsets["fdr_contrast"] < LEVEL).sum()))
    facts.table("protein", differential.rounded(table[SHOWN].head(12)), "Surface proteins of smallest p",
                "Difference of the donors' mean normalised protein.")  # fmt: skip
    if len(headlines(table)):
        rows = subsets.assign(label=subsets["subset"] + ": " + subsets["protein"])
        facts.figure("proteins", draw_effects(rows, "label", "difference of normalised protein"),
                     "Proteins that differ most", "Right: higher in the target. Filled: FDR below 5%.")  # fmt: skip


def _concerns(row: pd.Series) -> list[Concern]:
    """List what else could explain the difference of a protein."""
    flag = {FLAG_SCORE: Concern.STRESS, NOT_ADJUSTABLE: Concern.STRESS_NOT_ADJUSTABLE}
    found = [flag[row["stress_flag"]]] if row["stress_flag"] in flag else []
    return found + ([Concern.ONE_DONOR] if row["worst_p"] >= LEVEL else [])


def _sentence(row: pd.Series) -> str:
    """Write one finding with the numbers behind it."""
    higher = "higher" if row["effect"] > 0 else "lower"
    given = f"; given the stress score p = {row['p_given_stress']:.2g}" if np.isfinite(row["p_given_stress"]) else ""
    return (
        f"{row['protein']} protein is {higher} in {row['subset']} (FDR {row['fdr_contrast']:.2g} over all subsets; "
        f"without any one donor p at most {row['worst_p']:.2g}{given})."
    )
