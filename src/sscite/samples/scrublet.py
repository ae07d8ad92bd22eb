"""Scrublet's doublet score on arrays: how many simulated doublets are among a cell's neighbours.

Written from Wolock, Lopez & Klein 2019, doi:10.1016/j.cels.2018.11.005. Principal components come from the covariance
of the genes and neighbours are exact: nothing but the choice of pairs is random, and nothing is compiled at run time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from sscite.embedding.neighbours import Index
from sscite.embedding.variable_genes import moments
from sscite.logarithm import log1p
from sscite.threads import ordered_map
from sscite.totals import per_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIMULATED_PER_CELL = 2
GENES = 2000
COMPONENTS = 30
MIN_CELLS_OF_GENE = 3
MIN_SHARE_OF_CELLS = 0.01  # a gene seen in fewer cells says little of types and much of single cells
FAR_OUT = 10  # standard deviations
BLOCK = 2000  # cells at a time where a matrix is made dense


def doublet_scores(counts: sparse.csr_matrix, rate: float, *, seed: int) -> tuple[NDArray, NDArray]:
    """Score cells and simulated doublets.

    Parameters
    ----------
    counts
        cells × genes, raw; every cell has counts.
    rate
        Expected share of doublets, in (0, 1).

    Returns
    -------
    Scores of the cells, shape (cells,), and of the simulated doublets, shape (2 × cells,); each in [0, 1].
    """
    cells = counts.shape[0]
    totals = per_cell(counts).astype(float)
    chosen = counts[:, variable_genes(counts, totals)].astype(np.float32)
    pairs = np.random.default_rng(seed).integers(cells, size=(SIMULATED_PER_CELL * cells, 2))
    observed, simulated = project(chosen, totals, pairs)
    k = round(0.5 * np.sqrt(cells) * (1 + SIMULATED_PER_CELL))
    share = simulated_share(np.vstack([observed, simulated]), cells, k)
    scores = likelihood_ratio(share, rate)
    return scores[:cells], scores[cells:]


def variable_genes(counts: sparse.csr_matrix, totals: NDArray) -> NDArray[np.int64]:
    """Choose the genes whose variance most exceeds that of genes of like mean, at most 2,000.

    The variance of normalised counts is compared, on a log scale, with a parabola through all genes.
    """
    mean, variance = moments(counts, np.mean(totals) / totals)
    least = max(MIN_CELLS_OF_GENE, MIN_SHARE_OF_CELLS * counts.shape[0])
    usable = np.flatnonzero((np.bincount(counts.indices, minlength=counts.shape[1]) >= least) & (variance > 0))
    x, y = np.log10(mean[usable]), np.log10(variance[usable])
    excess = y - np.polynomial.Polynomial.fit(x, y, deg=2)(x)
    return np.sort(usable[np.argsort(-excess, kind="stable")[:GENES]])


def project(chosen: sparse.csr_matrix, totals: NDArray, pairs: NDArray) -> tuple[NDArray, NDArray]:
    """Bring cells and sums of pairs of cells to the principal components of the cells.

    Counts are normalised to the cells' mean total, logged, standardised by the cells' mean and standard deviation, and
    cut at 10 deviations.

    Parameters
    ----------
    chosen
        cells × variable genes.
    totals
        Counts of each cell in all genes.
    pairs
        Cells that each simulated doublet sums, shape (doublets, 2).

    Returns
    -------
    cells × components, doublets × components.
    """
    cells, genes = chosen.shape
    target = float(np.mean(totals))
    logged = list(_blocks(chosen, target / totals))
    mean = sum(block.sum(axis=0, dtype=float) for block in logged) / cells
    variance = sum(np.square(block).sum(axis=0, dtype=float) for block in logged) / cells - mean**2
    deviation = np.sqrt(np.maximum(variance, 1e-12))
    covariance = sum(ordered_map(lambda z: z.T @ z, (_standardise(block, mean, deviation) for block in logged)))
    n = min(COMPONENTS, genes, cells - 1)
    with threadpool_limits(1):
        axes = linalg.eigh(covariance, subset_by_index=(genes - n, genes - 1))[1].astype(np.float32)
    sums = chosen[pairs[:, 0]] + chosen[pairs[:, 1]]
    added = _blocks(sums, target / totals[pairs].sum(axis=1))
    observed, simulated = (
        np.vstack(list(ordered_map(lambda block: _standardise(block, mean, deviation) @ axes, blocks)))
        for blocks in (logged, added)
    )
    return observed, simulated


def simulated_share(points: NDArray, cells: int, k: int) -> NDArray:
    """Return share of simulated doublets among the k nearest neighbours of each point, smoothed by one of each kind.

    Parameters
    ----------
    points
        The first `cells` are cells, the others simulated; shape (points, components).
    """
    k = min(k, len(points) - 1)
    found = Index(points, seed=0, exact=True).search(points, k + 1)[0]
    others = found != np.arange(len(points))[:, None]
    others[others.all(axis=1), -1] = False  # a point that its own twins crowd out
    return (((found >= cells) & others).sum(axis=1) + 1) / (k + 2)


def likelihood_ratio(share: NDArray, rate: float) -> NDArray:
    """Turn the share of simulated neighbours into the chance of being a doublet.

    L = q ρ/r / (1 - ρ - q (1 - ρ - ρ/r)), with q the share, ρ the expected rate, r doublets simulated per cell.
    """
    r = SIMULATED_PER_CELL
    return share * rate / r / (1 - rate - share * (1 - rate - rate / r))


def _blocks(matrix: sparse.csr_matrix, factors: NDArray) -> Iterator[NDArray]:
    """Return dense blocks of cells, each cell times its factor, logged."""
    for start in range(0, matrix.shape[0], BLOCK):
        block = matrix[start : start + BLOCK]
        of_value = np.repeat(factors[start : start + BLOCK].astype(np.float32), np.diff(block.indptr))
        block.data = log1p(block.data * of_value)
        yield block.toarray()


def _standardise(block: NDArray, mean: NDArray, deviation: NDArray) -> NDArray:
    """Center and scale each gene, and cut what lies far out."""
    return np.clip((block - mean) / deviation, -FAR_OUT, FAR_OUT).astype(np.float32)
