"""A graph of neighbouring cells, and which states connect in it.

PAGA: Wolf et al. 2019, doi:10.1186/s13059-019-1663-x.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from sscite import names

NEAREST = 15


def graph(space: np.ndarray, cells: pd.DataFrame, *, seed: int) -> AnnData:
    """Join each cell with its 15 nearest by a Gaussian weight of their distance, in the slots that scanpy reads.

    Parameters
    ----------
    space
        Positions, shape (n_cells, n_components).
    """
    from sscite.embedding import neighbours

    positions, distances = neighbours.among_themselves(space, NEAREST, seed=seed)
    n, k = positions.shape
    width = np.maximum(distances[:, k // 2], 1e-6)
    pair = width[:, None] * width[positions]
    weights = np.exp(-(distances**2) / (2 * pair))
    start = np.arange(0, n * k + 1, k)
    joined = sparse.csr_matrix((weights.ravel(), positions.ravel(), start), shape=(n, n))
    apart = sparse.csr_matrix((distances.ravel(), positions.ravel(), start), shape=(n, n))
    data = AnnData(obs=cells[[names.SUBSET, names.TISSUE, names.DONOR]].astype(str), obsm={"space": space})
    data.obsp["connectivities"], data.obsp["distances"] = joined.maximum(joined.T).tocsr(), apart
    parameters = {"n_neighbors": k, "method": "gauss", "use_rep": "space"}
    data.uns["neighbors"] = {
        "connectivities_key": "connectivities", "distances_key": "distances", "params": parameters,
    }  # fmt: skip
    return data


def connections(data: AnnData) -> pd.DataFrame:
    """Compute PAGA's connectivity of each pair of subsets, a square frame."""
    import scanpy as sc

    data.obs[names.SUBSET] = data.obs[names.SUBSET].astype("category")
    sc.tl.paga(data, groups=names.SUBSET)
    levels = list(data.obs[names.SUBSET].cat.categories)
    return pd.DataFrame(data.uns["paga"]["connectivities"].toarray(), index=levels, columns=levels)


def root(data: AnnData, score: np.ndarray, *, reference: str) -> int:
    """Choose the reference tissue's cell whose neighbourhood has the highest score; its row."""
    near = data.obsp["distances"]
    smooth = (near != 0).astype(float) @ score / np.maximum(near.getnnz(axis=1), 1) + score
    home = np.flatnonzero((data.obs[names.TISSUE] == reference).to_numpy())
    return int(home[np.argmax(smooth[home])])
