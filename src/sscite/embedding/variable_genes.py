"""Highly variable genes, chosen library by library so that differences between libraries do not choose them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

BINS = 20


def moments(counts: sparse.csr_matrix, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance over cells of each gene's counts, each cell times its factor; without a scaled copy.

    Parameters
    ----------
    counts
        Cells × genes.
    factors
        Shape (cells,).

    Returns
    -------
    Shapes (genes,), in double precision.
    """
    cells = counts.shape[0]
    values = sparse.csr_matrix((counts.data.astype(float), counts.indices, counts.indptr), counts.shape)
    mean = factors @ values / cells
    np.square(values.data, out=values.data)
    return mean, np.square(factors) @ values / cells - mean**2


def normalised_dispersion(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return each gene's dispersion as a z-score among genes of like mean.

    log(variance / mean) of counts per 10,000, against mean and standard deviation of the genes in its bin of
    log1p(mean) (20 bins of equal width; a bin of one gene gives 1). As Satija et al. 2015, doi:10.1038/nbt.3192, and
    scanpy's `seurat`.

    Parameters
    ----------
    mean, variance
        Of counts per 10,000 over cells, one number a gene.
    """
    positive = np.where(mean > 0, mean, 1e-12)
    ratio = variance / positive
    dispersion = np.log(np.where(ratio > 0, ratio, np.nan))
    level = np.log1p(mean)
    edges = np.linspace(level.min(), level.max(), BINS + 1)
    bins = np.clip(np.digitize(level, edges[1:-1], right=True), 0, BINS - 1)
    scores = np.full(len(mean), np.nan)
    for number in range(BINS):
        inside = (bins == number) & np.isfinite(dispersion)
        if inside.sum() == 1:
            scores[inside] = 1.0
        elif inside.any():
            values = dispersion[inside]
            spread = values.std(ddof=1)
            scores[inside] = (values - values.mean()) / spread if spread > 0 else 0.0
    return scores


def choose(mean: np.ndarray, variance: np.ndarray, *, top: int, cells: np.ndarray, min_cells: int = 50) -> np.ndarray:
    """Choose genes that are highly variable within most libraries.

    Each library of at least `min_cells` cells (or the largest, where none has them) ranks its genes; genes are
    ordered by the number of libraries that have them among their top, then by mean dispersion.

    Parameters
    ----------
    mean, variance
        Libraries × genes, of counts per 10,000.
    top
        Number of genes to read.
    cells
        Cells of each library.

    Returns
    -------
    np.ndarray
        Mask of the genes chosen; fewer than `top` where fewer vary.
    """
    large = cells >= min(min_cells, cells.max())
    scores = np.stack([normalised_dispersion(m, v) for m, v in zip(mean[large], variance[large], strict=True)])
    ranks = np.argsort(np.argsort(-np.nan_to_num(scores, nan=-np.inf), axis=1, kind="stable"), axis=1, kind="stable")
    votes = ((ranks < top) & np.isfinite(scores)).sum(axis=0)
    average = np.nan_to_num(scores, nan=0.0).mean(axis=0)
    order = np.lexsort((-average, -votes))[:top]
    chosen = np.zeros(mean.shape[1], bool)
    chosen[order[np.isfinite(scores[:, order]).any(axis=0)]] = True
    return chosen
