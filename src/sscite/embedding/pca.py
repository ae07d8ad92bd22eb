"""Principal components of a sparse matrix: exact, centred without filling zeros, the same on any number of cores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from sscite.threads import ordered_map

ROWS = 2048  # cells of a block made dense


@dataclass(frozen=True)
class Components:
    """A fitted PCA.

    Attributes
    ----------
    mean, scale
        Of each gene; values are (x - mean) / scale.
    loadings
        Genes × components.
    variance
        Share of the variance of each component.
    """

    mean: np.ndarray
    scale: np.ndarray
    loadings: np.ndarray
    variance: np.ndarray

    def project(self, X: sp.csr_matrix) -> np.ndarray:
        """Return cells × components (float32), also of cells that the components were not fitted on."""
        weights = self.loadings / self.scale[:, None]
        return (X @ weights.astype(np.float32) - (self.mean @ weights)).astype(np.float32)


def fit(X: sp.csr_matrix, *, components: int, tempered: bool = False) -> Components:
    """Fit principal components by the eigenvectors of the genes' covariance.

    The covariance is summed over blocks of cells in a fixed order, in double precision, so that the result does not
    depend on the number of cores; signs are set so that the largest loading of each component is positive.

    Parameters
    ----------
    X
        Cells × genes, CSR.
    components
        Number wanted; at most genes, and cells less one.
    tempered
        Divide each gene by the square root of its standard deviation first: markers of few counts gain weight
        beside strongly expressed genes, without the noise of silent genes being raised to theirs, as full scaling
        does.
    """
    cells, genes = X.shape
    components = max(1, min(components, genes, cells - 1))
    mean = np.asarray(X.mean(axis=0, dtype=np.float64)).ravel()
    starts = range(0, cells, ROWS)
    gram = np.zeros((genes, genes))
    for part in ordered_map(lambda start: _gram(X[start : start + ROWS]), starts):
        gram += part
    gram = np.triu(gram) + np.triu(gram, 1).T
    covariance = (gram - cells * np.outer(mean, mean)) / max(cells - 1, 1)
    scale = np.maximum(np.diag(covariance), 1e-12) ** 0.25 if tempered else np.ones(genes)
    covariance /= np.outer(scale, scale)
    with threadpool_limits(1):
        values, vectors = scipy.linalg.eigh(covariance, subset_by_index=[genes - components, genes - 1])
    values, vectors = values[::-1], vectors[:, ::-1]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(components)])
    return Components(mean, scale, vectors, np.maximum(values, 0) / np.trace(covariance))


def _gram(block: sp.csr_matrix) -> np.ndarray:
    """Return the upper triangle of Xᵀ X of a block of cells."""
    return scipy.linalg.blas.ssyrk(1.0, block.toarray(order="C").T, trans=0)
