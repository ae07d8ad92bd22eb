"""Infer a trajectory from a reference-tissue state to a tissue-specific terminal state, with bootstrap support.

A terminal state is a tissue state without a counterpart in the reference tissue. Its predecessor is the state with the
highest transition score. From there the best connected states (PAGA) lead back to the root, which marker genes define.
Pseudotime is the projection on the line through the centroids of these states. States and order are re-estimated on
donors drawn with replacement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse, stats

from sscite import names
from sscite.compare.trajectory import pseudotime, state_graph, transition
from sscite.compare.trajectory.pseudotime import FEWEST_CELLS
from sscite.errors import Reason, Skipped
from sscite.subsets.definitions.questions import Trajectory as TrajectoryQuestion
from sscite.subsets.tissue import counterparts as tissue_states

MOST_CELLS, FEWEST_OF_END = 12_000, 30
CONNECTED = 0.1  # PAGA connectivity, 1 where two states join as by chance
BOOTSTRAPS, STABLE = 20, 0.8
KEPT = ["sample", "donor", "tissue", "subset", "pseudotime", "diffusion"]


@dataclass(frozen=True)
class Trajectory:
    """A trajectory: its states, the cells on it, their pseudotime and the bootstrap support.

    Attributes
    ----------
    cells
        The cells on the path, with `pseudotime` (0 to 1) and `diffusion`: the diffusion distance from the
        root (0 to 1; NaN where nothing joins a cell with it).
    states
        The path of states from the root to the terminal state.
    connections
        PAGA's connectivity of each pair of subsets of the lineage, a square frame.
    predecessors
        Transition score of every other state with the terminal state (`transition.transition_scores`).
    root
        Name of the root cell.
    draws
        A row per draw of donors: `agreement` (Spearman correlation with the order of all donors; NaN where it cannot be
        had), `predecessor` (empty if nothing connects it with the terminal state).
    """

    cells: pd.DataFrame
    states: tuple[str, ...]
    connections: pd.DataFrame
    predecessors: pd.DataFrame
    root: str
    draws: pd.DataFrame

    @property
    def predecessor_support(self) -> float:
        """Return the share of donor bootstraps with the same predecessor; NaN without bootstraps."""
        return float((self.draws["predecessor"] == self.states[-2]).mean())

    @property
    def is_supported(self) -> bool:
        """Return whether the transition is gradual (score >= 2) and found in at least 80% of donor bootstraps."""
        return bool(
            self.predecessors["transition_score"].iloc[0] >= transition.GRADUAL
            and not self.predecessor_support < STABLE
        )


def select_cells(
    cells: pd.DataFrame, question: TrajectoryQuestion, *, tissue: str, reference: str, seed: int
) -> pd.DataFrame:
    """Select the cells of the lineage in both tissues, at most 12,000: evenly by tissue, then by donor.

    Raises
    ------
    Skipped
        TOO_FEW_CELLS if either tissue has fewer than a hundred.
    """
    part = _of_lineage(cells, question)
    part = part[part[names.TISSUE].astype(str).isin([tissue, reference])]
    counts = part[names.TISSUE].astype(str).value_counts().reindex([tissue, reference], fill_value=0)
    if counts.min() < FEWEST_CELLS:
        detail = f"{question.lineage}: {counts[tissue]} cells in {tissue}, {counts[reference]} in {reference}"
        raise Skipped(Reason.TOO_FEW_CELLS, f"{detail}; {FEWEST_CELLS} are needed in each")
    rng = np.random.default_rng(seed)
    parts = [_thin(group, MOST_CELLS // 2, rng) for _, group in part.groupby(part[names.TISSUE].astype(str))]
    return pd.concat(parts)


def _of_lineage(cells: pd.DataFrame, question: TrajectoryQuestion) -> pd.DataFrame:
    """Return the cells of the lineage that have a subset, without the excluded subsets."""
    subset = cells[names.SUBSET].astype(str)
    mine = cells[names.LINEAGE].astype(str) == question.lineage
    return cells[mine & ~subset.isin([*question.without, "", names.UNASSIGNED])]


def _thin(cells: pd.DataFrame, most: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw at most `most` cells, balanced over donors."""
    if len(cells) <= most:
        return cells
    shuffled = cells.iloc[rng.permutation(len(cells))]
    turn = shuffled.groupby(shuffled[names.DONOR].astype(str)).cumcount().to_numpy()
    return shuffled.iloc[np.argsort(turn, kind="stable")[:most]]


def terminal_states(cells: pd.DataFrame, question: TrajectoryQuestion, *, tissue: str, reference: str) -> list[str]:
    """Return the tissue states without a reference counterpart (at least 30 cells), most abundant first.

    Parameters
    ----------
    cells
        With the columns of SUBSETS_TISSUE: counterpart, its share and distance, relative_distance.
    """
    part = _of_lineage(cells, question)
    states = tissue_states.states(part[part[names.TISSUE].astype(str).isin([tissue, reference])], reference=reference)
    chosen = states[states["without_counterpart"] & (states["cells"] >= FEWEST_OF_END)]
    return [str(name) for name in chosen.sort_values("cells", ascending=False, kind="stable")[names.SUBSET]]


def root_score(expression: pd.DataFrame, question: TrajectoryQuestion) -> np.ndarray:
    """Score cells for the root: mean rank of the markers up minus that of the markers down; absent genes are ignored.

    Raises
    ------
    Skipped
        NO_ROOT if no marker was measured.
    """
    up, down = ([gene for gene in genes if gene in expression] for genes in (question.root_up, question.root_down))
    if not up and not down:
        looked = ", ".join((*question.root_up, *question.root_down))
        raise Skipped(Reason.NO_ROOT, looked)
    ranks = expression[[*up, *down]].rank(pct=True)
    return (ranks[up].mean(axis=1).fillna(0) - ranks[down].mean(axis=1).fillna(0)).to_numpy()


def shortest_path(connections: pd.DataFrame, *, start: str, predecessor: str, terminal: str) -> tuple[str, ...]:
    """Return the best-connected path from start through predecessor to terminal; direct if no path exists.

    The best-connected path has the smallest sum of inverse connectivities. A connectivity below a tenth of that
    expected by chance does not count; otherwise a chain of weak ones would pass through all separate states.
    """
    rest = connections.drop(index=terminal, columns=terminal)
    levels, joined = list(rest.index), rest.to_numpy() >= CONNECTED
    cost = sparse.csr_matrix(np.divide(1, rest.to_numpy(), out=np.zeros(rest.shape), where=joined))
    length, last = sparse.csgraph.dijkstra(cost, directed=False, indices=levels.index(start), return_predecessors=True)
    if not np.isfinite(length[levels.index(predecessor)]):
        return (start, predecessor, terminal)
    steps = [levels.index(predecessor)]
    while levels[steps[-1]] != start:
        steps.append(int(last[steps[-1]]))
    return (*(levels[step] for step in reversed(steps)), terminal)


def infer_trajectory(
    space: np.ndarray, cells: pd.DataFrame, score: np.ndarray, *, terminal: str, tissue: str, reference: str, seed: int
) -> Trajectory:
    """Infer the path to a terminal state, order its cells, and repeat both on donors drawn with replacement.

    Parameters
    ----------
    space
        Positions of the cells of the lineage, shape (n_cells, n_components).
    score
        Of each cell as a root, shape (n_cells,).

    Raises
    ------
    Skipped
        NO_PREDECESSOR if no state qualifies as predecessor, or the root lies in the terminal state.
    """
    predecessors = transition.transition_scores(space, cells, terminal=terminal, tissue=tissue)
    data = state_graph.graph(space, cells, seed=seed)
    connections = state_graph.connections(data)
    steps = _steps(
        data, connections, predecessors, state_graph.root(data, score, reference=reference), terminal=terminal
    )
    ordered = _order(space, cells, steps, reference=reference)
    on = cells.index.isin(ordered.index)
    joined = state_graph.graph(space[on], ordered, seed=seed)
    start = state_graph.root(joined, score[on], reference=reference)
    ordered["diffusion"] = pseudotime.diffusion_pseudotime(joined, start, seed=seed)

    def again(kept: np.ndarray) -> tuple[float, str]:
        return _repeat(
            space[kept],
            cells.iloc[kept],
            score[kept],
            ordered,
            terminal=terminal,
            tissue=tissue,
            reference=reference,
            seed=seed,
        )

    draws = bootstrap(cells[names.DONOR].astype(str).to_numpy(), again, seed=seed)
    return Trajectory(ordered, steps, connections, predecessors, str(ordered.index[start]), draws)


def _steps(
    data: AnnData, connections: pd.DataFrame, predecessors: pd.DataFrame, root: int, *, terminal: str
) -> tuple[str, ...]:
    """Return the path of states from the state of the root cell to the terminal state."""
    if predecessors.empty:
        raise Skipped(Reason.NO_PREDECESSOR, f"no other state has {transition.FEWEST} cells where {terminal} is")
    near = data.obs.iloc[[*data.obsp["distances"][root].indices, root]]
    home = near.loc[near[names.TISSUE] == near[names.TISSUE].iloc[-1], names.SUBSET].astype(str)
    start = home[home != terminal].mode()  # the root's state is that of most cells of its tissue around it
    if start.empty:
        raise Skipped(Reason.NO_PREDECESSOR, f"the root lies in {terminal}")
    return shortest_path(connections, start=start.iloc[0], predecessor=str(predecessors.index[0]), terminal=terminal)


def _order(space: np.ndarray, cells: pd.DataFrame, steps: tuple[str, ...], *, reference: str) -> pd.DataFrame:
    """Return the cells on the path with their pseudotime."""
    subset, place = (cells[name].to_numpy(str) for name in (names.SUBSET, names.TISSUE))
    on = np.isin(subset, steps)
    level = pseudotime.remove_tissue_shift(space, subset, place != reference)
    return cells[on].assign(pseudotime=pseudotime.project_on_path(level[on], subset[on], steps))


def bootstrap(donor: np.ndarray, again: Callable[[np.ndarray], tuple[float, str]], *, seed: int) -> pd.DataFrame:
    """Repeat path and order on donors drawn with replacement; the columns are those of `Trajectory.draws`.

    A donor drawn twice adds nothing to a graph of neighbours, so a draw is the set of donors drawn. One donor alone
    gives no draw.

    Parameters
    ----------
    donor
        Of each cell, shape (n_cells,).
    again
        Takes the rows of the cells drawn, returns agreement and predecessor.
    """
    people = sorted(set(donor))
    rng = np.random.default_rng(seed)
    known: dict[frozenset[str], tuple[float, str]] = {}
    found = []
    for _ in range(BOOTSTRAPS if len(people) > 1 else 0):
        drawn = frozenset(rng.choice(people, len(people)))
        if drawn not in known:
            known[drawn] = again(np.flatnonzero(np.isin(donor, list(drawn))))
        found.append(known[drawn])
    return pd.DataFrame(found, columns=["agreement", "predecessor"])


def _repeat(
    space: np.ndarray, cells: pd.DataFrame, score: np.ndarray, ordered: pd.DataFrame, *, terminal: str, tissue: str,
    reference: str, seed: int,
) -> tuple[float, str]:  # fmt: skip
    """Re-infer path and order from some of the donors; return the rank correlation with the full order, predecessor."""
    subset, place = (cells[name].astype(str) for name in (names.SUBSET, names.TISSUE))
    if (
        len(cells) < FEWEST_CELLS
        or not (place == reference).any()
        or not ((subset == terminal) & (place == tissue)).any()
    ):
        return float("nan"), ""
    predecessors = transition.transition_scores(space, cells, terminal=terminal, tissue=tissue)
    data = state_graph.graph(space, cells, seed=seed)
    try:
        root = state_graph.root(data, score, reference=reference)
        steps = _steps(data, state_graph.connections(data), predecessors, root, terminal=terminal)
    except Skipped:
        return float("nan"), ""
    place_again = _order(space, cells, steps, reference=reference)["pseudotime"]
    both = place_again.index.intersection(ordered.index)
    return float(stats.spearmanr(place_again[both], ordered.loc[both, "pseudotime"]).statistic), steps[-2]
