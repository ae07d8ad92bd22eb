"""Correlation of genes and proteins with pseudotime within donors, and each donor's coverage of the trajectory."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sscite import names
from sscite.compare.statistics.donor_tests import benjamini_hochberg

COLUMNS = ["kind", "feature", "correlation", "lowest", "highest", "donors", "p_value", "fdr"]
CELLS_OF_DONOR, CELLS_OF_THIRD = 30, 10


def donor_coverage(cells: pd.DataFrame, *, tissue: str) -> pd.DataFrame:
    """Count each donor's cells per pseudotime tertile and flag donors that cover the whole trajectory.

    A donor needs 10 tissue cells in the last tertile to reach the terminal state, and 10 cells in the first to cover
    the trajectory.
    """
    third = pd.cut(cells["pseudotime"].rank(pct=True), [0, 1 / 3, 2 / 3, 1], labels=["first", "middle", "last"])
    donor = cells[names.DONOR].astype(str)
    table = pd.crosstab(donor, third).reindex(columns=["first", "middle", "last"], fill_value=0)
    away = (cells[names.TISSUE].astype(str) == tissue) & (third == "last")
    table["last_in_tissue"] = away.groupby(donor).sum()
    table["reaches"] = table["last_in_tissue"] >= CELLS_OF_THIRD
    table["covers"] = table["reaches"] & (table["first"] >= CELLS_OF_THIRD)
    return table.rename_axis("donor").reset_index()


def correlate_pseudotime(values: np.ndarray, features: pd.Index, cells: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Correlate features with pseudotime within each donor, and test the mean over donors.

    Parameters
    ----------
    values
        Normalised values, shape (n_cells, n_features).

    Returns
    -------
    kind, feature, correlation (mean over donors of Spearman's), lowest, highest, donors, p_value (t test of Fisher's z
    over donors, from three donors), fdr
    """
    pseudotime = cells["pseudotime"].to_numpy(float)
    donor = cells[names.DONOR].astype(str).to_numpy()
    rows = []
    for person in sorted(set(donor)):
        mine = donor == person
        if mine.sum() >= CELLS_OF_DONOR:
            rows.append(_spearman(values[mine], pseudotime[mine]))
    if not rows:
        return pd.DataFrame(columns=COLUMNS)
    found = np.array(rows)
    p = np.full(len(features), np.nan)
    if len(found) >= 3:
        p = stats.ttest_1samp(np.arctanh(np.clip(found, -0.999, 0.999)), 0).pvalue
    table = pd.DataFrame(
        {"kind": kind, "feature": features, "correlation": found.mean(axis=0), "lowest": found.min(axis=0),
         "highest": found.max(axis=0), "donors": len(found), "p_value": p, "fdr": benjamini_hochberg(p)}
    )  # fmt: skip
    return table.sort_values("correlation", ascending=False, ignore_index=True)


def _spearman(values: np.ndarray, pseudotime: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each column with pseudotime; 0 for a constant column."""
    ranks = stats.rankdata(values, axis=0)
    ranks = ranks - ranks.mean(axis=0)
    time = stats.rankdata(pseudotime)
    time = time - time.mean()
    scale = np.sqrt((ranks**2).sum(axis=0) * (time**2).sum())
    return np.divide(time @ ranks, scale, out=np.zeros(ranks.shape[1]), where=scale > 0)
