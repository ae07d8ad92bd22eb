"""Read normalised protein of a finished cohort."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from sscite import io, names
from sscite.cohort import file as store


def read_protein(path: Path) -> tuple[pd.Index, pd.Index, np.ndarray]:
    """Read normalised protein: cells, proteins and values (n_cells, n_proteins); empty without antibodies."""
    if names.PROTEIN in io.modalities(path):
        for layer in (names.LAYER_DSB, names.LAYER_CLR):
            values = store.read_element(path, f"mod/{names.PROTEIN}/layers/{layer}")
            if values is not None:
                dense = values.toarray() if sparse.issparse(values) else np.asarray(values)
                indexes = [store.read_index(path, part, names.PROTEIN) for part in ("obs", "var")]
                return indexes[0], indexes[1], dense
    return pd.Index([]), pd.Index([]), np.empty((0, 0), np.float32)
