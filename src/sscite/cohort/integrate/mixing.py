"""Metrics of batch mixing and of lineage separation, before and after correction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite.embedding.neighbours import Index

SAMPLE = 4000
NEIGHBOURS = 90
PERPLEXITY = 30


def lisi(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the effective number of labels around each cell (inverse Simpson's index of Gaussian weights).

    Korsunsky et al. 2019, doi:10.1038/s41592-019-0619-0: weights have perplexity 30.

    Parameters
    ----------
    distances
        Cells × neighbours.
    labels
        Codes from 0 of the neighbours, cells × neighbours.
    """
    perplexity = min(PERPLEXITY, distances.shape[1] / 3)
    weights = _perplexity_weights(distances, np.log(perplexity))
    total = np.zeros(len(distances))
    for code in np.unique(labels):
        total += (weights * (labels == code)).sum(axis=1) ** 2
    return 1 / np.maximum(total, 1e-12)


def _perplexity_weights(distances: np.ndarray, target: float) -> np.ndarray:
    """Find for all cells at once the precision at which the entropy of weights reaches the target."""
    low, high = np.zeros(len(distances)), np.full(len(distances), np.inf)
    precision = 1 / np.maximum(distances.mean(axis=1), 1e-12)
    weights = np.empty_like(distances, dtype=float)
    shifted = distances - distances[:, :1]
    for _ in range(50):
        weights = np.exp(-shifted * precision[:, None])
        weights /= weights.sum(axis=1, keepdims=True)
        entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1)
        above = entropy > target
        low, high = np.where(above, precision, low), np.where(above, high, precision)
        precision = np.where(np.isinf(high), precision * 2, (low + high) / 2)
    return weights


def connectivity(graph: sp.csr_matrix, labels: np.ndarray) -> float:
    """Return the graph connectivity: mean over labels of the share of cells in the largest component, 0 to 1."""
    shares = []
    for label in np.unique(labels):
        inside = labels == label
        _, parts = sp.csgraph.connected_components(graph[inside][:, inside], directed=False)
        shares.append(np.bincount(parts).max() / inside.sum())
    return float(np.mean(shares))


def compare_embeddings(
    embeddings: dict[str, np.ndarray], obs: pd.DataFrame, *, batch: str, label: str, seed: int
) -> pd.DataFrame:
    """Compare embeddings on a sample of cells.

    Parameters
    ----------
    embeddings
        By name, cells × components.
    obs
        Cells with the columns `batch` and `label`.

    Returns
    -------
    pd.DataFrame
        One row per embedding: `ilisi` (effective number of batches; the most is the number of batches), `clisi` (of
        labels; 1 is pure), `same_batch` (share of neighbours of the own batch), `expected` (that share if batches
        were mixed), `label_kept` (share of neighbours with the own label).
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(obs), min(SAMPLE, len(obs)), replace=False))
    batches, labels = (pd.factorize(obs[column].astype(str), sort=True)[0] for column in (batch, label))
    expected = float((np.bincount(batches) / len(batches))[batches[rows]].mean())
    table = []
    for name, X in embeddings.items():
        near, distances = Index(X, seed=seed).search(X[rows], NEIGHBOURS + 1)
        near, distances = near[:, 1:], distances[:, 1:]
        table.append({
            "embedding": name, "ilisi": np.median(lisi(distances, batches[near])),
            "clisi": np.median(lisi(distances, labels[near])),
            "same_batch": (batches[near] == batches[rows][:, None]).mean(), "expected": expected,
            "label_kept": (labels[near] == labels[rows][:, None]).mean(),
        })  # fmt: skip
    return pd.DataFrame(table)


def mixing(X: np.ndarray, obs: pd.DataFrame, *, batch: str, seed: int) -> pd.DataFrame:
    """Return, for each library, the share of its cells' neighbours from other libraries, as observed and if mixed."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(obs), min(SAMPLE, len(obs)), replace=False))
    codes, levels = pd.factorize(obs[batch].astype(str), sort=True)
    near, _ = Index(X, seed=seed).search(X[rows], 31)
    other = (codes[near[:, 1:]] != codes[rows][:, None]).mean(axis=1)
    observed = pd.Series(other).groupby(codes[rows]).mean().reindex(range(len(levels)))
    share = np.bincount(codes, minlength=len(levels)) / len(codes)
    return pd.DataFrame({batch: levels, "observed": observed.to_numpy(), "if_mixed": 1 - share})
