"""The way to a tissue's own state: a planted line of cells with states beside it, its donors and its genes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sscite.command import Facts
from sscite.compare.trajectory import gene_trends, inference, pseudotime, report, state_graph, transition
from sscite.errors import Skipped
from sscite.subsets.definitions.questions import Trajectory
from sscite.subsets.definitions.subsets import load_definitions

ASKED = Trajectory("monocyte/DC", without=("cDC1",), root_up=("S100A12",), root_down=("HLA-DRB1",))
NO_AMBIENT = pd.DataFrame(columns=["tissue", "subset", "gene"])
PLACES = {"tissue": "kidney", "reference": "blood"}


def line(donors: int = 4, cells: int = 200) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Cells along a curve, PLBD1 to Mac; the tissue's lie in its second half. ISG lies apart, in both tissues."""
    rng = np.random.default_rng(0)
    place = rng.random(donors * cells)
    beside = rng.random(len(place)) < 0.25
    noise = rng.normal(0, 0.15, (len(place), 3))
    space = np.column_stack([10 * place, 3 * np.sin(3 * place), np.zeros(len(place))])
    space[beside] = [5.0, -1.0, 3.0]
    table = pd.DataFrame(
        {"donor": np.repeat([f"d{i}" for i in range(donors)], cells), "lineage": "monocyte/DC",
         "tissue": np.where(place > 0.5, "kidney", "blood"),
         "subset": np.where(beside, "ISG", np.array(["PLBD1", "VCAN", "EGR1", "Mac"])[(4 * place).astype(int)])},
        index=[f"c{i}" for i in range(len(place))],
    )  # fmt: skip
    return (space + noise).astype(np.float32), table, place


def traced(donors: int = 4) -> tuple[inference.Path, pd.DataFrame, pd.Series]:
    space, table, place = line(donors)
    path = inference.trace(space, table, -place, end="Mac", **PLACES, seed=0)
    return path, table, pd.Series(place, table.index)


def test_the_way_leads_from_the_root_over_the_state_that_bridges_to_the_end():
    path, _, place = traced()
    assert path.way == ("PLBD1", "VCAN", "EGR1", "Mac")
    assert place[path.root] < 0.1
    assert "ISG" not in set(path.cells["subset"])
    assert path.cells["pseudotime"].corr(place[path.cells.index], method="spearman") > 0.95
    assert path.cells["diffusion"].corr(place[path.cells.index], method="spearman") > 0.95


def test_way_and_order_hold_when_other_donors_are_drawn():
    path, _, _ = traced()
    assert len(path.draws) == inference.BOOTSTRAPS
    assert path.drawn_before == 1
    assert path.seen
    assert not replace(path, draws=path.draws.assign(before=["EGR1", "VCAN"] * 10)).seen
    assert path.draws["agreement"].min() > 0.95


def test_one_donor_gives_no_draw():
    assert len(traced(donors=1)[0].draws) == 0


def test_only_a_change_of_the_cells_themselves_is_a_bridge():
    """Variances by hand: along the line the end's are 4, the bridge's 9, all others' 1."""
    rng = np.random.default_rng(0)
    centres = {"end": (0, 0, 0), "bridge": (6, 0, 0), "near": (0, 4, 0), "far": (6, 6, 0), "few": (1, 0, 0)}
    spread = {"end": (2, 1, 1), "bridge": (3, 1, 1)}
    number = {"few": 9}
    parts, states = [], []
    for name, centre in centres.items():
        n = number.get(name, 4000)
        parts.append(np.array(centre) + rng.normal(0, 1, (n, 3)) * spread.get(name, (1, 1, 1)))
        states += [name] * n
    cells = pd.DataFrame({"subset": states, "tissue": "kidney", "donor": "d"})
    found = transition.bridging(np.vstack(parts), cells, end="end", tissue="kidney")
    assert found.index[0] == "bridge"
    assert "few" not in found.index
    assert found.loc["bridge", ["end_towards_it", "it_towards_end", "bridging"]].tolist() == pytest.approx(
        [4, 9, 6], rel=0.1
    )
    assert found.loc["near", "bridging"] == pytest.approx(1, rel=0.1)


def test_donors_who_differ_are_no_bridge():
    rng = np.random.default_rng(0)
    space = rng.normal(0, 1, (900, 2)) + np.repeat([[0, 0], [6, 0], [0, 6]], 300, axis=0)
    cells = pd.DataFrame(
        {"subset": np.repeat(["end", "a", "b"], 300), "tissue": "kidney", "donor": np.tile(["d1", "d2", "d3"], 300)}
    )
    plain = transition.bridging(space, cells, end="end", tissue="kidney")
    shift = cells["donor"].map({"d1": -5.0, "d2": 0.0, "d3": 5.0}).where(cells["subset"] != "b", 0.0).to_numpy()
    moved = space + np.column_stack([shift, np.zeros(900)])
    again = transition.bridging(moved, cells, end="end", tissue="kidney")
    assert again["bridging"]["a"] == pytest.approx(plain["bridging"]["a"], rel=0.01)


def test_cells_are_placed_at_the_nearest_point_of_the_line_through_the_states():
    # centres a (0, 0), b (2, 0), c (2, 2); the line goes on straight beyond a and c
    space = np.array([[-1, 0], [1, 0], [2, -1], [2, 1], [2, -1], [2, 5]], float)
    states = np.array(["a", "a", "b", "b", "c", "c"])
    by_hand = np.array([-1, 1, 2, 3, 2, 7])
    place = pseudotime.on_line(space, states, ("a", "b", "c"))
    assert place.tolist() == pytest.approx(((by_hand + 1) / 8).tolist())


def test_what_all_states_of_a_tissue_share_is_taken_off_but_not_what_one_has_alone():
    states = np.repeat(["a", "b", "c", "own"], 40)
    away = np.tile([True, False], 80) | (states == "own")
    space = np.zeros((160, 2))
    space[away] += [5, 0]
    space[away & (states == "b")] += [0, 3]
    level = pseudotime.without_shift(space, states, away)
    assert np.abs(level[states == "a"]).max() == 0
    assert level[away & (states == "b")].tolist() == [[0, 3]] * 20
    assert pseudotime.without_shift(space, states, away | True).tolist() == space.tolist()


def test_the_best_connected_states_lead_to_the_one_before_the_end_or_the_way_is_straight():
    names = ["a", "b", "c", "end"]
    connected = pd.DataFrame(0.0, names, names)
    for one, other, value in [("a", "b", 0.5), ("b", "c", 0.5), ("a", "c", 0.1), ("a", "end", 0.9), ("end", "c", 0.9)]:
        connected.loc[one, other] = connected.loc[other, one] = value
    assert inference.way(connected, start="a", before="c", end="end") == ("a", "b", "c", "end")
    assert inference.way(connected, start="c", before="c", end="end") == ("c", "end")
    connected.loc["a", "b"] = connected.loc["b", "a"] = 0.09
    connected.loc["a", "c"] = connected.loc["c", "a"] = 0.01
    assert inference.way(connected, start="a", before="c", end="end") == ("a", "c", "end")


def test_an_end_is_a_frequent_state_of_the_tissue_that_lies_far_from_every_counterpart():
    states = pd.DataFrame(
        {"subset": ["far", "rare", "near", "cDC1"], "relative_distance": [3.0, 3.0, 1.0, 3.0], "n": [40, 29, 50, 60]}
    )
    cells = states.loc[states.index.repeat(states["n"])].assign(
        tissue="kidney", lineage="monocyte/DC", counterpart="x", counterpart_share=1.0, counterpart_distance=3.0
    )
    assert inference.ends(cells, ASKED, tissue="kidney", reference="blood") == ["far"]
    assert inference.ends(cells, ASKED, tissue="lung", reference="blood") == []


def test_genes_are_correlated_within_donors_and_tested_over_them():
    _, table, place = line()
    rising = np.column_stack([place, -place, np.random.default_rng(1).random(len(place))])
    found = gene_trends.along(rising, pd.Index(["up", "down", "none"]), table.assign(pseudotime=place), "gene")
    found = found.set_index("feature")
    assert found.loc["up", "correlation"] == pytest.approx(1)
    assert found.loc["down", "correlation"] == pytest.approx(-1)
    assert found.loc["none", "p_value"] > 0.01
    assert (found["donors"] == 4).all()


def test_a_donor_carries_the_way_only_with_cells_at_both_ends():
    _, table, place = line(donors=3)
    table = table.assign(pseudotime=place)
    table = table[
        (table["donor"] == "d0") | (table["donor"] == "d1") & (place < 0.3) | (table["donor"] == "d2") & (place > 0.7)
    ]
    carried = gene_trends.carriers(table, tissue="kidney").set_index("donor")
    assert carried["carries"].to_dict() == {"d0": True, "d1": False, "d2": False}
    assert carried["reaches"].to_dict() == {"d0": True, "d1": False, "d2": True}


def test_cells_that_nothing_joins_to_the_root_have_no_diffusion_pseudotime():
    space, table, place = line()
    on = (table["subset"] != "ISG").to_numpy()
    space, table, place = space[on], table[on], place[on]
    space[place > 0.8] += 100
    data = state_graph.graph(space, table, seed=0)
    found = pseudotime.by_diffusion(data, int(np.argmin(place)), seed=0)
    assert np.isnan(found).tolist() == (place > 0.8).tolist()


def test_a_root_whose_markers_were_not_measured_is_refused_by_name():
    with pytest.raises(Skipped, match="S100A12, HLA-DRB1"):
        inference.root_score(pd.DataFrame({"CD3E": [1.0, 2.0]}), ASKED)


def test_too_few_cells_of_a_tissue_are_skipped_with_their_number():
    _, table, _ = line(donors=1, cells=120)
    with pytest.raises(Skipped, match="kidney"):
        inference.choose(table, ASKED, **PLACES, seed=0)


def test_the_report_names_the_way_and_the_genes_that_rise_among_the_tissue_s_cells(root, tmp_path):
    path, table, place = traced()
    values = pd.DataFrame({"THBS1": place, "VCAN": -place, "MT-CO1": place, "DIGESTED": table["tissue"] == "kidney"})
    everything = table.assign(umap_1=place, umap_2=0.0)
    path.cells[["umap_1", "umap_2"]] = everything.loc[path.cells.index, ["umap_1", "umap_2"]]
    facts = Facts("compare_trajectory", "kidney_Mac", seed=0, folder=tmp_path)
    known = load_definitions(root / "assets" / "subsets.yaml")
    values["UMOD"] = values["THBS1"] * 1.01  # rises as THBS1 does, and is ambient in the end's cells
    soup = pd.DataFrame({"tissue": ["kidney", "lung"], "subset": "Mac", "gene": ["UMOD", "THBS1"]})
    found = report.answer(facts, path, everything, values.astype(float), values[[]], known, soup, tissue="kidney")
    found = found.set_index("feature")
    assert found["ambient"].to_dict() == {name: name == "UMOD" for name in found.index}
    assert "PLBD1 → VCAN → EGR1 → Mac" in facts.content["verdict"]
    assert facts.content["verdict"].endswith("Genes that rise along it: THBS1.")
    assert found.loc["DIGESTED", "correlation"] == 0
    assert facts.content["numbers"]["donors_carrying"] == 4
    assert {figure["name"] for figure in facts.content["figures"]} == {"path", "before", "subsets", "markers"}


def test_an_end_that_nothing_changes_into_is_said_to_have_no_gradual_way(root, tmp_path):
    path, table, place = traced()
    path.cells[["umap_1", "umap_2"]] = 0.0
    abrupt = replace(path, before=path.before.assign(bridging=1.9))
    facts = Facts("compare_trajectory", "kidney_Mac", seed=0, folder=tmp_path)
    known = load_definitions(root / "assets" / "subsets.yaml")
    values, everything = pd.DataFrame({"THBS1": place}), table.assign(umap_1=place, umap_2=0.0)
    report.answer(facts, abrupt, everything, values, values[[]], known, NO_AMBIENT, tissue="kidney")
    assert "no one state is seen to change into it gradually (most EGR1: 1.9 times" in facts.content["verdict"]
    assert "may be none" in facts.content["warnings"][0]
