"""Read a finished cohort a block of cells at a time, so that 250,000 cells need no more memory than 20,000."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from anndata.io import read_elem, sparse_dataset
from scipy import sparse

from sscite import names

BLOCK = 20_000


def read_genes(path: Path) -> pd.DataFrame:
    """Read the genes' table."""
    with h5py.File(path) as file:
        return read_elem(file[f"mod/{names.RNA}/var"])


def count_blocks(path: Path, size: int = BLOCK) -> Iterator[tuple[int, sparse.csr_matrix]]:
    """Yield the first row and the counts of each block of `size` cells."""
    with h5py.File(path) as file:
        matrix = sparse_dataset(file[f"mod/{names.RNA}/X"])
        for start in range(0, matrix.shape[0], size):
            yield start, matrix[start : start + size]


def read_protein(path: Path) -> tuple[pd.Index, pd.Index, np.ndarray]:
    """Read normalised protein: cells, proteins and values (n_cells, n_proteins); empty without antibodies."""
    with h5py.File(path) as file:
        group = file["mod"].get(names.PROTEIN)
        layers = (
            [] if group is None else [name for name in (names.LAYER_DSB, names.LAYER_CLR) if name in group["layers"]]
        )
        if not layers:
            return pd.Index([]), pd.Index([]), np.empty((0, 0), np.float32)
        values = read_elem(group[f"layers/{layers[0]}"])
        dense = values.toarray() if sparse.issparse(values) else np.asarray(values)
        return read_elem(group["obs"]).index, read_elem(group["var"]).index, dense
