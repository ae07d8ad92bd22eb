"""Read the integrated space of a finished cohort, and where its cells lie on the map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import names
from sscite.cohort import file as store
from sscite.cohort import protein

if TYPE_CHECKING:
    from anndata import AnnData


def read_space(path: Path) -> pd.DataFrame:
    """Read the integrated embedding, or the components where nothing was integrated: one row per cell, float32."""
    cells = store.read_index(path)
    for embedding in (names.X_HARMONY, names.X_PCA):
        values = store.read_element(path, f"mod/{names.RNA}/obsm/{embedding}")
        if values is not None and len(values):
            return pd.DataFrame(np.asarray(values, np.float32), index=cells)
    return pd.DataFrame(index=cells[:0])


def map_positions(cells: pd.DataFrame) -> np.ndarray | None:
    """Return the cells' coordinates on the map, shape (n_cells, 2); None if there are none."""
    columns = ["umap_1", "umap_2"]
    if not set(columns) <= set(cells.columns) or cells[columns].isna().any(axis=None):
        return None
    return cells[columns].to_numpy(float)


def read_values(path: Path, cells: pd.DataFrame, *, min_cells: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read log-normalised genes and normalised proteins of some cells, all in the order of the file.

    Returns
    -------
    the cells, their genes that at least `min_cells` of them express (log1p of counts per 10,000), their proteins
    """
    everything = store.read_index(path)
    mask = np.asarray(everything.isin(cells.index))
    ordered = cells.loc[everything[mask]]
    matrix = store.gather(path, matrix="X", cells=mask)
    seen = np.asarray((matrix > 0).sum(axis=0)).ravel() >= min_cells
    genes = store.read_index(path, "var")[seen]
    values = pd.DataFrame(matrix[:, np.flatnonzero(seen)].toarray(), index=ordered.index, columns=genes)
    protein_cells, proteins, measured = protein.read_protein(path)
    rows = protein_cells.get_indexer(ordered.index)
    shared = bool(len(proteins)) and (rows >= 0).all()
    wide = pd.DataFrame(measured[rows], ordered.index, proteins) if shared else pd.DataFrame(index=ordered.index)
    return ordered, values, wide.dropna(axis=1)


def read_chosen(path: Path, cells: pd.DataFrame, genes: list[str]) -> AnnData:
    """Read log-normalised values of some cells and of those genes that some cell expresses; obs as in `cells`."""
    from anndata import AnnData

    everything, measured = store.read_index(path), store.read_index(path, "var")
    mask = np.asarray(everything.isin(cells.index))
    places = measured.get_indexer(pd.Index(genes).unique())
    places = places[places >= 0]
    matrix = store.gather(path, matrix="X", cells=mask, genes=places)
    seen = np.asarray((matrix > 0).sum(axis=0)).ravel() > 0
    ordered = cells.loc[everything[mask]]
    return AnnData(matrix[:, np.flatnonzero(seen)], obs=ordered, var=pd.DataFrame(index=measured[places][seen]))
