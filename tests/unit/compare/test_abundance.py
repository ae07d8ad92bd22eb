"""Neighbourhoods: the graph, their names, and a planted change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from unit.compare.cohorts import comparison, samples

from sscite.compare.abundance import milo, report


def cells_of(people: pd.DataFrame, raised: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Two clouds of cells; the last `raised` samples have five times as many in the second."""
    rng = np.random.default_rng(0)
    space, rows = [], []
    for i, person in enumerate(people.itertuples()):
        in_second = rng.random(150) < (0.5 if i >= len(people) - raised else 0.1)
        space.append(rng.normal(0, 1, (150, 5)) + 8 * in_second[:, None])
        subset = np.where(in_second, "second", "first")
        rows.append(pd.DataFrame({"sample": person.sample, "donor": person.donor, "subset": subset, "lineage": "T"}))
    cells = pd.concat(rows, ignore_index=True)
    return np.vstack(space).astype(np.float32), cells.set_index(pd.Index([f"c{i}" for i in range(len(cells))]))


def test_a_planted_change_is_found_in_its_neighbourhoods_and_in_the_right_direction():
    people = samples(6, 6)
    space, cells = cells_of(people, raised=6)
    counts = milo.count_neighbourhoods(space, cells, seed=0)
    table, rows = milo.test_neighbourhoods(counts, comparison(people))
    labels = milo.annotate_neighbourhoods(counts, cells)
    second = (labels["subset"] == "second").to_numpy()
    assert rows == 12
    assert second.any()
    assert (table.loc[second, "spatial_fdr"] < 0.1).all()
    assert (table.loc[second, "log2_fold_change"] > 1).all()
    assert (table.loc[~second, "log2_fold_change"] < 0).mean() > 0.95


def test_no_process_is_started_on_other_cores_of_the_machine(monkeypatch: pytest.MonkeyPatch):
    def start(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("joblib._parallel_backends.get_memmapping_executor", start)
    monkeypatch.setattr("multiprocessing.cpu_count", lambda: 64)
    people = samples(4, 4)
    space, cells = cells_of(people, raised=4)
    table, _ = milo.test_neighbourhoods(milo.count_neighbourhoods(space, cells, seed=0), comparison(people))
    assert table["p_value"].notna().all()


def test_the_graph_joins_both_ways_and_holds_ones():
    connections, distances = milo.graph(np.arange(12, dtype=np.float32)[:, None], 2, seed=0)
    assert (connections != connections.T).nnz == 0
    assert set(connections.data) == {1}
    assert distances.shape == (12, 12)


def test_neighbourhoods_grow_with_the_samples_within_bounds():
    assert [milo.number_of_neighbours(n, 10**6) for n in (3, 27, 200)] == [30, 81, 100]


def test_a_subset_of_which_half_of_the_neighbourhoods_differ_in_one_direction_is_a_finding():
    table = pd.DataFrame(
        [["A", 2.0, 0.01], ["A", 1.0, 0.03], ["A", 1.0, 0.5], ["B", -2.0, 0.01], ["B", -1.0, 0.5], ["B", -1.0, 0.5],
         ["C", 3.0, 0.001], ["C", 3.0, 0.001], ["mixed", 3, 0.001], ["mixed", 3, 0.001], ["mixed", 3, 0.001],
         ["T, other", 3, 0.001], ["T, other", 3, 0.001], ["T, other", 3, 0.001]],
        columns=["subset", "log2_fold_change", "spatial_fdr"],
    )  # fmt: skip
    found = report.findings(table, "SRC against HD", groups=(8, 4))
    assert [(f.feature, f.direction, f.effect, f.p, f.error_rate) for f in found] == [
        ("A", "up", 2.0, 0.03, "spatial FDR")
    ]
    assert found[0].text == "2 of 3 neighbourhoods differ"
    assert (found[0].donors_reference, found[0].donors_target) == (8, 4)
