"""Find the antibodies and thresholds whose rectangular gates sort a subset best (F1), by a beam search.

Values are binned; one pass over the cells gives the histogram of every protein, and from it the best interval of each.
A panel grows antibody by antibody from the best panels of the size before (the beam); after each step all its
thresholds are set anew, one at a time, and at the end each antibody is replaced if another does better.
Hypergate (Becht et al. 2019, doi:10.1093/bioinformatics/bty491) optimises the same criterion on one box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from sscite.biomarkers.panel.gates import Gate

MAX_ANTIBODIES = 4
BEAM = 10
QUANTILES = 60  # of the target's and of the other cells; together they give the bins
TAILS = (0.001, 0.003, 0.008)  # further quantiles, and as many from the top: separate populations have a gap there
TWO_SIDED_GAIN = 0.02  # of F1, for a gate with two thresholds in place of one
EXCHANGE_GAIN = 1e-3
SWEEPS = 4
PLATEAU = 0.002  # of F1


@dataclass(frozen=True)
class Box:
    """Gates on binned values: proteins (columns) with their first and last bin, and the F1 they reach."""

    columns: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    f1: float


@dataclass(frozen=True)
class Binned:
    """Cells as bins: codes (n_cells, n_proteins), upper edges of the bins of each protein, target and weights."""

    codes: np.ndarray
    edges: list[np.ndarray]
    target: np.ndarray
    weights: np.ndarray

    @property
    def bins(self) -> int:
        """Number of bins of the protein that has most."""
        return max(len(edges) for edges in self.edges) + 1


def bin_values(values: np.ndarray, target: np.ndarray, weights: np.ndarray) -> Binned:
    """Bin every protein (n_cells, n_proteins) at quantiles of the target and of the other cells, rounded to 0.01."""
    levels = np.concatenate([TAILS, np.linspace(0, 1, QUANTILES + 2)[1:-1], 1 - np.array(TAILS)])
    edges, codes = [], np.empty(values.shape, np.uint8)
    for j, column in enumerate(values.T):
        sides = [column[mask] for mask in (target, ~target) if mask.any()]
        ends = [np.array([side.min(), side.max() + 0.01]) for side in sides]
        cuts = [*(np.quantile(side, levels) for side in sides), *ends]
        edges.append(np.unique(np.round(np.concatenate(cuts), 2)))
        codes[:, j] = np.searchsorted(edges[j], column, side="right")
    return Binned(codes, edges, target, weights.astype(np.float64))


def search(binned: Binned, *, depth: int = MAX_ANTIBODIES, width: int = BEAM) -> list[Box]:
    """Return the best panel of each size from 1 to `depth` antibodies."""
    beam, best = [Box((), (), (), 0.0)], []
    for _ in range(min(depth, binned.codes.shape[1])):
        beam = _grow(binned, beam, width)
        best.append(_exchange(binned, beam[0]))
        beam[0] = best[-1]
    return best


def to_gates(box: Box, binned: Binned, proteins: list[str]) -> list[Gate]:
    """Write a box as gates in the unit of the values; an antibody whose gate holds all cells is dropped."""
    gates = []
    for column, first, last in zip(box.columns, box.first, box.last, strict=True):
        edges = binned.edges[column]
        lower, upper = first > 0, last < len(edges)
        low = edges[first - 1] if lower else -np.inf
        high = edges[last] if upper else np.inf
        if lower != upper:
            centre = _centre(binned, _without(box, column), column, first if lower else last + 1, above=lower)
            low, high = (centre, np.inf) if lower else (-np.inf, centre)
        if lower or upper:
            gates.append(Gate(proteins[column], float(low), float(high)))
    return gates


def _centre(binned: Binned, rest: Box, column: int, chosen: int, *, above: bool) -> float:
    """Return the middle of the thresholds around the chosen one whose F1 is within 0.002 of its own.

    Between separate populations many thresholds do equally well, and the middle leaves most room for other donors.
    """
    edges = binned.edges[column]
    rows = _inside(binned, rest)
    sums = _histogram(binned.codes, rows, np.array([column]), binned.target, binned.weights, len(edges) + 1)[0]
    below = np.cumsum(sums, axis=0)[:-1]  # in front of each edge
    inside = sums.sum(axis=0) - below if above else below
    f1 = 2 * inside[:, 1] / (inside.sum(axis=1) + binned.weights[binned.target].sum())
    low = high = chosen - 1
    while low > 0 and f1[low - 1] >= f1[chosen - 1] - PLATEAU:
        low -= 1
    while high < len(edges) - 1 and f1[high + 1] >= f1[chosen - 1] - PLATEAU:
        high += 1
    return float(np.round((edges[low] + edges[high]) / 2, 2))


def _grow(binned: Binned, beam: list[Box], width: int) -> list[Box]:
    """Add one antibody to each panel of the beam in every way; keep the best panels after setting their thresholds."""
    grown: dict[frozenset[int], Box] = {}
    for box in beam:
        f1, first, last = _best_gates(binned, _inside(binned, box), None)
        f1[list(box.columns)] = -1.0
        for column in np.argsort(-f1, kind="stable")[:width]:
            key = frozenset((*box.columns, int(column)))
            if f1[column] > grown.get(key, Box((), (), (), 0.0)).f1:
                grown[key] = _with(box, int(column), int(first[column]), int(last[column]), float(f1[column]))
    chosen = sorted(grown.values(), key=lambda box: -box.f1)[: 2 * width]
    refined = [_refine(binned, box) for box in chosen]
    return sorted(refined, key=lambda box: -box.f1)[:width] or beam


def _refine(binned: Binned, box: Box) -> Box:
    """Set the thresholds of one antibody after the other until F1 rises no more."""
    for _ in range(SWEEPS):
        before = box.f1
        for column in box.columns:
            rest = _without(box, column)
            f1, first, last = _best_gates(binned, _inside(binned, rest), column)
            if f1[0] > box.f1:
                box = _with(rest, column, int(first[0]), int(last[0]), float(f1[0]))
        if box.f1 - before < EXCHANGE_GAIN:
            break
    return box


def _exchange(binned: Binned, box: Box) -> Box:
    """Replace one antibody by another if that raises F1, until none does."""
    for _ in range(SWEEPS):
        best = box
        for column in box.columns:
            rest = _without(box, column)
            f1, first, last = _best_gates(binned, _inside(binned, rest), None)
            f1[list(rest.columns)] = -1.0
            other = int(f1.argmax())
            if f1[other] > best.f1 + EXCHANGE_GAIN:
                best = _refine(binned, _with(rest, other, int(first[other]), int(last[other]), float(f1[other])))
        if best is box:
            break
        box = best
    return box


def _with(box: Box, column: int, first: int, last: int, f1: float) -> Box:
    return Box((*box.columns, column), (*box.first, first), (*box.last, last), f1)


def _without(box: Box, column: int) -> Box:
    kept = [i for i, other in enumerate(box.columns) if other != column]
    columns, first, last = (tuple(part[i] for i in kept) for part in (box.columns, box.first, box.last))
    return Box(columns, first, last, 0.0)


def _inside(binned: Binned, box: Box) -> np.ndarray:
    """Return the rows of the cells inside all gates of the box."""
    kept = np.ones(len(binned.codes), dtype=bool)
    for column, first, last in zip(box.columns, box.first, box.last, strict=True):
        kept &= (binned.codes[:, column] >= first) & (binned.codes[:, column] <= last)
    return np.flatnonzero(kept)


def _best_gates(binned: Binned, rows: np.ndarray, column: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return F1 and first and last bin of the best gate of every protein (or of one) among the cells in `rows`."""
    columns = np.arange(binned.codes.shape[1]) if column is None else np.array([column])
    positives = float(binned.weights[binned.target].sum())
    histogram = _histogram(binned.codes, rows, columns, binned.target, binned.weights, binned.bins)
    return _best_intervals(histogram, positives, TWO_SIDED_GAIN)


@numba.njit(cache=True)
def _histogram(
    codes: np.ndarray, rows: np.ndarray, columns: np.ndarray, target: np.ndarray, weights: np.ndarray, bins: int
) -> np.ndarray:
    """Sum the weights of target (index 1) and other cells (0) in each bin of each column."""
    histogram = np.zeros((len(columns), bins, 2))
    for row in rows:
        side = 1 if target[row] else 0
        weight = weights[row]
        for j in range(len(columns)):
            histogram[j, codes[row, columns[j]], side] += weight
    return histogram


@numba.njit(cache=True)
def _best_intervals(
    histogram: np.ndarray, positives: float, two_sided_gain: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the interval of bins with the largest F1 = 2 TP / (TP + FP + positives) of each column.

    An interval with two thresholds counts as if its F1 were smaller by `two_sided_gain`.
    """
    columns, bins, _ = histogram.shape
    f1, first, last = np.zeros(columns), np.zeros(columns, np.int64), np.full(columns, bins - 1)
    for j in range(columns):
        best = -1.0
        for low in range(bins):
            hits, others = 0.0, 0.0
            for high in range(low, bins):
                hits += histogram[j, high, 1]
                others += histogram[j, high, 0]
                value = 2 * hits / (hits + others + positives)
                score = value - two_sided_gain if low > 0 and high < bins - 1 else value
                if score > best:
                    best, f1[j], first[j], last[j] = score, value, low, high
    return f1, first, last
