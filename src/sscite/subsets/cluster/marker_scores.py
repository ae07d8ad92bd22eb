"""How strongly each cell shows each subset's markers, against the other cells of its lineage."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite.subsets.definitions.subsets import Subset

CLIP = 4.0
PROTEIN_WEIGHT = 0.5


def standardise(values: np.ndarray) -> np.ndarray:
    """Scale columns to mean 0 and deviation 1 over the cells that have a value, clipped to ±4; NaN becomes 0."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0)
    cells = np.maximum(known.sum(axis=0), 1)
    mean = filled.sum(axis=0, dtype=np.float64) / cells
    spread = np.sqrt((np.where(known, values - mean, 0) ** 2).sum(axis=0) / cells)
    scaled = (values - mean) / np.where(spread > 1e-9, spread, np.inf)
    return np.nan_to_num(np.clip(scaled, -CLIP, CLIP), nan=0.0).astype(np.float32)


def marker_scores(
    expression: pd.DataFrame, protein: pd.DataFrame | None, subsets: Sequence[Subset], smoother: sp.csr_matrix
) -> pd.DataFrame:
    """Score each subset in each cell of a lineage.

    The score is the mean of standardised up genes less the mean of down genes, plus half of the same for proteins,
    averaged over the cell and its neighbours, then standardised over the lineage, so that scores of subsets can be
    held together.

    Parameters
    ----------
    expression
        Cells × marker genes, log1p of counts per 10,000.
    protein
        Cells × proteins, normalised, NaN where not measured.
    smoother
        Cells × cells, rows sum to 1: weights of a cell and its neighbours.

    Returns
    -------
    pd.DataFrame
        Cells × subsets. A subset none of whose up markers was measured is left out.
    """
    genes = pd.DataFrame(
        standardise(expression.to_numpy(np.float32)), index=expression.index, columns=expression.columns
    )
    varied = genes.columns[(genes != 0).any()]
    proteins = None
    if protein is not None and protein.shape[1]:
        proteins = pd.DataFrame(standardise(protein.to_numpy(np.float32)), index=protein.index, columns=protein.columns)
    raw = {}
    for subset in subsets:
        if varied.isin(subset.up).any():
            raw[subset.name] = _contrast(genes, subset.up, subset.down)
            if proteins is not None:
                raw[subset.name] = raw[subset.name] + PROTEIN_WEIGHT * _contrast(
                    proteins, find_proteins(subset.proteins_up, proteins), find_proteins(subset.proteins_down, proteins)
                )
    scores = pd.DataFrame(raw, index=expression.index)
    return pd.DataFrame(standardise(smoother @ scores.to_numpy()), index=scores.index, columns=scores.columns)


def _contrast(values: pd.DataFrame, up: Sequence[str], down: Sequence[str]) -> np.ndarray:
    """Return the mean of the up columns less the mean of the down columns; absent columns are left out."""
    high = values.loc[:, values.columns.isin(list(up))].to_numpy()
    low = values.loc[:, values.columns.isin(list(down))].to_numpy()
    total = np.zeros(len(values), np.float32)
    if high.shape[1]:
        total += high.mean(axis=1)
    if low.shape[1]:
        total -= low.mean(axis=1)
    return total


def find_proteins(wanted: Sequence[str], proteins: pd.DataFrame) -> list[str]:
    """Find proteins of the panel by name, whatever the spelling: HLA-DR, HLA.DR and HLA_DR are one."""
    plain = {_plain(column): column for column in proteins.columns}
    return [plain[_plain(name)] for name in wanted if _plain(name) in plain]


def _plain(name: str) -> str:
    """Keep letters and digits, in upper case."""
    return re.sub(r"[^A-Z0-9]", "", str(name).upper())


def smoothing(graph: sp.csr_matrix) -> sp.csr_matrix:
    """Turn a fuzzy graph into an average over a cell (weight 1) and its neighbours (their weights)."""
    weights = (graph + sp.identity(graph.shape[0], dtype=np.float32, format="csr")).tocsr()
    return sp.diags_array(1 / np.asarray(weights.sum(axis=1)).ravel()).astype(np.float32) @ weights
