"""Choose a resolution by stability: clusters that come back when cells are drawn anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from sscite.embedding import graph, neighbours

RESOLUTIONS = (0.5, 1.0, 1.5, 2.0, 3.0)
DRAWS = 4
SHARE = 0.8
MOST_CELLS = 4000
TOLERANCE, FLOOR = 0.05, 0.7
FEWEST_CELLS = 10  # of a cluster


def assess_stability(X: np.ndarray, *, seed: int, k: int) -> pd.DataFrame:
    """Cluster at each resolution a sample of cells, and 80 % of it again and again; compare by adjusted Rand index.

    Parameters
    ----------
    X
        Cells × components.

    Returns
    -------
    pd.DataFrame
        A row per resolution: resolution, clusters, stability (mean over draws), spread (standard deviation).
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(X), min(MOST_CELLS, len(X)), replace=False))
    draws = [np.sort(rng.choice(len(rows), int(SHARE * len(rows)), replace=False)) for _ in range(DRAWS)]
    whole = _graph(X[rows], seed=seed, k=k)
    parts = [_graph(X[rows][draw], seed=seed, k=k) for draw in draws]
    table = []
    for resolution in RESOLUTIONS:
        reference = graph.leiden(whole, resolution=resolution, seed=seed)
        again = [graph.leiden(part, resolution=resolution, seed=seed) for part in parts]
        found = [adjusted_rand_score(reference[draw], labels) for draw, labels in zip(draws, again, strict=True)]
        table.append({
            "resolution": resolution, "clusters": int(reference.max()) + 1, "stability": float(np.mean(found)),
            "spread": float(np.std(found)),
        })  # fmt: skip
    return pd.DataFrame(table)


def choose_resolution(table: pd.DataFrame) -> float:
    """Return the finest resolution of stability 0.7 or more that is within 0.05 of the best; else the coarsest.

    Clusters that are given the same name are merged anyway, so that a fine resolution is preferred; clusters that do
    not recur in subsamples are not: many small ones recur by chance about as often as a few large ones.
    """
    good = (table["stability"] >= table["stability"].max() - TOLERANCE) & (table["stability"] >= FLOOR)
    if not good.any():
        return float(table["resolution"].min())
    return float(table.loc[good, "resolution"].max())


def merge_small(clusters: np.ndarray, scores: np.ndarray, *, least: int = FEWEST_CELLS) -> np.ndarray:
    """Merge clusters of fewer than `least` cells, the smallest first, with the cluster of most similar marker scores.

    Parameters
    ----------
    clusters
        Code of each cell's cluster, from 0.
    scores
        Cells × subsets, standardised.

    Returns
    -------
    Codes from 0, in the order of those that remain.
    """
    merged = clusters.copy()
    while True:
        codes, size = np.unique(merged, return_counts=True)
        if len(codes) < 2 or size.min() >= least:
            return np.unique(merged, return_inverse=True)[1]
        means = np.stack([scores[merged == code].mean(axis=0) for code in codes])
        smallest = int(size.argmin())
        distance = ((means - means[smallest]) ** 2).sum(axis=1)
        distance[smallest] = np.inf
        merged[merged == codes[smallest]] = codes[int(distance.argmin())]


def _graph(X: np.ndarray, *, seed: int, k: int) -> object:
    """Build the fuzzy graph of a sample."""
    return graph.fuzzy(*neighbours.among_themselves(X, k, seed=seed))
