"""Percents sum to one: correct effects for the change of the denominator that another subset causes.

An effect on the log frequency is measured from a centre: the median effect of the subsets, as most do not change
(after LinDA, Zhou 2022, doi 10.1186/s13059-022-02655-5, and ANCOM-BC, Lin and Peddada 2020,
doi 10.1038/s41467-020-17041-7). A centre within its own chance variation is not subtracted (firm shrinkage, Gao and
Bruce 1997), so that a design without compensation loses no power.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

CREDIBLE = 2.0  # standard deviations under permutation below which a centre is 0; it counts fully from 3 on


def correct(effect: np.ndarray, variance: np.ndarray, tests: pd.DataFrame) -> np.ndarray:
    """Return the effects measured from their centres.

    Percents of all cells are measured from the median of all subsets (weighted by precision), lineages from the median
    of the lineages, percents of a lineage from the median of its subsets; in small lineages a subset whose number of
    cells does not change votes too.

    Parameters
    ----------
    effect, variance
        (n_arrangements, n_tests), on the natural logarithm.
    tests
        measure, level, parent, subset of each test.
    """
    whole = (tests["measure"] == "all").to_numpy()
    subset = whole & (tests["level"] == "subset").to_numpy()
    lineage = whole & ~subset
    corrected = effect.copy()
    centre = np.zeros(len(effect))
    if subset.sum() > 2:
        centre = shrink(weighted_median(effect[:, subset], 1 / np.sqrt(variance[:, subset])))
    corrected[:, subset] -= centre[:, None]
    votes = np.hstack([effect[:, lineage], centre[:, None]])
    if lineage.sum() > 1:
        corrected[:, lineage] -= shrink(np.median(votes, axis=1))[:, None]
    else:
        corrected[:, lineage] -= centre[:, None]
    place = dict(zip(tests["subset"][lineage], np.flatnonzero(lineage), strict=True))
    for parent, rows in tests[~whole].groupby("parent"):
        at = rows.index.to_numpy()
        votes = effect[:, at]
        if parent in place:
            votes = np.hstack([votes, (centre - effect[:, place[parent]])[:, None]])
        corrected[:, at] -= shrink(np.median(votes, axis=1))[:, None]
    return corrected


def shrink(centre: np.ndarray) -> np.ndarray:
    """Return 0 for a centre (n_arrangements,) that permutation gives too, itself if it is clearly larger."""
    spread = CREDIBLE * max(1.4826 * float(np.median(np.abs(centre))), 1e-9)
    return centre * np.clip(2 * (np.abs(centre) / spread - 1), 0, 1)


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted median of each row."""
    order = np.argsort(values, axis=1)
    ordered, heavy = np.take_along_axis(values, order, 1), np.take_along_axis(weights, order, 1).cumsum(axis=1)
    return ordered[np.arange(len(values)), (heavy >= heavy[:, -1:] / 2).argmax(axis=1)]


def causes(table: pd.DataFrame, compensates: np.ndarray) -> list[str]:
    """Name for each marked test the finding that explains it: the largest change in the other direction.

    Parameters
    ----------
    table
        fold_change, share_fold_change, finding, measure, parent, subset of each test.
    """
    found = table[(table["finding"] != "") & (table["level"] == "subset")]
    names = []
    for row, marked in zip(table.itertuples(), compensates, strict=True):
        near = found[found["parent"] == row.parent] if row.measure == "parent" else found
        other = near[(np.log(near["fold_change"]) * np.log(row.share_fold_change) < 0) & (near["subset"] != row.subset)]
        largest = np.abs(np.log(other["fold_change"]))
        names.append(str(other.loc[largest.idxmax(), "subset"]) if marked and len(other) else "")
    return names
