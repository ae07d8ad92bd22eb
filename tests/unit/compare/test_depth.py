"""Donors thinned to the same depth."""

from __future__ import annotations

import numpy as np
import pytest
from unit.compare import cohorts

from sscite.compare.composition import depth, frequency


def test_donors_keep_the_cells_of_their_rank_in_the_other_group():
    cells, group = np.array([1000, 5000, 3000, 300, 100, 200]), np.array([0, 0, 0, 1, 1, 1])
    assert depth.kept_cells(cells, group, paired=False).tolist() == [100, 300, 200, 300, 100, 200]


def test_groups_of_the_same_depths_keep_all_cells():
    cells, group = np.array([400, 900, 900, 400]), np.array([0, 0, 1, 1])
    assert depth.kept_cells(cells, group, paired=False).tolist() == cells.tolist()


def test_a_pair_keeps_the_smaller_of_its_two_numbers():
    assert depth.kept_cells(np.array([10, 80, 30, 50]), np.array([0, 0, 1, 1]), paired=True).tolist() == [
        10,
        50,
        10,
        50,
    ]


def test_thinned_cells_still_add_up_and_keep_their_frequencies():
    people = cohorts.samples(3, 3)
    cells = cohorts.random_cells(6) | {("B", "only"): [60] * 6}
    measures = frequency.measure(cohorts.counted(cells, people), cohorts.comparison(people))
    kept = np.array([1000, 500, 4060, 1000, 500, 2000])
    found = depth.thin(measures, kept, np.random.default_rng(0), times=1)[0]
    at = {(r.measure, r.subset): i for i, r in enumerate(measures.tests.itertuples())}
    everything = [at["all", f"S{j}"] for j in range(8)] + [at["all", "only"]]
    assert found.total.tolist() == kept.tolist()
    assert found.cells[:, everything].sum(axis=1).tolist() == kept.tolist()
    mono = found.cells[:, [at["parent", f"S{j}"] for j in range(4)]].sum(axis=1)
    assert (found.whole[:, at["parent", "S0"]] == mono).all()
    assert (found.cells[:, at["all", "mono"]] == mono).all()
    assert (found.cells[2] == measures.cells[2]).all()
    expected = measures.cells * (kept / measures.total)[:, None]
    assert found.cells == pytest.approx(expected, abs=5 * np.sqrt(expected.max()))


def test_cells_without_a_subset_stay_in_the_denominators():
    people = cohorts.samples(3, 3)
    counted = cohorts.counted({("mono", "A"): [40] * 6, ("mono", "B"): [40] * 6, ("T", "C"): [10] * 6}, people)
    counted["total_cells"] += 100
    mono = counted["parent"] == "mono"
    counted.loc[mono, "parent_cells"] += 20
    counted.loc[(counted["level"] == "lineage") & (counted["subset"] == "mono"), "cells"] += 20
    measures = frequency.measure(counted, cohorts.comparison(people))
    same = depth.thin(measures, measures.total.astype(int), np.random.default_rng(0), times=1)[0]
    assert (same.cells == measures.cells).all()
    assert (same.whole == measures.whole).all()
