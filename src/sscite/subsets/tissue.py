"""Place cells of other tissues against the reference tissue's subsets: who is the nearest counterpart, and how far."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import names
from sscite.cohort.neighbours import Index, among_themselves
from sscite.errors import Reason, Skipped

NEAREST = 15
FAR = 1.5  # times the distance that is usual for the tissue's cells of that lineage
MIN_CELLS = 20
TEXT = ["tissue", "lineage", "subset", "counterpart"]
NUMBERS = ["counterpart_share", "counterpart_distance", "relative_distance"]


def place(X: np.ndarray, cells: pd.DataFrame, *, reference: str, seed: int) -> pd.DataFrame:
    """Find for each cell of another tissue its nearest counterpart among the reference tissue's cells of its lineage.

    The distance is the mean to the 15 nearest reference cells, over what is usual within the reference tissue (the
    median of the same measure among the reference cells of that lineage): 1 means as near as blood cells are to one
    another. The relative distance divides that by the median of the tissue's cells of the lineage, and so leaves
    out what sets the whole tissue apart (digestion, platform): a state without a counterpart stands out in it.

    Parameters
    ----------
    X
        Cells × components; tissues must not have been integrated away.
    cells
        Cells with tissue, lineage, subset.

    Returns
    -------
    pd.DataFrame
        A row per cell of another tissue, with `TEXT` and `NUMBERS`.

    Raises
    ------
    Skipped
        There is one tissue, or the reference tissue is absent.
    """
    tissue, lineage = (cells[name].astype(str).to_numpy() for name in (names.TISSUE, names.LINEAGE))
    present = sorted(set(tissue))
    if len(present) < 2 or reference not in present:
        raise Skipped(Reason.ONE_TISSUE, f"found {', '.join(present)}; the reference is {reference}")
    parts = []
    for name in sorted(set(lineage)):
        home = np.flatnonzero((lineage == name) & (tissue == reference))
        away = np.flatnonzero((lineage == name) & (tissue != reference))
        if len(home) >= MIN_CELLS and len(away):
            parts.append(_place_lineage(X, cells, home, away, seed=seed))
    if not parts:
        raise Skipped(Reason.TOO_FEW_CELLS, f"no lineage has {MIN_CELLS} cells in {reference} and cells elsewhere")
    return pd.concat(parts)


def _place_lineage(
    X: np.ndarray, cells: pd.DataFrame, home: np.ndarray, away: np.ndarray, *, seed: int
) -> pd.DataFrame:
    """Place the cells of one lineage."""
    usual = np.median(among_themselves(X[home], NEAREST, seed=seed)[1].mean(axis=1))
    near, distances = Index(X[home], seed=seed).search(X[away], NEAREST)
    subset = cells[names.SUBSET].astype(str).to_numpy()
    codes, levels = pd.factorize(subset[home], sort=True)
    votes = np.stack([(codes[near] == code).mean(axis=1) for code in range(len(levels))], axis=1)
    frame = cells.iloc[away][[names.TISSUE, names.LINEAGE]].astype(str)
    frame["subset"] = subset[away]
    frame["counterpart"] = levels[votes.argmax(axis=1)]
    frame["counterpart_share"] = votes.max(axis=1)
    frame["counterpart_distance"] = distances.mean(axis=1) / max(usual, 1e-9)
    typical = frame.groupby(names.TISSUE)["counterpart_distance"].transform("median")
    frame["relative_distance"] = frame["counterpart_distance"] / typical
    return frame


def states(placed: pd.DataFrame) -> pd.DataFrame:
    """Sum up cells of each tissue and subset: nearest counterpart, distance, and whether a counterpart is missing."""
    keys = ["tissue", "lineage", "subset"]
    groups = placed.groupby(keys, observed=True)
    table = groups[["counterpart_distance", "relative_distance", "counterpart_share"]].median()
    table.insert(0, "cells", groups.size())
    table["counterpart"] = groups["counterpart"].agg(lambda values: values.mode().iloc[0])
    table["without_counterpart"] = (table["relative_distance"] > FAR) & (table["cells"] >= MIN_CELLS)
    return table.reset_index().sort_values("relative_distance", ascending=False, ignore_index=True)


def nothing() -> pd.DataFrame:
    """Give the table of placed cells without rows."""
    text = {name: pd.Series(dtype=str) for name in TEXT}
    return pd.DataFrame(
        {**text, **{name: pd.Series(dtype=np.float32) for name in NUMBERS}}, index=pd.Index([], dtype=str)
    )
