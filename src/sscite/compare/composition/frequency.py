"""Cells of every subset in every donor, with their denominators: what the comparison of frequencies works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import donor_tests
from sscite.errors import Reason, Skipped

KEYS = ["measure", "level", "parent", "subset"]


@dataclass(frozen=True)
class Measures:
    """What is counted in each donor: rows of `Comparison.donors` × tests.

    Attributes
    ----------
    tests
        A row per test: measure (percent of `parent` or of `all`), level, parent, subset, note (why it is not tested)
        and of_contrast (whether the contrast tests it; the others show which changes compensate another).
    cells, whole
        (n_donors, n_tests): cells of the subset and of its denominator, summed over a donor's samples in the group.
    """

    tests: pd.DataFrame
    cells: np.ndarray
    whole: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Return all cells of each donor, (n_donors,)."""
        return self.whole[:, (self.tests["measure"] == "all").to_numpy()].max(axis=1)

    @property
    def percent(self) -> np.ndarray:
        """(n_donors, n_tests); NaN where a donor has no cell of the denominator."""
        return np.where(self.whole > 0, 100 * self.cells / np.maximum(self.whole, 1), np.nan)

    def select(self, mask: np.ndarray) -> Measures:
        """Return the tests at a mask."""
        return Measures(self.tests[mask].reset_index(drop=True), self.cells[:, mask], self.whole[:, mask])


def per_sample(composition: pd.DataFrame, *, measure: str) -> pd.DataFrame:
    """Return cells, denominator and percent of every kind of cell in every sample.

    Parameters
    ----------
    composition
        As COMPARE_PSEUDOBULK writes it.
    measure
        "parent": of the lineage's cells, for subsets; "all": of all cells, for lineages and subsets.

    Returns
    -------
    a row per sample, a column per (name, level, parent, subset); name is cells, whole or percent (NaN of no cells)
    """
    rows = composition[composition["level"] == "subset"] if measure == "parent" else composition
    whole = rows["parent_cells" if measure == "parent" else "total_cells"].to_numpy(float)
    cells = rows["cells"].to_numpy(float)
    percent = np.where(whole > 0, 100 * cells / np.maximum(whole, 1), np.nan)
    keys = ["level", "parent", "subset"]
    labels = pd.MultiIndex.from_frame(rows[["sample", *keys]])
    return pd.DataFrame({"cells": cells, "whole": whole, "percent": percent}, index=labels).unstack(keys)  # noqa: PD010


def measure(composition: pd.DataFrame, comparison: Comparison, *, min_donors: int = 3) -> Measures:
    """Sum cells to donors and note what cannot be tested.

    A subset is tested where at least `min_donors` donors have a cell of it; this rule does not look at the groups.
    """
    cells, whole, tests = [], [], []
    for kind in ("parent", "all"):
        frames = comparison.collapse(per_sample(composition, measure=kind), how="sum")
        table = frames["cells"].columns.to_frame(index=False).assign(measure=kind)
        rare = (frames["cells"] > 0).sum().to_numpy() < min_donors
        tests.append(table.assign(note=np.where(rare, f"cells in fewer than {min_donors} donors", "")))
        cells.append(frames["cells"].fillna(0).to_numpy(float))
        whole.append(frames["whole"].fillna(0).to_numpy(float))
    joined = pd.concat(tests, ignore_index=True)
    joined = joined.assign(of_contrast=_of_contrast(joined, comparison.contrast.subset))
    every = Measures(joined, np.hstack(cells), np.hstack(whole)).select(_splits(joined))
    if not every.tests["of_contrast"].any():
        raise Skipped(Reason.NO_SUBSETS, ", ".join(comparison.contrast.subset) or "no cell has a lineage")
    return every


def _of_contrast(tests: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Mark tests of the subsets or lineages that the contrast names; all if it names none."""
    if not names:
        return np.ones(len(tests), dtype=bool)
    return (tests["subset"].isin(names) | tests["parent"].isin(names)).to_numpy()


def _splits(tests: pd.DataFrame) -> np.ndarray:
    """Mark tests that can vary and repeat no other: a lineage's only subset is all of it and stands for it."""
    subsets = tests[(tests["level"] == "subset") & (tests["measure"] == "all")]
    sizes = subsets["parent"].value_counts()
    single = set(sizes.index[sizes == 1])
    always_all = (tests["measure"] == "parent") & tests["parent"].isin(single)
    repeated = (tests["level"] == "lineage") & tests["subset"].isin(single)
    return ~(always_all | repeated).to_numpy()


def nuisance(comparison: Comparison) -> np.ndarray:
    """Return the nuisance design: intercept or, if paired, an indicator per donor; and the covariates."""
    covariates = comparison.covariate_matrix()[0]
    donors = comparison.donors["donor"]
    base = pd.get_dummies(donors).to_numpy(float) if comparison.paired else np.ones((len(donors), 1))
    return np.hstack([base, covariates])


def fill(values: np.ndarray) -> np.ndarray:
    """Return values with those that are missing set to the mean of all donors, whatever their group."""
    known = np.isfinite(values)
    mean = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, values, mean)


def omnibus(composition: pd.DataFrame, samples: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Test whether any level of a covariate with three or more differs: Kruskal-Wallis, then Dunn against the target.

    Parameters
    ----------
    samples
        All of samples.csv; the levels with at least two donors in the contrast's tissue take part.

    Returns
    -------
    a row per subset (percent of parent) and level other than the target's; no rows where the covariate has two levels
    """
    contrast = comparison.contrast
    rows = samples[samples["tissue"].isin(contrast.tissue)] if contrast.tissue else samples
    rows = rows[(rows[contrast.variable] != "") & ~rows["sample"].isin(comparison.left_out["sample"])]
    levels = rows.groupby(contrast.variable)["donor"].nunique()
    names = sorted(levels.index[levels >= 2])
    target = contrast.target[0]
    columns = ["kruskal_h", "kruskal_p", "level", "other", "dunn_z", "dunn_p", "dunn_p_adjusted"]
    if contrast.variable == "tissue" or len(names) < 3 or len(contrast.target) > 1 or target not in names:
        return pd.DataFrame(columns=["parent", "subset", *columns])
    rows = rows[rows[contrast.variable].isin(names)]
    keys = rows.set_index("sample")[["donor", contrast.variable]]
    percent = per_sample(composition, measure="parent")["percent"].reindex(keys.index)
    donors = percent.groupby([keys["donor"], keys[contrast.variable]]).mean()
    level = donors.index.get_level_values(1).to_numpy(str)
    pairs, parts = [(target, other) for other in names if other != target], []
    for (_, parent, subset), values in donors.items():
        known = values.notna().to_numpy()
        if set(level[known]) == set(names):
            tested = donor_tests.kruskal_dunn(values.to_numpy()[known], level[known], pairs)
            parts.append(tested.assign(parent=parent, subset=subset))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["parent", "subset", *columns])
    return table[["parent", "subset", *columns]].sort_values(["kruskal_p", "subset"], ignore_index=True)
