"""Make donors comparable in depth: cells are taken away at random until both groups have the same numbers of cells.

Labels may be permuted only if donors are exchangeable. Donors with few cells have frequencies with more noise and more
zeros, so that a group of them is not, whatever the statistic. After thinning, donors of both groups have the same
numbers of cells, and a permutation test is exact whatever the distribution of the frequencies.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.composition.frequency import Measures


def kept_cells(cells: np.ndarray, group: np.ndarray, *, paired: bool) -> np.ndarray:
    """Return how many cells of each donor are kept.

    Unpaired, a donor keeps at most the number of cells at the same rank of the other group (interpolated between the
    donors of the smaller one); paired, a donor keeps the smaller of their two numbers.

    Parameters
    ----------
    cells
        (n_donors,), all cells of each donor; where paired the references come first, then the same donors as targets.
    group
        (n_donors,), 0 or 1.
    """
    if paired:
        return np.tile(np.minimum(*np.split(cells, 2)), 2).astype(int)
    kept = cells.astype(float)
    for side in (0, 1):
        own, other = cells[group == side], np.sort(cells[group != side])
        rank = (np.argsort(np.argsort(own, kind="stable"), kind="stable") + 0.5) / len(own)
        limit = np.interp(rank, (np.arange(len(other)) + 0.5) / len(other), other)
        kept[group == side] = np.minimum(own, limit)
    return kept.astype(int)


def thin(measures: Measures, kept: np.ndarray, rng: np.random.Generator, *, times: int) -> list[Measures]:
    """Draw the given number of cells of each donor (n_donors,) without replacement and count them, several times."""
    parts, member, whole = _parts(measures)
    drawn = np.array([rng.multivariate_hypergeometric(row, n, times) for row, n in zip(parts, kept, strict=True)])
    counted = np.moveaxis(drawn, 1, 0).astype(float)
    return [Measures(measures.tests, each @ member, each @ whole) for each in counted]


def _parts(measures: Measures) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split the cells of each donor into subsets, cells of a lineage without subset, and all others.

    Returns
    -------
    cells (n_donors, n_parts); which parts are the cells of each test and which its denominator, (n_parts, n_tests)
    """
    tests, cells = measures.tests, measures.cells.astype(int)
    subset = ((tests["measure"] == "all") & (tests["level"] == "subset")).to_numpy()
    total = measures.total.astype(int)
    names = [tests.loc[subset, ["parent", "subset"]].set_axis(["lineage", "part"], axis=1)]
    columns = [cells[:, subset]]
    for lineage, number in _lineages(measures).items():
        inside = cells[:, subset & (tests["parent"] == lineage).to_numpy()].sum(axis=1)
        names.append(pd.DataFrame({"lineage": [lineage], "part": [""]}))
        columns.append((number - inside)[:, None])
    named = pd.concat(names, ignore_index=True)
    known = np.hstack(columns)
    parts = np.hstack([known, (total - known.sum(axis=1))[:, None]])
    of_lineage, of_part = (np.append(named[column].to_numpy(str), "")[:, None] for column in ("lineage", "part"))
    own, parent = tests["subset"].to_numpy(str), tests["parent"].to_numpy(str)
    is_lineage = (tests["level"] == "lineage").to_numpy()
    member = np.where(is_lineage, of_lineage == own, (of_lineage == parent) & (of_part == own))
    whole = np.where((tests["measure"] == "parent").to_numpy(), of_lineage == parent, True)
    return parts, member.astype(float), whole.astype(float)


def _lineages(measures: Measures) -> dict[str, np.ndarray]:
    """Return the cells of each lineage that is tested or is a denominator, by name."""
    tests = measures.tests
    found = {}
    for place in np.flatnonzero(tests["level"] == "lineage"):
        found[str(tests["subset"].iloc[place])] = measures.cells[:, place].astype(int)
    for place in np.flatnonzero(tests["measure"] == "parent"):
        found[str(tests["parent"].iloc[place])] = measures.whole[:, place].astype(int)
    return found
