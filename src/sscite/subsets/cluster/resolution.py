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
TOLERANCE = 0.05


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
    """Take the finest resolution whose stability is within 0.05 of the best: names join what belongs together."""
    good = table["stability"] >= table["stability"].max() - TOLERANCE
    return float(table.loc[good, "resolution"].max())


def _graph(X: np.ndarray, *, seed: int, k: int) -> object:
    """Build the fuzzy graph of a sample."""
    return graph.fuzzy(*neighbours.among_themselves(X, k, seed=seed))
