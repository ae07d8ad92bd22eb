"""Trajectories to a tissue-specific state: a planted line of cells, other states, donors and genes."""

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

QUESTION = Trajectory("monocyte/DC", without=("cDC1",), root_up=("S100A12",), root_down=("HLA-DRB1",))
PLACES = {"tissue": "kidney", "reference": "blood"}

NO_AMBIENT = pd.DataFrame(columns=["tissue", "subset", "gene"])


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


def traced(donors: int = 4) -> tuple[inference.Trajectory, pd.DataFrame, pd.Series]:
    space, table, place = line(donors)
    path = inference.infer_trajectory(space, table, -place, terminal="Mac", **PLACES, seed=0)
    return path, table, pd.Series(place, table.index)


def test_the_way_leads_from_the_root_over_the_state_that_bridges_to_the_end():
    path, _, place = traced()
    assert path.states == ("PLBD1", "VCAN", "EGR1", "Mac")
    assert place[path.root] < 0.1
    assert "ISG" not in set(path.cells["subset"])
    assert path.cells["pseudotime"].corr(place[path.cells.index], method="spearman") > 0.95
    assert path.cells["diffusion"].corr(place[path.cells.index], method="spearman") > 0.95


def test_way_and_order_hold_when_other_donors_are_drawn():
    path, _, _ = traced()
    assert len(path.draws) == inference.BOOTSTRAPS
    assert path.predecessor_support == 1
    assert path.is_supported
    assert not replace(path, draws=path.draws.assign(predecessor=["EGR1", "VCAN"] * 10)).is_supported
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
    found = transition.transition_scores(np.vstack(parts), cells, terminal="end", tissue="kidney")
    assert found.index[0] == "bridge"
    assert "few" not in found.index
    assert found.loc["bridge", ["terminal_variance", "state_variance", "transition_score"]].tolist() == pytest.approx(
        [4, 9, 6], rel=0.1
    )
    assert found.loc["near", "transition_score"] == pytest.approx(1, rel=0.1)


def test_donors_who_differ_are_no_bridge():
    rng = np.random.default_rng(0)
    space = rng.normal(0, 1, (900, 2)) + np.repeat([[0, 0], [6, 0], [0, 6]], 300, axis=0)
    cells = pd.DataFrame(
        {"subset": np.repeat(["end", "a", "b"], 300), "tissue": "kidney", "donor": np.tile(["d1", "d2", "d3"], 300)}
    )
    plain = transition.transition_scores(space, cells, terminal="end", tissue="kidney")
    shift = cells["donor"].map({"d1": -5.0, "d2": 0.0, "d3": 5.0}).where(cells["subset"] != "b", 0.0).to_numpy()
    moved = space + np.column_stack([shift, np.zeros(900)])
    again = transition.transition_scores(moved, cells, terminal="end", tissue="kidney")
    assert again["transition_score"]["a"] == pytest.approx(plain["transition_score"]["a"], rel=0.01)


def test_cells_are_placed_at_the_nearest_point_of_the_line_through_the_states():
    # centres a (0, 0), b (2, 0), c (2, 2); the line goes on straight beyond a and c
    space = np.array([[-1, 0], [1, 0], [2, -1], [2, 1], [2, -1], [2, 5]], float)
    states = np.array(["a", "a", "b", "b", "c", "c"])
    by_hand = np.array([-1, 1, 2, 3, 2, 7])
    place = pseudotime.project_on_path(space, states, ("a", "b", "c"))
    assert place.tolist() == pytest.approx(((by_hand + 1) / 8).tolist())


def test_what_all_states_of_a_tissue_share_is_taken_off_but_not_what_one_has_alone():
    states = np.repeat(["a", "b", "c", "own"], 40)
    away = np.tile([True, False], 80) | (states == "own")
    space = np.zeros((160, 2))
    space[away] += [5, 0]
    space[away & (states == "b")] += [0, 3]
    level = pseudotime.remove_tissue_shift(space, states, away)
    assert np.abs(level[states == "a"]).max() == 0
    assert level[away & (states == "b")].tolist() == [[0, 3]] * 20
    assert pseudotime.remove_tissue_shift(space, states, away | True).tolist() == space.tolist()


def test_the_shortest_path_follows_the_best_connected_states_and_is_direct_if_none_connect():
    names = ["a", "b", "c", "end"]
    connected = pd.DataFrame(0.0, names, names)
    for one, other, value in [("a", "b", 0.5), ("b", "c", 0.5), ("a", "c", 0.1), ("a", "end", 0.9), ("end", "c", 0.9)]:
        connected.loc[one, other] = connected.loc[other, one] = value
    assert inference.shortest_path(connected, start="a", predecessor="c", terminal="end") == ("a", "b", "c", "end")
    assert inference.shortest_path(connected, start="c", predecessor="c", terminal="end") == ("c", "end")
    connected.loc["a", "b"] = connected.loc["b", "a"] = 0.09
    connected.loc["a", "c"] = connected.loc["c", "a"] = 0.01
    assert inference.shortest_path(connected, start="a", predecessor="c", terminal="end") == ("a", "c", "end")


def test_an_end_is_a_frequent_state_of_the_tissue_that_lies_far_from_every_counterpart():
    states = pd.DataFrame(
        {"subset": ["far", "rare", "near", "cDC1"], "relative_distance": [3.0, 3.0, 1.0, 3.0], "n": [40, 29, 50, 60]}
    )
    cells = states.loc[states.index.repeat(states["n"])].assign(
        tissue="kidney", lineage="monocyte/DC", counterpart="x", counterpart_share=1.0, counterpart_distance=3.0
    )
    assert inference.terminal_states(cells, QUESTION, tissue="kidney", reference="blood") == ["far"]
    assert inference.terminal_states(cells, QUESTION, tissue="lung", reference="blood") == []


def test_genes_are_correlated_within_donors_and_tested_over_them():
    _, table, place = line()
    rising = np.column_stack([place, -place, np.random.default_rng(1).random(len(place))])
    found = gene_trends.correlate_pseudotime(
        rising, pd.Index(["up", "down", "none"]), table.assign(pseudotime=place), "gene"
    )
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
    coverage = gene_trends.donor_coverage(table, tissue="kidney").set_index("donor")
    assert coverage["covers"].to_dict() == {"d0": True, "d1": False, "d2": False}
    assert coverage["reaches"].to_dict() == {"d0": True, "d1": False, "d2": True}


def test_cells_that_nothing_joins_to_the_root_have_no_diffusion_pseudotime():
    space, table, place = line()
    on = (table["subset"] != "ISG").to_numpy()
    space, table, place = space[on], table[on], place[on]
    space[place > 0.8] += 100
    data = state_graph.graph(space, table, seed=0)
    found = pseudotime.diffusion_pseudotime(data, int(np.argmin(place)), seed=0)
    assert np.isnan(found).tolist() == (place > 0.8).tolist()


def test_a_root_whose_markers_were_not_measured_is_refused_by_name():
    with pytest.raises(Skipped, match="S100A12, HLA-DRB1"):
        inference.root_score(pd.DataFrame({"CD3E": [1.0, 2.0]}), QUESTION)


def test_too_few_cells_of_a_tissue_are_skipped_with_their_number():
    _, table, _ = line(donors=1, cells=120)
    with pytest.raises(Skipped, match="kidney"):
        inference.select_cells(table, QUESTION, **PLACES, seed=0)


def test_the_report_names_the_path_and_the_genes_that_increase_among_the_tissue_s_cells(root, tmp_path):
    path, table, place = traced()
    values = pd.DataFrame({"THBS1": place, "VCAN": -place, "MT-CO1": place, "DIGESTED": table["tissue"] == "kidney"})
    everything = table.assign(umap_1=place, umap_2=0.0)
    path.cells[["umap_1", "umap_2"]] = everything.loc[path.cells.index, ["umap_1", "umap_2"]]
    facts = Facts("compare_trajectory", "kidney_Mac", seed=0, folder=tmp_path)
    known = load_definitions(root / "assets" / "subsets.yaml")
    values["UMOD"] = values["THBS1"] * 1.01  # increases as THBS1 does, and is ambient in the terminal state
    soup = pd.DataFrame({"tissue": ["kidney", "lung"], "subset": "Mac", "gene": ["UMOD", "THBS1"]})
    found = report.report_trajectory(
        facts, path, everything, values.astype(float), values[[]], known, soup, tissue="kidney", reference="blood"
    ).set_index("feature")
    assert found["ambient"].to_dict() == {name: name == "UMOD" for name in found.index}
    assert "PLBD1 → VCAN → EGR1 → Mac" in facts.content["summary"]
    assert facts.content["summary"].endswith("Genes that increase along it: THBS1.")
    assert found.loc["DIGESTED", "correlation"] == 0
    assert facts.content["numbers"]["donors_covering"] == 4
    [finding] = facts.content["findings"]
    assert (finding["kind"], finding["subset"], finding["concerns"]) == ("trajectory", "Mac", [])
    assert {figure["name"] for figure in facts.content["figures"]} == {"path", "predecessors", "subsets", "markers"}


def test_a_terminal_state_without_gradual_transition_is_reported_as_unsupported(root, tmp_path):
    path, table, place = traced()
    path.cells[["umap_1", "umap_2"]] = 0.0
    abrupt = replace(path, predecessors=path.predecessors.assign(transition_score=1.9))
    facts = Facts("compare_trajectory", "kidney_Mac", seed=0, folder=tmp_path)
    known = load_definitions(root / "assets" / "subsets.yaml")
    values, everything = pd.DataFrame({"THBS1": place}), table.assign(umap_1=place, umap_2=0.0)
    report.report_trajectory(
        facts, abrupt, everything, values, values[[]], known, NO_AMBIENT, tissue="kidney", reference="blood"
    )
    assert (
        "no state shows a clear gradual transition into it (highest: EGR1, transition score 1.9"
        in facts.content["summary"]
    )
    assert "may not be real" in facts.content["warnings"][0]
