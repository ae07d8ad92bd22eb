"""Elements of .h5ad and .h5mu files of our own making, read with h5py alone: importing anndata takes a second.

Tables, arrays, texts, categories and sparse matrices as anndata encodes them since version 0.8
(https://anndata.readthedocs.io/en/latest/fileformat-prose.html); anndata reads any other encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h5py
import pandas as pd
from scipy import sparse


@dataclass(frozen=True)
class Modality:
    """Counts of one modality of a library.

    Attributes
    ----------
    X
        Cells × features, CSR.
    obs_names
        The cells.
    var
        A row per feature, indexed by its name.
    """

    X: sparse.csr_matrix
    obs_names: pd.Index
    var: pd.DataFrame

    @property
    def var_names(self) -> pd.Index:
        """Names of the features."""
        return self.var.index

    @property
    def shape(self) -> tuple[int, int]:
        """Cells and features."""
        return self.X.shape

    @property
    def n_obs(self) -> int:
        """Number of cells."""
        return self.shape[0]

    @property
    def n_vars(self) -> int:
        """Number of features."""
        return self.shape[1]

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.n_obs


def read_modality(group: h5py.Group) -> Modality:
    """Read X, the names of the cells and the features of one modality."""
    return Modality(sparse.csr_matrix(read(group["X"])), index(group["obs"]), read(group["var"]))


def read(item: h5py.Group | h5py.Dataset) -> Any:
    """Read an element as anndata does: DataFrame, array, Categorical, sparse matrix or a dict of these."""
    reader = READERS.get(item.attrs.get("encoding-type", ""))
    if reader is not None:
        return reader(item)
    from anndata.io import read_elem

    return read_elem(item)


def index(group: h5py.Group) -> pd.Index:
    """Read the index of a table and nothing else."""
    name = group.attrs["_index"]
    return pd.Index(read(group[name]), name=None if name == "_index" else name)


def _frame(group: h5py.Group) -> pd.DataFrame:
    """Read a table, its columns in the order of the file."""
    columns = list(group.attrs["column-order"])
    values = {name: read(group[name]) for name in columns}
    return pd.DataFrame(values, index=index(group), columns=columns or None)


def _categories(group: h5py.Group) -> pd.Categorical:
    """Read a column of categories."""
    categories, ordered = read(group["categories"]), bool(group.attrs["ordered"])
    return pd.Categorical.from_codes(group["codes"][()], categories, ordered=ordered)


def _compressed(kind: type) -> Callable[[h5py.Group], Any]:
    """Return a reader of CSR or CSC matrices."""

    def reader(group: h5py.Group) -> Any:
        matrix = kind(tuple(group.attrs["shape"]), dtype=group["data"].dtype)
        matrix.data, matrix.indices, matrix.indptr = (group[name][()] for name in ("data", "indices", "indptr"))
        return matrix

    return reader


READERS: dict[str, Callable[[Any], Any]] = {
    "dataframe": _frame,
    "categorical": _categories,
    "csr_matrix": _compressed(sparse.csr_matrix),
    "csc_matrix": _compressed(sparse.csc_matrix),
    "array": lambda item: item[()],
    "string-array": lambda item: item.asstr()[()],
    "dict": lambda group: {name: read(group[name]) for name in group},
}
