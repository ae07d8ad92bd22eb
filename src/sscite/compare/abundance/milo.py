"""Differential abundance of neighbourhoods of cells between the groups of a contrast (Milo).

Dann et al. 2022, doi:10.1038/s41587-021-01033-z, as pertpy implements it (negative binomial regression of the cells of
each sample in each neighbourhood, false discovery rate weighted by density). We give it the nearest neighbours in the
integrated space and no counts, which keeps 250,000 cells within a few GB.
"""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite import names, threads
from sscite.compare.contrast.contrast import Comparison
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from mudata import MuData

COLUMNS = [
    "contrast_id", "neighbourhood", "index_cell", "level", "subset", "subset_fraction", "cells", "donors",
    "log2_fold_change", "p_value", "spatial_fdr",
]  # fmt: skip
NEIGHBOURHOODS = 3000
FRACTION = 0.1
FEWEST_CELLS = 200
MIXED = "mixed"


def number_of_neighbours(samples: int, cells: int) -> int:
    """Choose k: at least 30, and three for each sample, so that a neighbourhood can hold every sample; at most 100."""
    return int(min(max(30, 3 * samples), 100, cells // 10))


def graph(embedding: np.ndarray, k: int, *, seed: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Connect each cell with its k nearest: (undirected 0/1 connections, distances), each (n_cells, n_cells)."""
    from sscite.embedding import neighbours

    positions, distances = neighbours.among_themselves(embedding, k, seed=seed)
    n, k = positions.shape
    indptr = np.arange(0, n * k + 1, k)
    apart = sparse.csr_matrix((distances.ravel(), positions.ravel(), indptr), shape=(n, n))
    one = sparse.csr_matrix((np.ones(n * k, np.float32), positions.ravel(), indptr), shape=(n, n))
    both = (one + one.T).tocsr()
    both.data[:] = 1
    return both, apart


def count_neighbourhoods(embedding: np.ndarray, cells: pd.DataFrame, *, seed: int) -> MuData:
    """Sample neighbourhoods and count each sample's cells in them.

    Parameters
    ----------
    embedding
        Integrated space, shape (n_cells, n_dimensions).
    cells
        The cells, with `sample`.
    """
    from anndata import AnnData
    from pertpy.tools import Milo

    connections, distances = graph(embedding, number_of_neighbours(cells["sample"].nunique(), len(cells)), seed=seed)
    data = AnnData(obs=cells[["sample"]].astype(str), obsm={"space": np.asarray(embedding, np.float32)})
    data.obsp["connectivities"], data.obsp["distances"] = connections, distances
    data.uns["neighbors"] = {"params": {"use_rep": "space"}}
    milo = Milo()
    milo.make_nhoods(data, prop=min(FRACTION, NEIGHBOURHOODS / len(cells)), seed=seed)
    del data.obsp["connectivities"], data.obsp["distances"]
    return milo.count_nhoods(data, sample_col="sample")


def sum_by_donor(counts: MuData, comparison: Comparison) -> tuple[np.ndarray, pd.DataFrame]:
    """Sum the counts of the samples of each donor in each group: (n_rows, n_neighbourhoods) and the rows' design."""
    matrix = counts["milo"].X
    matrix = matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)
    samples = pd.Index(counts["milo"].obs_names.astype(str))
    rows = comparison.donors
    place = {pair: i for i, pair in enumerate(zip(rows["donor"], rows["group"], strict=True))}
    summed = np.zeros((len(rows), matrix.shape[1]))
    for entry in comparison.samples.itertuples():
        if entry.sample in samples:
            summed[place[entry.donor, entry.group]] += matrix[samples.get_loc(entry.sample)]
    present = summed.sum(axis=1) > 0
    return summed[present], rows[present].reset_index(drop=True)


def test_neighbourhoods(counts: MuData, comparison: Comparison) -> tuple[pd.DataFrame, int]:
    """Test each neighbourhood between the groups; log2_fold_change, p_value, spatial_fdr by neighbourhood, and donors.

    Raises
    ------
    Skipped
        TOO_FEW_DONORS if the donors with cells leave no degree of freedom.
    """
    from anndata import AnnData
    from mudata import MuData
    from pertpy.tools import Milo

    summed, rows = sum_by_donor(counts, comparison)
    names_of_rows = [f"row{i}" for i in range(len(rows))]
    design = rows.assign(row=names_of_rows, group=np.where(rows["group"] == 1, "target", "reference"))
    design = design.rename(columns={name: f"covariate{i}" for i, name in enumerate(comparison.covariates)})
    terms = [f"covariate{i}" for i in range(len(comparison.covariates)) if len(set(design[f"covariate{i}"])) > 1]
    terms = (["donor"] if comparison.paired else []) + terms + ["group"]
    bulk = AnnData(
        X=sparse.csr_matrix(summed), obs=pd.DataFrame(index=names_of_rows), var=counts["milo"].var[["kth_distance"]]
    )
    bulk.uns["sample_col"] = "row"
    table = design[[*terms, "row"]].set_index("row", drop=False)
    pair = MuData({"rna": AnnData(obs=table), "milo": bulk})
    if len(set(design["group"])) < 2:
        raise Skipped(Reason.TOO_FEW_DONORS, "one group has no cells")
    try:
        # the progress of every fit; and pydeseq2 would start a process on each core of the machine
        with redirect_stderr(io.StringIO()), warnings.catch_warnings(action="ignore"), threads.one_process():
            Milo().da_nhoods(pair, design=f"~ {' + '.join(terms)}", solver="pydeseq2")
    except ValueError as error:
        if "residual degrees of freedom" in str(error):
            raise Skipped(
                Reason.TOO_FEW_DONORS, f"{len(rows)} donors are too few for the terms {' + '.join(terms)}"
            ) from error
        raise
    found = pair["milo"].var.rename(
        columns={"logFC": "log2_fold_change", "PValue": "p_value", "SpatialFDR": "spatial_fdr"}
    )
    return found[["log2_fold_change", "p_value", "spatial_fdr"]].astype(float), len(rows)


def annotate_neighbourhoods(counts: MuData, cells: pd.DataFrame) -> pd.DataFrame:
    """Annotate each neighbourhood with the subset of most of its cells; `mixed` if none has 60%."""
    members = sparse.csc_matrix(counts["rna"].obsm["nhoods"])
    subset = pd.Categorical(cells[names.SUBSET].astype(str))
    onehot = sparse.csr_matrix((np.ones(len(cells)), (subset.codes, np.arange(len(cells)))))
    shares = (onehot @ members).toarray()
    size = shares.sum(axis=0)
    best = shares.argmax(axis=0)
    fraction = shares.max(axis=0) / size
    donors = pd.get_dummies(cells[names.DONOR].astype(str)).to_numpy(np.float32)
    return pd.DataFrame(
        {
            "neighbourhood": np.arange(len(size)),
            "index_cell": counts["milo"].var["index_cell"].to_numpy(),
            "subset": np.where(fraction >= 0.6, np.asarray(subset.categories)[best], MIXED),
            "subset_fraction": fraction.round(3),
            "cells": size.astype(int),
            "donors": ((members.T @ donors) > 0).sum(axis=1).astype(int),
        }
    )


def select_cells(cells: pd.DataFrame, comparison: Comparison) -> np.ndarray:
    """Mark the cells of a contrast: of its samples, and of the subsets or lineages it names."""
    mask = cells[names.SAMPLE].astype(str).isin(comparison.samples["sample"])
    wanted = comparison.contrast.subset
    if wanted:
        mask &= cells[names.SUBSET].astype(str).isin(wanted) | cells[names.LINEAGE].astype(str).isin(wanted)
    return mask.to_numpy()
