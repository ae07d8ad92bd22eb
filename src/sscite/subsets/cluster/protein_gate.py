"""Name single cells by a gate on proteins, as in flow cytometry, if RNA confirms the gated cells as a group.

A rare subset whose gene is seldom detected (FOXP3) forms no cluster of its own, though proteins set its cells apart
(CD25 high, CD127 low: Liu et al. 2006, doi:10.1084/jem.20060772).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite import names
from sscite.subsets.cluster.marker_scores import find_proteins, standardise
from sscite.subsets.cluster.marker_support import ENRICHED
from sscite.subsets.cluster.rate_ratio import rate_ratio
from sscite.subsets.definitions.subsets import Subset

FAR = 2.5  # robust standard deviations beyond the lineage's median at which a cell is inside the gate
MIN_OF_LIBRARY = 30  # cells of the lineage from which a library has a median of its own
MAD_TO_SD = 1.4826  # of a normal distribution


@dataclass(frozen=True)
class Gate:
    """The cells inside a subset's gate, and what RNA says of them.

    Attributes
    ----------
    subset
        Name of the subset.
    proteins
        The gate in words: `CD25 high, CD127 low`.
    cells
        Whether each cell of the lineage is inside.
    evidence
        Each needed gene with the share of gated cells that have it, its rate ratio to the rest of the lineage and the
        lower bound of the ratio's 95% interval.
    confirmed
        Whether every needed gene is at least twice as frequent in the gated cells at that bound.
    """

    subset: str
    proteins: str
    cells: np.ndarray
    evidence: str
    confirmed: bool


def gate_cells(
    subset: Subset, protein: pd.DataFrame | None, counts: pd.DataFrame, depth: np.ndarray, obs: pd.DataFrame
) -> Gate | None:
    """Gate a lineage's cells by the proteins of a subset and compare the needed genes inside with the rest.

    Parameters
    ----------
    protein
        Cells × proteins, normalised, NaN where not measured.
    counts
        Cells × marker genes, raw.
    depth
        Total counts of each cell.
    obs
        Cells with library and donor.

    Returns
    -------
    Gate or None
        None unless every cell of the lineage has every protein of the gate: libraries with and without antibodies
        would differ in the subset.
    """
    if not subset.gate or protein is None:
        return None
    high, low = (find_proteins(wanted, protein) for wanted in (subset.proteins_up, subset.proteins_down))
    wanted = len(subset.proteins_up) + len(subset.proteins_down)
    if len(high) + len(low) < wanted or protein[[*high, *low]].isna().to_numpy().any():
        return None
    cells = inside(protein, high, low, obs[names.LIBRARY].astype(str).to_numpy())
    words = ", ".join([*(f"{name} high" for name in high), *(f"{name} low" for name in low)])
    donors = pd.factorize(obs[names.DONOR].astype(str), sort=True)[0]
    found = rate_ratio(counts.to_numpy(), depth, cells.astype(int), donors) if cells.any() and not cells.all() else None
    places = [(gene, counts.columns.get_loc(gene)) for gene in subset.needs if gene in counts]
    if found is None or len(places) < len(subset.needs):
        return Gate(subset.name, words, cells, "not measured", False)
    evidence = "; ".join(
        f"{gene} {found.detected[1, j]:.0%} (x{found.ratio[1, j]:.1f}, at least x{found.lower[1, j]:.1f})"
        if found.detected[1, j]
        else f"{gene} in none of them"
        for gene, j in places
    )
    return Gate(subset.name, words, cells, evidence, all(found.lower[1, j] >= ENRICHED for _, j in places))


def inside(protein: pd.DataFrame, high: Sequence[str], low: Sequence[str], libraries: np.ndarray) -> np.ndarray:
    """Return which cells are inside the gate: high proteins far above the low ones, and each on its side.

    The mean of the standardised high proteins less that of the low ones, less its median over the library's cells of
    the lineage, exceeds 2.5 robust standard deviations (1.4826 × the median absolute deviation).
    """
    values = standardise(protein[[*high, *low]].to_numpy(np.float32))
    signed = (values - _medians(values, libraries)) * np.repeat([1, -1], [len(high), len(low)])
    contrast = sum(part.mean(axis=1) for part in (signed[:, : len(high)], signed[:, len(high) :]) if part.shape[1])
    contrast = contrast - _medians(contrast[:, None], libraries)[:, 0]
    spread = MAD_TO_SD * np.median(np.abs(contrast))
    return (signed > 0).all(axis=1) & (contrast > FAR * max(spread, 1e-9))


def _medians(values: np.ndarray, libraries: np.ndarray) -> np.ndarray:
    """Return for each cell the medians of its library, or of all cells if the library has few."""
    medians = np.tile(np.median(values, axis=0), (len(values), 1))
    for library in np.unique(libraries):
        own = libraries == library
        if own.sum() >= MIN_OF_LIBRARY:
            medians[own] = np.median(values[own], axis=0)
    return medians
