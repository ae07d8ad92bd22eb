"""Features of each donor: proportions of subsets (logit), mean protein and mean signature scores of lineages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite import names
from sscite.compare.pseudobulk.files import Pseudobulk
from sscite.compare.pseudobulk.sums import keep

MIN_CELLS = 20  # of the lineage in a donor; below, the feature is missing
MIN_SHARE = 0.8  # of donors with a value; a feature with fewer is not used
MIN_POSITIVE = 3  # donors with a cell of a subset
PROPORTION, PROTEIN, SIGNATURE = "proportion", "protein", "signature"
COLUMNS = ["kind", "feature", "within", "unit"]


@dataclass(frozen=True)
class Sums:
    """Sums over the cells of each sample, from which values of donors follow whichever samples a question takes.

    Attributes
    ----------
    features
        One row per feature: kind, feature, within (`all` or a lineage), unit.
    samples
        Names of the samples, in the order of the rows.
    total, cells
        (n_samples, n_features): cells of the subset, or the sum of a value over cells; and cells it is taken over.
    """

    features: pd.DataFrame
    samples: pd.Index
    total: np.ndarray
    cells: np.ndarray


@dataclass(frozen=True)
class Profile:
    """Features of donors without missing values: one row per donor in `matrix`, one per column in `features`."""

    features: pd.DataFrame
    matrix: np.ndarray
    excluded: pd.DataFrame


def sum_features(
    composition: pd.DataFrame, pseudobulk: Pseudobulk, cells: pd.DataFrame, proteins: set[str], samples: pd.Index
) -> Sums:
    """Sum all features over the cells of the given samples.

    Parameters
    ----------
    composition, pseudobulk
        As COMPARE_PSEUDOBULK writes them.
    cells
        cells.parquet with signatures.
    proteins
        Antibodies to use.
    """
    parts = [*_proportions(composition), *_proteins(pseudobulk, proteins), *_signatures(cells[keep(cells)])]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["sample"].isin(samples)]
    wide = rows.pivot_table(index="sample", columns=COLUMNS, values=["total", "cells"], aggfunc="sum", sort=False)
    wide = wide.reindex(samples)
    if wide.empty:
        return Sums(pd.DataFrame(columns=COLUMNS), samples, np.empty((len(samples), 0)), np.empty((len(samples), 0)))
    features = wide["total"].columns.to_frame(index=False)
    return Sums(features, samples, wide["total"].fillna(0).to_numpy(float), wide["cells"].fillna(0).to_numpy(float))


def profile(sums: Sums, donors: pd.Series) -> Profile:
    """Return the features of donors; missing values are replaced by the median of all donors.

    Parameters
    ----------
    donors
        Donor of each sample in question (index: sample).

    Returns
    -------
    One row per donor in the order of the sorted names. Proportions are log((k + 0.5) / (n - k + 0.5)) of k in n cells.
    `excluded` lists features that are constant, rare or missing in more than a fifth of the donors.
    """
    member = pd.get_dummies(donors).sort_index(axis=1)
    rows = sums.samples.get_indexer(member.index)
    total, cells = member.to_numpy(float).T @ sums.total[rows], member.to_numpy(float).T @ sums.cells[rows]
    ratio = (sums.features["kind"] == PROPORTION).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(ratio, np.log((total + 0.5) / (cells - total + 0.5)), total / cells)
    values[cells < MIN_CELLS] = np.nan
    reasons = _reasons(values, total, ratio)
    used = reasons == ""
    kept = values[:, used]
    kept = np.where(np.isnan(kept), np.nanmedian(kept, axis=0) if kept.size else 0.0, kept)
    excluded = sums.features[~used].assign(reason=reasons[~used])
    return Profile(sums.features[used].reset_index(drop=True), kept, excluded.reset_index(drop=True))


def _reasons(values: np.ndarray, total: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Return the reason why a feature is not used; empty for those that are."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    reasons = np.full(values.shape[1], "", dtype=object)
    reasons[(high - low) <= 1e-9 * np.maximum(np.abs(high), 1)] = "constant"
    reasons[ratio & ((total > 0).sum(axis=0) < MIN_POSITIVE)] = f"cells in fewer than {MIN_POSITIVE} donors"
    reasons[known.mean(axis=0) < MIN_SHARE] = f"fewer than {MIN_CELLS} cells in more than a fifth of the donors"
    return reasons


def _proportions(composition: pd.DataFrame) -> list[pd.DataFrame]:
    """Count lineages among all cells, and named subsets among their lineage and among all cells, long."""
    other = composition["parent"].map(lambda name: names.OTHER_SUBSET.format(lineage=name))
    rows = composition[composition["subset"] != other]
    subsets = rows[rows["level"] == "subset"]
    parts = [(rows, rows["parent"], rows["parent_cells"]), (subsets, "all", subsets["total_cells"])]
    return [
        pd.DataFrame(
            {"sample": table["sample"], "kind": PROPORTION, "feature": table["subset"], "within": within,
             "unit": "log odds", "total": table["cells"], "cells": cells}
        )
        for table, within, cells in parts
    ]  # fmt: skip


def _proteins(pseudobulk: Pseudobulk, proteins: set[str]) -> list[pd.DataFrame]:
    """Sum the protein of each lineage, long; nothing if there are no antibodies."""
    if names.PROTEIN not in pseudobulk.obsm:
        return []
    rows = (pseudobulk.obs["level"] == "lineage").to_numpy()
    obs = pseudobulk.obs[rows]
    values = pd.DataFrame(pseudobulk.obsm[names.PROTEIN][rows], columns=list(pseudobulk.uns[names.PROTEIN]))
    long = pd.concat([obs[["sample", "name", "n_cells"]].reset_index(drop=True), values], axis=1).melt(
        ["sample", "name", "n_cells"], [name for name in values if name in proteins], "feature", "mean"
    )
    long = long[long["mean"].notna()]
    return [pd.DataFrame(
        {"sample": long["sample"].astype(str), "kind": PROTEIN, "feature": long["feature"],
         "within": long["name"].astype(str), "unit": "mean",
         "total": long["mean"] * long["n_cells"], "cells": long["n_cells"]}
    )]  # fmt: skip


def _signatures(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Sum the signature scores of each lineage, long."""
    found = []
    keys = [cells[column].astype(object).fillna("").astype(str) for column in (names.SAMPLE, names.LINEAGE)]
    for column in [name for name in cells if name.startswith(names.SIGNATURE_PREFIX)]:
        groups = cells[column].groupby(keys)
        table = groups.agg(total="sum", cells="count").reset_index()
        feature = column.removeprefix(names.SIGNATURE_PREFIX)
        table = table.rename(columns={names.LINEAGE: "within"}).assign(
            kind=SIGNATURE, feature=feature, unit="mean score"
        )
        found.append(table[~table["within"].isin(["", names.UNASSIGNED])])
    return found
