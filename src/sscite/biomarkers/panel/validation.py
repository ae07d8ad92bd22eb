"""Find a panel on some donors and measure it on the others, and test that any protein separates the subset at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import rankdata

from sscite.biomarkers.panel import search
from sscite.biomarkers.panel.gates import Gate, Sorted, donor_weights, inside, measure

FOLDS = 5
SEARCHED_CELLS = 20_000  # of the parent lineage enter a search, as many of each donor as its share allows
TESTED_CELLS = 5_000
PERMUTATIONS = 999
WORTH = 0.02  # of held-out F1, for one more antibody
ENOUGH = 0.5  # held-out F1 from which a panel is offered
LEVEL = 0.05


@dataclass(frozen=True)
class Panel:
    """The panel of a subset.

    Attributes
    ----------
    gates
        Gates of the chosen size, found on all donors, in the order of use.
    by_size
        Gates of each size, found on all donors.
    held_out
        Held-out purity, sensitivity and F1 of each size, donors weighted alike.
    per_donor
        For each size: the same of each donor (by code) with cells of the subset.
    fold_gates
        Gates of the chosen size in each fold, found on the cells outside it.
    whole
        Purity and F1 of taking every cell of the parent.
    p
        Permutation p that no protein separates the subset from its parent within donors.
    held_out_gated
        (n_cells,), whether a cell is inside the gates that were found without its fold.
    """

    gates: list[Gate]
    by_size: list[list[Gate]]
    held_out: list[Sorted]
    per_donor: list[dict[int, Sorted]]
    fold_gates: list[list[Gate]]
    whole: Sorted
    p: float
    held_out_gated: np.ndarray = field(repr=False)

    @property
    def size(self) -> int:
        """Return the number of antibodies chosen."""
        return len(self.gates)

    @property
    def chosen(self) -> Sorted:
        """Return the held-out measures of the chosen size."""
        return self.held_out[max(self.size, 1) - 1]

    @property
    def gateable(self) -> bool:
        """Return whether held-out F1 reaches half, more than no gate at all, and is not due to chance."""
        return bool(self.chosen.f1 >= ENOUGH and self.chosen.f1 > self.whole.f1 + WORTH and self.p <= LEVEL)

    def support(self, protein: str) -> float:
        """Return the share of folds whose panel holds the protein."""
        return sum(any(gate.protein == protein for gate in found) for found in self.fold_gates) / len(self.fold_gates)


def find_panel(
    values: np.ndarray, proteins: Sequence[str], target: np.ndarray, donors: np.ndarray, fold: np.ndarray, *, seed: int
) -> Panel:
    """Find the smallest panel of a subset among the cells of its parent, and its held-out measures.

    Each fold leaves out its cells (all those of some donors, see `make_folds`), searches on the others and is measured
    on all cells left out. The size is the smallest whose held-out F1 is within 0.02 of the best; as it is chosen on
    the same folds, its F1 is optimistic by what choosing one of four sizes gives.

    Parameters
    ----------
    values
        (n_cells, n_proteins), finite.
    target
        (n_cells,), whether a cell is of the subset.
    donors
        (n_cells,), donor code from 0.
    fold
        (n_cells,), number from 0 of the fold that leaves the cell out.
    """
    rng = np.random.default_rng([seed, 17])
    weights = donor_weights(donors)
    depth = min(search.MAX_ANTIBODIES, values.shape[1])
    gated = np.zeros((depth, len(target)), dtype=bool)
    fold_gates = []
    for number in range(fold.max() + 1):
        out = fold == number
        found = _search(values, proteins, target, donors, ~out, depth, rng)
        fold_gates.append(found)
        for size in range(depth):
            gated[size, out] = inside(values[out], proteins, found[size])
    by_size = _search(values, proteins, target, donors, np.ones(len(target), dtype=bool), depth, rng)
    held_out = [measure(row, target, weights) for row in gated]
    best = choose_size([found.f1 for found in held_out])
    return Panel(
        gates=by_size[best],
        by_size=by_size,
        held_out=held_out,
        per_donor=[_per_donor(row, target, donors) for row in gated],
        fold_gates=[found[best] for found in fold_gates],
        whole=measure(np.ones(len(target), dtype=bool), target, weights),
        p=separation_p(values, target, donors, rng=rng),
        held_out_gated=gated[best],
    )


def choose_size(f1: Sequence[float]) -> int:
    """Return the position of the first F1 within 0.02 of the largest."""
    scores = np.nan_to_num(np.asarray(f1))
    return int(np.argmax(scores >= scores.max() - WORTH))


def make_folds(target: np.ndarray, donors: np.ndarray, *, seed: int) -> tuple[np.ndarray, bool]:
    """Assign cells to folds, and return whether folds are donors: with target cells in one donor, they are cells."""
    if len(np.unique(donors[target])) > 1:
        return donor_folds(target, donors), True
    return cell_folds(target, np.random.default_rng([seed, 18])), False


def donor_folds(target: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """Assign donors to at most 5 folds, those with most target cells first and in turn, so that each fold has some."""
    cells = np.bincount(donors[target], minlength=donors.max() + 1)
    order = np.argsort(-cells, kind="stable")
    fold = np.empty(len(order), int)
    fold[order] = np.arange(len(order)) % min(FOLDS, int((cells > 0).sum()))
    return fold[donors]


def cell_folds(target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Assign cells to 5 folds at random, target and other cells alike."""
    fold = np.empty(len(target), int)
    for part in (target, ~target):
        fold[part] = rng.permutation(np.arange(part.sum()) % FOLDS)
    return fold


def draw_cells(
    target: np.ndarray, donors: np.ndarray, *, limit: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw at most `limit` cells, half of them target cells where there are as many, and donors alike.

    Returns
    -------
    rows, and the number of cells that each stands for
    """
    strata = donors * 2 + target
    numbers = np.bincount(strata, minlength=2 * (donors.max() + 1))
    quota = np.zeros_like(numbers)
    for side in (0, 1):
        quota[side::2] = _share(numbers[side::2], limit // 2)
    rows = [
        rng.choice(np.flatnonzero(strata == stratum), quota[stratum], replace=False)
        for stratum in np.flatnonzero(quota)
    ]
    chosen = np.sort(np.concatenate(rows))
    return chosen, (numbers / np.maximum(quota, 1))[strata[chosen]]


def _share(numbers: np.ndarray, limit: int) -> np.ndarray:
    """Return the largest equal number per donor, at most what each has, that sums to no more than `limit`."""
    cap = numbers.max(initial=0)
    while np.minimum(numbers, cap).sum() > limit and cap > 1:
        cap = int(cap * 0.9)
    return np.minimum(numbers, cap)


def separation_p(values: np.ndarray, target: np.ndarray, donors: np.ndarray, *, rng: np.random.Generator) -> float:
    """Test that no protein separates the subset: target labels permuted among the cells of each donor.

    The statistic is the largest absolute sum, over the target cells, of ranks standardised within donors (max-T over
    proteins); at most 5,000 cells enter.
    """
    rows, _ = draw_cells(target, donors, limit=TESTED_CELLS, rng=rng)
    codes, labels = donors[rows], target[rows]
    scores, permuted = [], []
    for donor in np.unique(codes):
        own = codes == donor
        ranks = rankdata(values[rows][own], axis=0)
        spread = ranks.std(axis=0)
        scores.append((ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1))
        repeated = np.tile(labels[own].astype(np.float32), (PERMUTATIONS, 1))
        permuted.append(np.vstack([labels[own].astype(np.float32), rng.permuted(repeated, axis=1)]))
    sums = np.abs(sum(p @ s for p, s in zip(permuted, scores, strict=True))).max(axis=1)
    return float((sums >= sums[0] - 1e-9).mean())


def _search(
    values: np.ndarray,
    proteins: Sequence[str],
    target: np.ndarray,
    donors: np.ndarray,
    used: np.ndarray,
    depth: int,
    rng: np.random.Generator,
) -> list[list[Gate]]:
    """Search panels of each size among the used cells; without target cells there are no gates."""
    places = np.flatnonzero(used)
    if not target[places].any():
        return [[] for _ in range(depth)]
    rows, stands_for = draw_cells(target[places], donors[places], limit=SEARCHED_CELLS, rng=rng)
    weights = donor_weights(donors[places])[rows] * stands_for
    binned = search.bin_values(values[places[rows]], target[places[rows]], weights)
    boxes = search.search(binned, depth=depth)
    return [search.to_gates(box, binned, list(proteins)) for box in boxes]


def _per_donor(gated: np.ndarray, target: np.ndarray, donors: np.ndarray) -> dict[int, Sorted]:
    """Measure each donor that has cells of the subset."""
    ones = np.ones(len(target))
    return {
        int(donor): measure(gated[donors == donor], target[donors == donor], ones[donors == donor])
        for donor in np.unique(donors[target])
    }
