"""Read the integrated space of a finished cohort, and where its cells lie on the map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sscite import names
from sscite.cohort import store


def read_space(path: Path) -> pd.DataFrame:
    """Read the integrated embedding, or the components where nothing was integrated: a row per cell, float32."""
    cells = store.read_index(path)
    for embedding in (names.X_HARMONY, names.X_PCA):
        values = store.read_element(path, f"mod/{names.RNA}/obsm/{embedding}")
        if values is not None and len(values):
            return pd.DataFrame(np.asarray(values, np.float32), index=cells)
    return pd.DataFrame(index=cells[:0])


def map_positions(cells: pd.DataFrame) -> np.ndarray | None:
    """Give the cells' coordinates on the map, shape (n_cells, 2); None where there are none."""
    columns = ["umap_1", "umap_2"]
    if not set(columns) <= set(cells.columns) or cells[columns].isna().any(axis=None):
        return None
    return cells[columns].to_numpy(float)
