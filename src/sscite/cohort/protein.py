"""Read normalised protein of a cohort."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from sscite import io, names
from sscite.cohort import file as store


def read_protein(path: Path, *, isotypes: bool = True) -> tuple[pd.Index, pd.Index, np.ndarray]:
    """Read normalised protein: cells, proteins and values (n_cells, n_proteins); empty without antibodies.

    Parameters
    ----------
    isotypes
        Whether isotype controls are read too.
    """
    if names.PROTEIN not in io.modalities(path):
        return pd.Index([]), pd.Index([]), np.empty((0, 0), np.float32)
    layers = (f"mod/{names.PROTEIN}/layers/{layer}" for layer in (names.LAYER_DSB, names.LAYER_CLR))
    values = next((found for layer in layers if (found := store.read_element(path, layer)) is not None), None)
    if values is None:
        return pd.Index([]), pd.Index([]), np.empty((0, 0), np.float32)
    dense = values.toarray() if sparse.issparse(values) else np.asarray(values)
    cells, proteins = (store.read_index(path, part, names.PROTEIN) for part in ("obs", "var"))
    if isotypes:
        return cells, proteins, dense
    kept = ~store.read_element(path, f"mod/{names.PROTEIN}/var")[names.IS_ISOTYPE].to_numpy(dtype=bool)
    return cells, proteins[kept], dense[:, kept]
