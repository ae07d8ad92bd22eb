"""Sum the cells of a sample in a subset, and count them: the tables on which every test between donors works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite import names
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from anndata import AnnData

LEVELS = ("lineage", "subset")
COMPOSITION = ["sample", "donor", "tissue", "level", "parent", "subset", "cells", "parent_cells", "total_cells",
               "stress_score"]  # fmt: skip
KEY = ["sample", "level", "parent", "name"]
ROW = ["sample", "donor", "tissue", "level", "name", "parent", "n_cells"]
ALL = "all"


def keep(cells: pd.DataFrame) -> pd.Series:
    """Mark the cells that count: of a sample, passing quality control, no doublet, not excluded."""
    kept = _text(cells, names.SAMPLE) != ""
    if names.QC_PASS in cells:
        kept &= cells[names.QC_PASS].fillna(False).astype(bool)
    for flag in (names.DOUBLET, "excluded"):
        if flag in cells:
            kept &= ~cells[flag].fillna(False).astype(bool)
    return kept


def groups(cells: pd.DataFrame) -> pd.DataFrame:
    """Name the two rows that each cell adds to: its sample × lineage and its sample × subset.

    Parameters
    ----------
    cells
        The cells that count, with sample, lineage and subset.

    Returns
    -------
    a row per cell and level: cell, sample, level, parent ("all" for a lineage), name. Unassigned cells have none.
    """
    lineage, subset = _text(cells, names.LINEAGE), _text(cells, names.SUBSET)
    base = pd.DataFrame({"cell": cells.index, "sample": _text(cells, names.SAMPLE).to_numpy()})
    parts = [
        base.assign(level="lineage", parent=ALL, name=lineage.to_numpy()),
        base.assign(level="subset", parent=lineage.to_numpy(), name=subset.to_numpy()),
    ]
    rows = pd.concat(parts, ignore_index=True)
    unnamed = ["", names.UNASSIGNED]
    return rows[~rows["name"].isin(unnamed) & ~rows["parent"].isin(unnamed)].reset_index(drop=True)


def composition(cells: pd.DataFrame) -> pd.DataFrame:
    """Count cells per sample, lineage and subset, zeros included.

    `parent_cells` counts the lineage's cells (unassigned subsets too) and `total_cells` all cells that count, so that
    percents of a sample may sum to less than 100 where cells could not be assigned.
    """
    if cells.empty:
        raise Skipped(Reason.TOO_FEW_CELLS, "no cell of a sample passes quality control")
    sample = _text(cells, names.SAMPLE)
    people = cells.assign(sample=sample).groupby("sample")[[names.DONOR, names.TISSUE]].first().astype(str)
    total = sample.value_counts()
    lineage = cells.groupby([sample, _text(cells, names.LINEAGE)]).size()
    rows = groups(cells)
    counts = rows.groupby(KEY).size()
    kinds = rows[["level", "parent", "name"]].drop_duplicates().sort_values(["level", "parent", "name"])
    table = people.rename_axis("sample").reset_index().merge(kinds, how="cross")
    table["cells"] = counts.reindex(pd.MultiIndex.from_frame(table[KEY])).fillna(0).astype(int).to_numpy()
    table["total_cells"] = table["sample"].map(total).astype(int)
    of_lineage = lineage.reindex(pd.MultiIndex.from_frame(table[["sample", "parent"]])).fillna(0).to_numpy()
    table["parent_cells"] = np.where(table["parent"] == ALL, table["total_cells"], of_lineage).astype(int)
    return table.rename(columns={"name": "subset"}).assign(stress_score=np.nan)[COMPOSITION]


def with_stress(composition: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Write the stress scores (samples × lineages) into the rows of the lineages; the other rows have none."""
    known = scores.rename_axis(index="sample", columns="subset").stack().rename("stress_score")  # noqa: PD013
    keys = pd.MultiIndex.from_frame(composition[["sample", "subset"]])
    found = known.reindex(keys).to_numpy()
    return composition.assign(stress_score=np.where(composition["level"] == "lineage", found, np.nan))


def membership(rows: pd.DataFrame, order: pd.Index) -> tuple[sparse.csr_array, pd.DataFrame]:
    """Build the 0/1 matrix that sums cells to pseudobulk rows.

    Parameters
    ----------
    rows
        As `groups` gives them.
    order
        The cells in the order of the count matrix.

    Returns
    -------
    matrix of shape (n_rows, n_cells), and a frame of its rows: sample, level, parent, name
    """
    keys = rows[KEY].drop_duplicates().sort_values(["level", "parent", "name", "sample"], ignore_index=True)
    row = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(rows[KEY]))
    column = order.get_indexer(rows["cell"])
    known = column >= 0
    shape = (len(keys), len(order))
    places = (row[known].astype(np.int32), column[known].astype(np.int32))
    return sparse.csr_array((np.ones(known.sum(), np.int64), places), shape=shape), keys


def sum_blocks(
    member: sparse.csr_array, blocks: Iterable[tuple[np.ndarray, sparse.csr_matrix]], n_genes: int
) -> sparse.csr_array:
    """Sum counts over the cells of each row, a block of cells at a time; (n_rows, n_genes) whole numbers.

    No step is dense: rows × genes of 200 libraries are tens of gigabytes.

    Parameters
    ----------
    blocks
        Positions of cells, and their counts (n_block, n_genes), as `sscite.cohort.file.iterate` yields them.
    """
    total = sparse.csr_array((member.shape[0], n_genes), dtype=np.int64)
    columns = member.tocsc()
    for positions, block in blocks:
        part = columns[:, positions].tocsr() @ sparse.csr_array(block)
        part.data = np.rint(part.data)
        total = total + part.astype(np.int64)
    total.eliminate_zeros()
    total.sort_indices()
    return total


def log_cpm(counts: np.ndarray, totals: np.ndarray | None = None) -> np.ndarray:
    """Return log2 counts per million after half a count, rows × genes (Law et al. 2014, doi:10.1186/gb-2014-15-2-r29).

    Parameters
    ----------
    counts
        Shape (n_rows, n_genes).
    totals
        All counts of each row, if `counts` holds some genes only.
    """
    totals = counts.sum(axis=1) if totals is None else totals
    return np.log2(1e6 * (counts + 0.5) / (np.reshape(totals, (-1, 1)) + 1))


def mean_values(member: sparse.csr_array, values: np.ndarray) -> np.ndarray:
    """Average over the cells of each row, passing over missing values; NaN where a row has none."""
    present = np.isfinite(values)
    counts = member @ present.astype(np.float64)
    sums = member @ np.where(present, values, 0.0).astype(np.float64)
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0).astype(np.float32)


def assemble(
    keys: pd.DataFrame, cells: pd.DataFrame, counts: sparse.csr_array, genes: pd.DataFrame, n_cells: np.ndarray
) -> AnnData:
    """Put summed counts and their rows' names together.

    obs: sample, donor, tissue, level, name, parent, n_cells; var as in the cohort.
    """
    from anndata import AnnData

    people = cells.assign(sample=_text(cells, names.SAMPLE)).groupby("sample")[[names.DONOR, names.TISSUE]].first()
    obs = keys[["sample"]].join(people.astype(str), on="sample").join(keys[["level", "name", "parent"]])
    obs = obs.assign(n_cells=n_cells.astype(int))
    obs.index = pd.Index(keys["sample"] + "|" + keys["level"] + "|" + keys["parent"] + "|" + keys["name"], dtype=object)
    return AnnData(X=counts.astype(np.int64), obs=obs, var=genes)


def _text(cells: pd.DataFrame, column: str) -> pd.Series:
    """Read a column as text, missing as empty."""
    if column not in cells:
        return pd.Series("", index=cells.index, dtype=object)
    return cells[column].astype(object).where(cells[column].notna(), "").astype(str)
