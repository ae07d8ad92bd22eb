"""Map new cells onto a finished cohort without recomputing it.

New cells are projected on the cohort's components. The batch effect of a new library is removed cluster by
cluster, after Symphony (Kang et al. 2021, doi:10.1038/s41467-021-25957-x): the corrected cells are summarised by
centroids; a new library's shift from the centroids that its cells fall to is estimated, shrunk if
it rests on few cells, and subtracted. Labels, subsets and map places then come from the nearest cells of the cohort.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.embedding.neighbours import Index, among_themselves

CENTROIDS = 100
SIGMA = 0.1
RIDGE = 20.0
ROUNDS = 3
NEAREST = 15
FAR_QUANTILE = 0.99


@dataclass(frozen=True)
class Reference:
    """A finished cohort: components before and after correction, UMAP coordinates, labels.

    Attributes
    ----------
    raw, corrected
        Cells × components.
    umap
        Cells × 2.
    labels
        Cells × labels (text).
    """

    raw: np.ndarray
    corrected: np.ndarray
    umap: np.ndarray
    labels: pd.DataFrame


def centroids(reference: Reference, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Summarise the cohort: centroids of its corrected cells, and the uncorrected means of the same cells."""
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    count = max(1, min(CENTROIDS, len(reference.raw) // 30))
    with threadpool_limits(1):
        model = MiniBatchKMeans(count, random_state=seed, n_init=1, batch_size=4096).fit(reference.corrected)
        soft = memberships(reference.corrected, model.cluster_centers_)
    weight = np.maximum(soft.sum(axis=0), 1e-9)[:, None]
    return (soft.T @ reference.corrected) / weight, (soft.T @ reference.raw) / weight


def memberships(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return each cell's soft membership of each centre, by cosine distance, as Harmony does; rows sum to 1."""
    X, centres = (M / np.maximum(np.linalg.norm(M, axis=1, keepdims=True), 1e-12) for M in (X, centres))
    closeness = 2 * (X @ centres.T - 1) / SIGMA
    weights = np.exp(closeness - closeness.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def correct(X: np.ndarray, libraries: np.ndarray, corrected: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Move each new library's cells into the corrected space of the cohort.

    Parameters
    ----------
    X
        New cells × components, projected.
    libraries
        Library of each new cell.
    corrected, raw
        Centroids × components, after and before the cohort's own correction.
    """
    result = np.empty_like(X)
    for library in np.unique(libraries):
        rows = libraries == library
        result[rows] = _correct_library(X[rows], corrected, raw)
    return result


def _correct_library(X: np.ndarray, corrected: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Estimate the shift from each centroid, and its shrinkage towards the library's mean shift, a few times over."""
    placed = X + (corrected - raw).mean(axis=0)
    for _ in range(ROUNDS):
        soft = memberships(placed, corrected)
        weight = soft.sum(axis=0)[:, None]
        shift = soft.T @ X - weight * corrected
        overall = shift.sum(axis=0) / len(X)
        local = (shift + RIDGE * overall) / (weight + RIDGE)
        placed = X - soft @ local
    return placed.astype(np.float32)


def transfer(X: np.ndarray, reference: Reference, *, seed: int) -> pd.DataFrame:
    """Transfer labels and UMAP coordinates to new cells from their nearest cells in the cohort.

    Returns
    -------
    pd.DataFrame
        For each label its value and `<label>_confidence` (share of neighbours that agree, nearer ones counting
        more), `umap_1`, `umap_2`, `distance` (mean to the neighbours), and `far`: farther than 99% of the cohort's
        cells are from each other.
    """
    near, distances = Index(reference.corrected, seed=seed).search(X, NEAREST)
    usual = among_themselves(reference.corrected, NEAREST, seed=seed)[1].mean(axis=1)
    weights = 1 / (distances + 0.1 * np.median(usual))
    weights /= weights.sum(axis=1, keepdims=True)
    result = {}
    for label in reference.labels:
        codes, levels = pd.factorize(reference.labels[label].astype(str), sort=True)
        votes = np.stack([(weights * (codes[near] == code)).sum(axis=1) for code in range(len(levels))], axis=1)
        result[label] = np.asarray(levels)[votes.argmax(axis=1)]
        result[f"{label}_confidence"] = votes.max(axis=1).astype(np.float32)
    place = (weights[:, :, None] * reference.umap[near]).sum(axis=1)
    result |= {"umap_1": place[:, 0], "umap_2": place[:, 1], "distance": distances.mean(axis=1)}
    result["far"] = result["distance"] > np.quantile(usual, FAR_QUANTILE)
    return pd.DataFrame(result)
