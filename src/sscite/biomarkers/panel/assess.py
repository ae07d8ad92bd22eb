"""Everything that is computed for one subset: AUROCs, panel, gates in sequence from all cells, groups, RNA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.biomarkers.panel import gates, validation
from sscite.biomarkers.panel.auroc import auroc, over_donors
from sscite.biomarkers.panel.gates import Gate, Sorted
from sscite.biomarkers.panel.inputs import Cohort
from sscite.biomarkers.panel.targets import Antibodies, Target
from sscite.biomarkers.panel.validation import Panel
from sscite.compare.contrast.contrast import Comparison
from sscite.errors import Reason, Skipped

MIN_CELLS = 20  # of the subset, to search a panel
FEW_CELLS = 100  # below, thresholds are uncertain
SCOPES = ("parent", "all")
AUROC_COLUMNS = [
    "subset",
    "tissue",
    "protein",
    "scope",
    "donors",
    "auroc_median",
    "auroc_min",
    "auroc_max",
    "quality_class",
]
GROUP_COLUMNS = ["subset", "tissue", "contrast", "group", "donors", "percent_annotated", "percent_gated"]


@dataclass(frozen=True)
class Assessed:
    """A subset with its panel.

    Attributes
    ----------
    within
        Panel of the subset among the cells of its lineage.
    lineage
        Panel of the lineage among all cells.
    in_sequence
        Held-out measures of both in sequence, for the subset among all cells.
    target, parent
        (n_cells of the tissue,), cells of the subset and of its lineage.
    donors, fold
        (n_cells of the tissue,), codes.
    donor_names
        Name of each donor code.
    across_donors
        Whether donors were held out; otherwise cells of the one donor.
    areas
        AUROC by scope: (n_donors, n_proteins).
    """

    within: Panel
    lineage: Panel
    in_sequence: Sorted
    target: np.ndarray
    parent: np.ndarray
    donors: np.ndarray
    fold: np.ndarray
    donor_names: list[str]
    across_donors: bool
    areas: dict[str, np.ndarray]

    @property
    def gates(self) -> list[Gate]:
        """Return all gates in sequence: those of the lineage, then those of the subset."""
        return [*self.lineage.gates, *self.within.gates]


def assess(tissue: Cohort, target: Target, antibodies: Antibodies, *, seed: int) -> Assessed:
    """Find the panel of a subset, and that of its lineage on the same folds.

    Raises
    ------
    Skipped
        No antibody is offered, or the subset or the rest of its lineage has fewer than 20 cells.
    """
    if not antibodies.offered:
        raise Skipped(Reason.NO_ANTIBODIES, "none worked in every library")
    parent = (tissue.cells["lineage"] == target.lineage).to_numpy()
    member = parent & (tissue.cells["subset"] == target.subset).to_numpy()
    if member.sum() < MIN_CELLS or (parent & ~member).sum() < MIN_CELLS:
        raise Skipped(
            Reason.TOO_FEW_CELLS,
            f"{target.subset} has {member.sum()} cells in {target.tissue} and the rest of its lineage "
            f"{(parent & ~member).sum()}; a panel needs {MIN_CELLS} of each",
        )
    columns = tissue.antibodies.index.get_indexer(pd.Index(antibodies.offered))
    values = tissue.protein[:, columns]
    codes, donor_names = pd.factorize(tissue.cells["donor"], sort=True)
    fold, across = validation.make_folds(member, codes, seed=seed)
    within = validation.find_panel(
        values[parent], antibodies.offered, member[parent], codes[parent], fold[parent], seed=seed
    )
    lineage = validation.find_panel(values, antibodies.offered, parent, codes, fold, seed=seed)
    both = np.zeros(len(member), dtype=bool)
    for number, (first, second) in enumerate(zip(lineage.fold_gates, within.fold_gates, strict=True)):
        out = fold == number
        both[out] = gates.inside(values[out], antibodies.offered, [*first, *second])
    labels = np.where(member, 0, -1)
    scopes = {"parent": np.where(parent, codes, -1), "all": codes}
    return Assessed(
        within, lineage, gates.measure(both, member, gates.donor_weights(codes)), member, parent, codes, fold,
        [str(name) for name in donor_names], across,
        {scope: auroc(values, labels, strata)[:, 0] for scope, strata in scopes.items()},
    )  # fmt: skip


def auroc_table(assessed: Assessed, target: Target, antibodies: Antibodies, quality: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the AUROC of each offered protein over donors, in the lineage and among all cells, best first."""
    worst = quality.groupby("protein")["quality_class"].agg(lambda classes: "; ".join(sorted(set(classes))))
    parts = []
    for scope in SCOPES:
        donors, median, low, high = over_donors(assessed.areas[scope])
        part = pd.DataFrame(
            {"subset": target.subset, "tissue": target.tissue, "protein": antibodies.offered, "scope": scope,
             "donors": donors, "auroc_median": median, "auroc_min": low, "auroc_max": high}
        )  # fmt: skip
        part["quality_class"] = part["protein"].map(worst).fillna("")
        order = (part["auroc_median"] - 0.5).abs().sort_values(ascending=False, kind="stable").index
        parts.append(part.loc[order])
    return pd.concat(parts, ignore_index=True)[AUROC_COLUMNS]


def group_table(assessed: Assessed, target: Target, tissue: Cohort, comparisons: list[Comparison]) -> pd.DataFrame:
    """Tabulate the percent of the lineage that is annotated as the subset, and that the gates hold, in each group."""
    parent = assessed.parent
    cells = pd.DataFrame(
        {"sample": tissue.cells["sample"].to_numpy()[parent], "annotated": assessed.target[parent],
         "gated": assessed.within.held_out_gated}
    )  # fmt: skip
    rows = []
    for comparison in comparisons:
        people = cells.merge(comparison.samples[["sample", "donor", "group"]], on="sample")
        per_donor = 100 * people.groupby(["group", "donor"])[["annotated", "gated"]].mean()
        for group, part in per_donor.groupby(level="group"):
            name = comparison.contrast.group_names[int(group)]
            means = part.mean()
            rows.append(
                [target.subset, target.tissue, comparison.contrast.name, name, len(part), means.iloc[0], means.iloc[1]]
            )
    return pd.DataFrame(rows, columns=GROUP_COLUMNS)


def donor_table(assessed: Assessed, target: Target) -> pd.DataFrame:
    """Tabulate held-out purity, yield and F1 of the subset in each donor that has cells of it."""
    size = max(assessed.within.size, 1)
    rows = [
        [target.subset, target.tissue, assessed.donor_names[donor],
         int(assessed.target[assessed.donors == donor].sum()),
         found.purity, found.sensitivity, found.f1]
        for donor, found in assessed.within.per_donor[size - 1].items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["subset", "tissue", "donor", "cells", "purity", "yield", "f1"])
