"""Rectangular gates on proteins, and how well they sort a subset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gate:
    """Cells with `low <= protein < high`, in the unit of the normalised values; an open end is infinite."""

    protein: str
    low: float = -math.inf
    high: float = math.inf

    @property
    def sign(self) -> str:
        """Name the gate as a cytometrist does: `CD14+`, `CD16-`, `CD38 mid`."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.protein} mid"
        return f"{self.protein}{'+' if math.isfinite(self.low) else '-'}"

    @property
    def limits(self) -> str:
        """Write the thresholds: `CD14 >= 2.31`, `CD38 1.10 to 2.45`."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.protein} {self.low:.2f} to {self.high:.2f}"
        return f"{self.protein} {f'>= {self.low:.2f}' if math.isfinite(self.low) else f'< {self.high:.2f}'}"


@dataclass(frozen=True)
class Sorted:
    """How well a gate sorts a subset: `purity` (precision), `sensitivity` (recall, the yield) and their F1."""

    purity: float
    sensitivity: float
    f1: float


def inside(values: np.ndarray, proteins: Sequence[str], gates: Sequence[Gate]) -> np.ndarray:
    """Mark the cells (rows of `values`, columns `proteins`) inside all gates; NaN is outside."""
    kept = np.ones(len(values), dtype=bool)
    for gate in gates:
        column = values[:, list(proteins).index(gate.protein)].astype(float)
        kept &= (column >= gate.low) & (column < gate.high)
    return kept


def measure(gated: np.ndarray, target: np.ndarray, weights: np.ndarray) -> Sorted:
    """Compute purity, sensitivity and F1 of gated cells for the target cells, each cell with its weight."""
    hits, sorted_out, wanted = (float(weights[mask].sum()) for mask in (gated & target, gated, target))
    purity = hits / sorted_out if sorted_out else math.nan
    sensitivity = hits / wanted if wanted else math.nan
    return Sorted(purity, sensitivity, 2 * hits / (sorted_out + wanted) if wanted else math.nan)


def donor_weights(donors: np.ndarray) -> np.ndarray:
    """Return cell weights with which each donor counts alike; one with fewer than 100 cells counts in proportion."""
    numbers = np.bincount(donors)
    return 1.0 / np.maximum(numbers, 100)[donors]
