"""The way from a state of the reference tissue to a state that only another tissue has, and how far it can be trusted.

An end is a state of the tissue without a counterpart in the reference. Before it comes the state that it bridges to
most: the cells of both are drawn out towards each other. From there the best connected states lead back to the root
that named markers give (PAGA). Pseudotime is the place on the line through these states. The way and the order are
repeated on donors drawn with replacement.
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
from sscite.subsets.definitions.questions import Trajectory
from sscite.subsets.tissue import counterparts as tissue_states

MOST_CELLS, FEWEST_OF_END = 12_000, 30
CONNECTED = 0.1  # PAGA connectivity, 1 where two states join as by chance
BOOTSTRAPS, STABLE = 20, 0.8
KEPT = ["sample", "donor", "tissue", "subset", "pseudotime", "diffusion"]


@dataclass(frozen=True)
class Path:
    """An ordered set of cells.

    Attributes
    ----------
    cells
        The table of the cells on the way, with `pseudotime` (0 to 1) and `diffusion`: the diffusion distance from the
        root (0 to 1; NaN where nothing joins a cell with it).
    way
        The states from the root's to the end.
    connections
        PAGA's connectivity of each pair of subsets of the lineage, a square frame.
    before
        How each other state bridges to the end (`transition.bridging`).
    root
        Name of the root cell.
    draws
        A row per draw of donors: `agreement` (Spearman correlation with the order of all donors; NaN where it cannot be
        had), `before` (the state before the end; empty where nothing connects them).
    """

    cells: pd.DataFrame
    way: tuple[str, ...]
    connections: pd.DataFrame
    before: pd.DataFrame
    root: str
    draws: pd.DataFrame

    @property
    def drawn_before(self) -> float:
        """Share of the draws in which the same state comes before the end; NaN without draws."""
        return float((self.draws["before"] == self.way[-2]).mean())

    @property
    def seen(self) -> bool:
        """Tell whether that state is seen to change into the end: gradually, and in four of five draws of donors."""
        return bool(self.before["bridging"].iloc[0] >= transition.GRADUAL and not self.drawn_before < STABLE)


def choose(cells: pd.DataFrame, asked: Trajectory, *, tissue: str, reference: str, seed: int) -> pd.DataFrame:
    """Choose the cells of the lineage in both tissues, at most 12,000: evenly by tissue, then by donor.

    Raises
    ------
    Skipped
        TOO_FEW_CELLS where either tissue has fewer than a hundred.
    """
    part = _of_lineage(cells, asked)
    part = part[part[names.TISSUE].astype(str).isin([tissue, reference])]
    counts = part[names.TISSUE].astype(str).value_counts().reindex([tissue, reference], fill_value=0)
    if counts.min() < FEWEST_CELLS:
        detail = f"{asked.lineage}: {counts[tissue]} cells in {tissue}, {counts[reference]} in {reference}"
        raise Skipped(Reason.TOO_FEW_CELLS, f"{detail}; {FEWEST_CELLS} are needed in each")
    rng = np.random.default_rng(seed)
    parts = [_thin(group, MOST_CELLS // 2, rng) for _, group in part.groupby(part[names.TISSUE].astype(str))]
    return pd.concat(parts)


def _of_lineage(cells: pd.DataFrame, asked: Trajectory) -> pd.DataFrame:
    """Take the lineage's cells that have a subset, but for the subsets that are left out."""
    subset = cells[names.SUBSET].astype(str)
    mine = cells[names.LINEAGE].astype(str) == asked.lineage
    return cells[mine & ~subset.isin([*asked.without, "", names.UNASSIGNED])]


def _thin(cells: pd.DataFrame, most: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw at most so many cells, the same number from each donor where there are as many."""
    if len(cells) <= most:
        return cells
    shuffled = cells.iloc[rng.permutation(len(cells))]
    turn = shuffled.groupby(shuffled[names.DONOR].astype(str)).cumcount().to_numpy()
    return shuffled.iloc[np.argsort(turn, kind="stable")[:most]]


def ends(cells: pd.DataFrame, asked: Trajectory, *, tissue: str, reference: str) -> list[str]:
    """Name the tissue's states without a counterpart in the reference, the most frequent first (30 cells needed).

    Parameters
    ----------
    cells
        With what SUBSETS_TISSUE says of each: counterpart, counterpart_share, counterpart_distance, relative_distance.
    """
    part = _of_lineage(cells, asked)
    states = tissue_states.states(part[part[names.TISSUE].astype(str).isin([tissue, reference])], reference=reference)
    chosen = states[states["without_counterpart"] & (states["cells"] >= FEWEST_OF_END)]
    return [str(name) for name in chosen.sort_values("cells", ascending=False, kind="stable")[names.SUBSET]]


def root_score(expression: pd.DataFrame, asked: Trajectory) -> np.ndarray:
    """Score cells for the root: mean rank of the markers up less that of those down; absent genes do not count.

    Raises
    ------
    Skipped
        NO_ROOT where no marker was measured.
    """
    up, down = ([gene for gene in genes if gene in expression] for genes in (asked.root_up, asked.root_down))
    if not up and not down:
        looked = ", ".join((*asked.root_up, *asked.root_down))
        raise Skipped(Reason.NO_ROOT, looked)
    ranks = expression[[*up, *down]].rank(pct=True)
    return (ranks[up].mean(axis=1).fillna(0) - ranks[down].mean(axis=1).fillna(0)).to_numpy()


def way(connections: pd.DataFrame, *, start: str, before: str, end: str) -> tuple[str, ...]:
    """Lead from a start to the state before an end by the best connected states, or straight where none connect.

    Best connected is the smallest sum of the inverse connectivities. Less than a tenth of what chance would join is no
    connection: among states apart, a chain of such would lead through all of them.
    """
    rest = connections.drop(index=end, columns=end)
    levels, joined = list(rest.index), rest.to_numpy() >= CONNECTED
    cost = sparse.csr_matrix(np.divide(1, rest.to_numpy(), out=np.zeros(rest.shape), where=joined))
    length, last = sparse.csgraph.dijkstra(cost, directed=False, indices=levels.index(start), return_predecessors=True)
    if not np.isfinite(length[levels.index(before)]):
        return (start, before, end)
    steps = [levels.index(before)]
    while levels[steps[-1]] != start:
        steps.append(int(last[steps[-1]]))
    return (*(levels[step] for step in reversed(steps)), end)


def trace(
    space: np.ndarray, cells: pd.DataFrame, score: np.ndarray, *, end: str, tissue: str, reference: str, seed: int
) -> Path:
    """Find the way to an end, order its cells, and repeat both on donors drawn with replacement.

    Parameters
    ----------
    space
        Positions of the cells of the lineage, shape (n_cells, n_components).
    score
        Of each cell as a root, shape (n_cells,).

    Raises
    ------
    Skipped
        NO_WAY where no state can come before the end, or the root lies in it.
    """
    before = transition.bridging(space, cells, end=end, tissue=tissue)
    data = state_graph.graph(space, cells, seed=seed)
    connections = state_graph.connections(data)
    steps = _steps(data, connections, before, state_graph.root(data, score, reference=reference), end=end)
    ordered = _order(space, cells, steps, reference=reference)
    on = cells.index.isin(ordered.index)
    joined = state_graph.graph(space[on], ordered, seed=seed)
    start = state_graph.root(joined, score[on], reference=reference)
    ordered["diffusion"] = pseudotime.by_diffusion(joined, start, seed=seed)

    def again(kept: np.ndarray) -> tuple[float, str]:
        return _repeat(
            space[kept], cells.iloc[kept], score[kept], ordered, end=end, tissue=tissue, reference=reference, seed=seed
        )

    draws = bootstrap(cells[names.DONOR].astype(str).to_numpy(), again, seed=seed)
    return Path(ordered, steps, connections, before, str(ordered.index[start]), draws)


def _steps(data: AnnData, connections: pd.DataFrame, before: pd.DataFrame, root: int, *, end: str) -> tuple[str, ...]:
    """Find the way from the state of the root cell to the end."""
    if before.empty:
        raise Skipped(Reason.NO_WAY, f"no other state has {transition.FEWEST} cells where {end} is")
    near = data.obs.iloc[[*data.obsp["distances"][root].indices, root]]
    home = near.loc[near[names.TISSUE] == near[names.TISSUE].iloc[-1], names.SUBSET].astype(str)
    start = home[home != end].mode()  # the root's state is that of most cells of its tissue around it
    if start.empty:
        raise Skipped(Reason.NO_WAY, f"the root lies in {end}")
    return way(connections, start=start.iloc[0], before=str(before.index[0]), end=end)


def _order(space: np.ndarray, cells: pd.DataFrame, steps: tuple[str, ...], *, reference: str) -> pd.DataFrame:
    """Take the cells of the way, with their place on it."""
    subset, place = (cells[name].to_numpy(str) for name in (names.SUBSET, names.TISSUE))
    on = np.isin(subset, steps)
    level = pseudotime.without_shift(space, subset, place != reference)
    return cells[on].assign(pseudotime=pseudotime.on_line(level[on], subset[on], steps))


def bootstrap(donor: np.ndarray, again: Callable[[np.ndarray], tuple[float, str]], *, seed: int) -> pd.DataFrame:
    """Repeat the way and the order on donors drawn with replacement; the columns are those of `Path.draws`.

    A donor drawn twice adds nothing to a graph of neighbours, so a draw is the set of donors drawn. One donor alone
    gives no draw.

    Parameters
    ----------
    donor
        Of each cell, shape (n_cells,).
    again
        Takes the rows of the cells drawn, gives agreement and the state before the end.
    """
    people = sorted(set(donor))
    rng = np.random.default_rng(seed)
    seen: dict[frozenset[str], tuple[float, str]] = {}
    found = []
    for _ in range(BOOTSTRAPS if len(people) > 1 else 0):
        drawn = frozenset(rng.choice(people, len(people)))
        if drawn not in seen:
            seen[drawn] = again(np.flatnonzero(np.isin(donor, list(drawn))))
        found.append(seen[drawn])
    return pd.DataFrame(found, columns=["agreement", "before"])


def _repeat(
    space: np.ndarray, cells: pd.DataFrame, score: np.ndarray, ordered: pd.DataFrame, *, end: str, tissue: str,
    reference: str, seed: int,
) -> tuple[float, str]:  # fmt: skip
    """Find the way and the order among a part of the donors; the order's agreement with the first, the state before."""
    subset, place = (cells[name].astype(str) for name in (names.SUBSET, names.TISSUE))
    if len(cells) < FEWEST_CELLS or not (place == reference).any() or not ((subset == end) & (place == tissue)).any():
        return float("nan"), ""
    before = transition.bridging(space, cells, end=end, tissue=tissue)
    data = state_graph.graph(space, cells, seed=seed)
    try:
        root = state_graph.root(data, score, reference=reference)
        steps = _steps(data, state_graph.connections(data), before, root, end=end)
    except Skipped:
        return float("nan"), ""
    place_again = _order(space, cells, steps, reference=reference)["pseudotime"]
    both = place_again.index.intersection(ordered.index)
    return float(stats.spearmanr(place_again[both], ordered.loc[both, "pseudotime"]).statistic), steps[-2]
