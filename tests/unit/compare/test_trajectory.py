"""Pseudotime: a planted line of cells, its donors and its genes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.compare import trajectory
from sscite.errors import Skipped


def line(donors: int = 4, cells: int = 150) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Cells along a curve; the tissue's lie in its second half."""
    rng = np.random.default_rng(0)
    place = rng.random(donors * cells)
    space = np.column_stack([10 * place, 3 * np.sin(3 * place), rng.normal(0, 0.15, len(place))]).astype(np.float32)
    table = pd.DataFrame(
        {"donor": np.repeat([f"d{i}" for i in range(donors)], cells), "lineage": "monocyte/DC",
         "tissue": np.where(place > 0.5, "kidney", "blood"),
         "subset": np.array(["PLBD1", "VCAN", "EGR1", "Mac"])[(4 * place).astype(int)]},
        index=[f"c{i}" for i in range(len(place))],
    )  # fmt: skip
    return space, table, place


def test_the_order_follows_the_line_from_the_root_and_is_stable_over_donors():
    space, table, place = line()
    path = trajectory.trace(space, table, -place, reference="blood", seed=0)
    assert place[table.index.get_loc(path.root)] < 0.1
    assert np.corrcoef(path.cells["pseudotime"].rank(), place)[0, 1] > 0.95
    assert np.nanmedian(path.stability) > 0.95
    assert path.connections.loc["PLBD1", "VCAN"] > path.connections.loc["PLBD1", "Mac"]


def test_genes_are_correlated_within_donors_and_tested_over_them():
    _, table, place = line()
    rising = np.column_stack([place, -place, np.random.default_rng(1).random(len(place))])
    found = trajectory.along(rising, pd.Index(["up", "down", "none"]), table.assign(pseudotime=place), "gene")
    found = found.set_index("feature")
    assert found.loc["up", "correlation"] == pytest.approx(1)
    assert found.loc["down", "correlation"] == pytest.approx(-1)
    assert found.loc["none", "p_value"] > 0.01
    assert (found["donors"] == 4).all()


def test_a_donor_carries_the_path_only_with_cells_at_both_ends():
    _, table, place = line(donors=2)
    table = table.assign(pseudotime=place)
    table = table[(table["donor"] == "d0") | (place < 0.3)]
    carried = trajectory.carriers(table, tissue="kidney").set_index("donor")["carries"]
    assert carried.to_dict() == {"d0": True, "d1": False}


def test_cells_that_nothing_joins_to_the_root_have_no_pseudotime():
    space, table, place = line()
    space[place > 0.8] += 100
    path = trajectory.trace(space, table, -place, reference="blood", seed=0)
    assert path.cells["pseudotime"].isna().tolist() == (place > 0.8).tolist()


def test_one_donor_gives_no_bootstrap():
    space, table, place = line(donors=1)
    assert len(trajectory.trace(space, table, -place, reference="blood", seed=0).stability) == 0


def test_too_few_cells_of_a_tissue_are_skipped_with_their_number():
    _, table, _ = line(donors=1, cells=120)
    with pytest.raises(Skipped, match="kidney"):
        trajectory.choose(table, tissue="kidney", reference="blood", lineage="monocyte/DC", without=(), seed=0)
