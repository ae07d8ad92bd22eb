"""Which droplets show the ambient background: many enough antibodies to measure, too little RNA for a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter1d

MIN_EMPTIES = 100  # fewer give no reliable spread
MIN_PROTEIN = 10  # antibodies; a droplet with fewer says nothing about their shares
BIN = 0.05  # decades of protein counts
EDGE = 0.1  # the window ends where the density falls to this share of its peak
NOT_AMBIENT = 10.0  # standardised excess of one protein over its ambient share
MAX_CONTAMINATED = 0.05
SAMPLE = 20_000  # droplets looked at for contamination


@dataclass(frozen=True)
class Window:
    """Limits of library size and what they keep.

    Attributes
    ----------
    keep
        of shape (n_droplets,), True for an empty droplet.
    rna_high
        most RNA counts; infinite where RNA was not counted.
    protein_low, protein_high
        limits of protein counts, both included; 0 where no window was found.
    """

    keep: np.ndarray
    rna_high: float
    protein_low: float
    protein_high: float


def find_window(rna: np.ndarray, protein: np.ndarray, cell_rna: np.ndarray, cell_protein: np.ndarray) -> Window:
    """Choose windows of RNA and protein library size.

    RNA: at most half of what the poorest 1% of cells have. Protein: around the most populated mode between
    `MIN_PROTEIN` and the cells' median, out to where the density has fallen to a tenth or begins to rise again.

    Parameters
    ----------
    rna, protein
        of shape (n_droplets,), counts of the droplets not called cells.
    cell_rna, cell_protein
        of shape (n_cells,).
    """
    has_rna = cell_rna.size > 0 and cell_rna.max(initial=0) > 0
    rna_high = float(np.quantile(cell_rna, 0.01) / 2) if has_rna else np.inf
    ceiling = float(np.median(cell_protein)) if cell_protein.size else np.inf
    candidate = (rna <= rna_high) & (protein >= MIN_PROTEIN) & (protein <= ceiling)
    if candidate.sum() < MIN_EMPTIES:
        return Window(np.zeros(len(rna), dtype=bool), rna_high, 0, 0)
    low, high = _around_peak(np.log10(protein[candidate]))
    keep = candidate & (protein >= low) & (protein <= high)
    return Window(keep, rna_high, low, high)


def contaminated(empties: sparse.csr_matrix, *, rng: np.random.Generator) -> np.ndarray:
    """Return which empty droplets do not look ambient: one protein far beyond its share, as on a cell or a fragment.

    The excess of a count over its expectation e (droplet total times the protein's mean share) is divided by
    sqrt(e + 0.1 e² + 1).

    Returns
    -------
    of shape (min(n_droplets, SAMPLE),).
    """
    n = empties.shape[0]
    rows = np.sort(rng.choice(n, SAMPLE, replace=False)) if n > SAMPLE else np.arange(n)
    part = empties[rows]
    totals = np.asarray(part.sum(axis=1)).ravel().astype(float)
    line = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
    share = np.bincount(part.indices, part.data / totals[line], minlength=part.shape[1]) / part.shape[0]
    expected = totals[line] * share[part.indices]
    excess = (part.data - expected) / np.sqrt(expected + 0.1 * expected**2 + 1)
    worst = np.zeros(part.shape[0])
    np.maximum.at(worst, line, excess)
    return worst > NOT_AMBIENT


def _around_peak(logged: np.ndarray) -> tuple[float, float]:
    """Return the limits, in counts, of the mode that holds most droplets."""
    edges = np.arange(logged.min() - 3 * BIN, logged.max() + 4 * BIN, BIN)
    density = gaussian_filter1d(np.histogram(logged, edges)[0].astype(float), 2)
    peak = int(density.argmax())
    left, right = _descend(density, peak, -1), _descend(density, peak, 1)
    return float(10 ** edges[left]), float(10 ** edges[right + 1])


def _descend(density: np.ndarray, peak: int, direction: int) -> int:
    """Walk down from a peak until the density is low or rises again."""
    at = peak
    while 0 <= at + direction < len(density):
        following = density[at + direction]
        if following < EDGE * density[peak] or following > density[at]:
            break
        at += direction
    return at
