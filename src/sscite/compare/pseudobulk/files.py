"""The files of COMPARE_PSEUDOBULK that the questions read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from sscite import elements, io
from sscite.reading import reading

TEXT = ("sample", "donor", "subset", "parent")
PARTS = ("X", "obs", "var", "obsm", "varm", "uns")


@dataclass(frozen=True)
class Pseudobulk:
    """Summed counts of each sample and subset, in the parts of an AnnData, whose import takes longer than its reading.

    Attributes
    ----------
    X
        Counts, rows × genes, CSR.
    obs
        `sample donor tissue level name parent n_cells` of each row.
    var
        A row per gene.
    obsm
        `prot`: mean normalised protein, rows × proteins; `ambient`: ambient counts of each library, rows × libraries.
    varm
        `ambient`: ambient profiles, genes × libraries.
    uns
        `prot`: names of the proteins.
    """

    X: sparse.csr_matrix
    obs: pd.DataFrame
    var: pd.DataFrame
    obsm: dict[str, np.ndarray]
    varm: dict[str, np.ndarray]
    uns: dict[str, np.ndarray]

    @property
    def obs_names(self) -> pd.Index:
        """Names of the rows."""
        return self.obs.index

    @property
    def var_names(self) -> pd.Index:
        """Names of the genes."""
        return self.var.index


def read_composition(path: Path) -> pd.DataFrame:
    """Read composition.csv, the numbers of cells of each sample; names stay text."""
    with reading(path, "the composition.csv of compare_pseudobulk.py"):
        frame = pd.read_csv(path, dtype=dict.fromkeys(TEXT, str))
    return io.with_columns(frame, path, TEXT)


def read_pseudobulk(path: Path) -> Pseudobulk:
    """Read pseudobulk.h5ad, the summed counts of each sample and subset."""
    with reading(path, "the pseudobulk.h5ad of compare_pseudobulk.py"), h5py.File(path) as file:
        return Pseudobulk(*(elements.read(file[part]) for part in PARTS))
