"""Ambient RNA expected in pseudobulk rows, from the libraries' profiles and the cells' ambient fractions.

Kept as two thin matrices, rows × libraries and genes × libraries, of which `expected` is the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite import io, names
from sscite.compare.statistics.ambient_share import EXPLAINED
from sscite.reading import reading

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk

AMBIENT = "ambient"  # in obsm: expected ambient counts by library; in varm: each library's profile
MIN_COUNTS = 10
GENE_COLUMNS = ["tissue", "subset", "gene", "ambient_share"]


def read_profiles(paths: Iterable[Path], genes: pd.Index) -> pd.DataFrame:
    """Read the profiles that SAMPLES_AMBIENT writes: genes × libraries, each column a share of the ambient RNA."""
    tables = [io.read_fragment(path) for path in paths]
    columns = {str(table["library"].iloc[0]): table["share"] for table in tables if len(table)}
    return pd.DataFrame({name: share.reindex(genes).fillna(0) for name, share in columns.items()}, index=genes)


def expected_by_library(member: sparse.csr_array, cells: pd.DataFrame, libraries: pd.Index) -> np.ndarray:
    """Sum the expected ambient counts of each row by library, shape (n_rows, n_libraries).

    Parameters
    ----------
    member
        Rows × cells, 0 or 1.
    cells
        `library`, `n_counts` and `ambient_fraction` of each cell; without a fraction nothing is expected.
    """
    free = (cells[names.AMBIENT_FRACTION].fillna(0) * cells[names.N_COUNTS]).to_numpy(float)
    place = libraries.get_indexer(cells[names.LIBRARY].astype(str))
    known = place >= 0
    shape = (len(cells), len(libraries))
    weights = sparse.csr_array((free[known], (np.flatnonzero(known), place[known])), shape=shape)
    return np.asarray((member @ weights).todense())


def expected(pseudobulk: Pseudobulk, rows: np.ndarray) -> np.ndarray | None:
    """Return the expected ambient counts of some rows, rows × genes; None if they were not estimated or are removed."""
    if AMBIENT not in pseudobulk.obsm:
        return None
    return np.asarray(pseudobulk.obsm[AMBIENT])[rows] @ np.asarray(pseudobulk.varm[AMBIENT]).T


def read_genes(path: Path | None) -> pd.DataFrame:
    """Read the table of `mostly_ambient`; without rows if it was not made."""
    if path is None:
        return pd.DataFrame(columns=GENE_COLUMNS)
    with reading(path, "the ambient_genes.csv of compare_pseudobulk.py"):
        return pd.read_csv(path, usecols=GENE_COLUMNS, dtype={"subset": str, "gene": str})


def mostly_ambient(pseudobulk: Pseudobulk) -> pd.DataFrame:
    """List the genes of which ambient RNA explains at least half of the counts in a subset of a tissue.

    Returns
    -------
    `tissue subset gene ambient_share`, for genes with ten counts there.
    """
    tables = []
    subsets = np.flatnonzero(pseudobulk.obs["level"] == "subset")
    named = pseudobulk.obs.iloc[subsets].groupby(["tissue", "name"], observed=True)
    for (tissue, name), places in named.indices.items():
        rows = subsets[places]
        free = expected(pseudobulk, rows)
        if free is None:
            break
        counts = np.asarray(pseudobulk.X[rows].sum(axis=0)).ravel()
        share = np.minimum(free.sum(axis=0) / np.maximum(counts, 1), 1)
        kept = (counts >= MIN_COUNTS) & (share >= EXPLAINED)
        table = pd.DataFrame({"gene": pseudobulk.var_names[kept], "ambient_share": share[kept].round(3)})
        tables.append(table.assign(tissue=tissue, subset=name)[GENE_COLUMNS])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=GENE_COLUMNS)
