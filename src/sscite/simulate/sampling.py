"""Draw sparse counts: negative binomial without ever drawing the zeros."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse

MOST_CLUSTERS = 8_000_000  # held at once


def negative_binomial(
    rates: np.ndarray, amounts: np.ndarray, size: np.ndarray, rng: np.random.Generator
) -> sparse.csr_matrix:
    """Draw counts of cells that share one profile.

    A negative binomial is a Poisson number of clusters, each of logarithmic size. Clusters of a gene are drawn for all
    cells together and dealt to cells by their amounts, so the cost is that of the counts, not of cells times genes.
    At a cell's amount a, a gene of rate p has mean a p and variance a p (1 + m p / r), m the median amount and r
    its size.

    Parameters
    ----------
    rates
        Share of each gene, shape (n_genes,); sums to 1.
    amounts
        Expected counts of each cell, shape (n_cells,).
    size
        Negative binomial size of each gene, shape (n_genes,).
    rng
        Source of randomness.

    Returns
    -------
    scipy.sparse.csr_matrix
        Integers (int32) of shape (n_cells, n_genes), columns sorted.
    """
    middle = float(np.median(amounts)) if len(amounts) else 0.0
    parts = _chunks(amounts)
    blocks = [_draw(rates, amounts[part], middle, size, rng) for part in parts]
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, len(rates)), dtype=np.int32)


def _chunks(amounts: np.ndarray) -> list[slice]:
    """Cut the cells so that no chunk expects more than MOST_CLUSTERS counts (a single cell may)."""
    part = (np.cumsum(amounts) // MOST_CLUSTERS).astype(int)
    edges = [0, *(np.flatnonzero(np.diff(part)) + 1), len(amounts)] if len(amounts) else []
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _draw(
    rates: np.ndarray, amounts: np.ndarray, middle: float, size: np.ndarray, rng: np.random.Generator
) -> sparse.csr_matrix:
    shape = (len(amounts), len(rates))
    if middle <= 0 or amounts.sum() <= 0:
        return sparse.csr_matrix(shape, dtype=np.int32)
    more = middle * rates / (middle * rates + size)
    clusters = rng.poisson(-size * np.log1p(-more) * (amounts.sum() / middle))
    genes = np.repeat(np.arange(len(rates), dtype=np.int32), clusters)
    ends = np.cumsum(amounts / amounts.sum())
    ends[-1] = 1.0
    cells = np.searchsorted(ends, rng.random(len(genes), dtype=np.float32), side="right").astype(np.int32)
    np.minimum(cells, len(amounts) - 1, out=cells)
    counts = rng.logseries(np.maximum(more, 1e-9)[genes]).astype(np.int32)
    drawn = sparse.coo_matrix((counts, (cells, genes)), shape=shape).tocsr()
    drawn.sum_duplicates()
    return drawn
