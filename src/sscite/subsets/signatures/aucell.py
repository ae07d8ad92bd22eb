"""Rank-based scores of gene sets in each cell (AUCell), computed on sparse counts.

Aibar et al. 2017, doi:10.1038/nmeth.4463: genes of a cell are ranked from the most to the least expressed; the
score is the area under the recovery curve of the set within the top 5% of genes, from 0 to 1. Ranks do not change
with depth or normalisation. Genes that the cell lacks are never recovered: they tie at zero, below all others; ties
among expressed genes fall by a fixed random order of genes.
"""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite.threads import available

TOP = 0.05
MIN_GENES = 3


def membership(sets: dict[str, list[str]], genes: pd.Index) -> tuple[list[str], np.ndarray, pd.DataFrame]:
    """Mark which measured genes belong to which set; sets with fewer than three measured genes are left out.

    Returns
    -------
    tuple
        Names of the sets kept, genes × sets (bool), and a table of sets: name, genes, measured.
    """
    found = {name: np.unique(genes.get_indexer(wanted)) for name, wanted in sets.items()}
    found = {name: places[places >= 0] for name, places in found.items()}
    kept = [name for name, places in found.items() if len(places) >= MIN_GENES]
    member = np.zeros((len(genes), len(kept)), bool)
    for column, name in enumerate(kept):
        member[found[name], column] = True
    table = pd.DataFrame(
        {"set": list(sets), "genes": [len(s) for s in sets.values()], "measured": [len(found[n]) for n in sets]}
    )
    return kept, member, table


def score(counts: sp.csr_matrix, member: np.ndarray, *, seed: int) -> np.ndarray:
    """Score every set in every cell.

    Parameters
    ----------
    counts
        Cells × genes; any values that rank a cell's genes.
    member
        Genes × sets.

    Returns
    -------
    np.ndarray
        Cells × sets, float32, from 0 to 1.
    """
    tie = np.random.default_rng(seed).permutation(member.shape[0]).astype(np.int32)
    top = max(1, int(np.ceil(TOP * member.shape[0])))
    size = member.sum(axis=0).astype(np.int64)
    numba.set_num_threads(min(available(), numba.config.NUMBA_NUM_THREADS))
    wanted, start = _sets_of_genes(member)
    return _score(counts.data.astype(np.float32), counts.indices, counts.indptr, tie, wanted, start, size, top)


def _sets_of_genes(member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List, gene after gene, the sets that hold it."""
    sparse = sp.csr_matrix(member)
    return sparse.indices.astype(np.int32), sparse.indptr.astype(np.int64)


@numba.njit(parallel=True, cache=True)
def _score(data, indices, indptr, tie, wanted, start, size, top):
    """Rank each cell's expressed genes and add up the recovery of each set."""
    cells, sets = len(indptr) - 1, len(size)
    result = np.zeros((cells, sets), np.float32)
    for i in numba.prange(cells):
        low, high = indptr[i], indptr[i + 1]
        keys = np.empty(high - low, np.int64)
        for p in range(low, high):
            keys[p - low] = -(np.int64(data[p] * 1024) << 24) + tie[indices[p]]
        order = np.argsort(keys)
        for rank in range(min(high - low, top)):
            gene = indices[low + order[rank]]
            for place in range(start[gene], start[gene + 1]):
                result[i, wanted[place]] += top - rank
        for s in range(sets):
            reachable = min(size[s], top)
            result[i, s] /= reachable * top - reachable * (reachable - 1) / 2
    return result


def by_donor_and_subset(scores: pd.DataFrame, obs: pd.DataFrame, *, least: int = 5) -> pd.DataFrame:
    """Average signatures over the cells of each sample and subset with at least `least` cells.

    Parameters
    ----------
    scores
        Cells × signatures.
    obs
        Cells with sample, donor, tissue, lineage, subset.
    """
    keys = ["sample", "donor", "tissue", "lineage", "subset"]
    frame = pd.concat([obs[keys].astype(str), scores], axis=1).groupby(keys, observed=True)
    table = frame.mean()
    table.insert(0, "cells", frame.size())
    return table[table["cells"] >= least].reset_index()
