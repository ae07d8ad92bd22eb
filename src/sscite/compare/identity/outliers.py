"""Samples unlike all others: their distance from the median sample, and principal components to draw."""

from __future__ import annotations

import numpy as np
import pandas as pd

MIN_SAMPLES = 6
FAR = 2.0  # times the median sample's distance
MIN_SPREAD = 1e-9


def components(values: np.ndarray) -> np.ndarray:
    """Return the scores on the first two principal components, shape (n_samples, 2); values are samples × genes."""
    left, singular, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    scores = np.zeros((len(values), 2))
    n = min(2, left.shape[1])
    scores[:, :n] = left[:, :n] * singular[:n]
    return scores


def outlying(values: pd.DataFrame) -> pd.DataFrame:
    """Mark samples whose expression is more than twice as far from the median as that of the median sample.

    Distance is the root mean square of log2 residuals over genes, so that one gene, a library or a group
    marks nobody.

    Parameters
    ----------
    values
        A row per sample and lineage, as `residuals.by_lineage` returns it.

    Returns
    -------
    `sample pc_1 pc_2 distance outlier`; the distance is relative to the median sample's. Fewer than six samples have no
    outlier.
    """
    means = values.groupby(level=0).mean()
    if len(means) < 2:
        return pd.DataFrame(columns=["sample", "pc_1", "pc_2", "distance", "outlier"])
    spread = np.sqrt((means.to_numpy() ** 2).mean(axis=1))
    distance = spread / max(float(np.median(spread)), MIN_SPREAD)
    scores = components(means.to_numpy())
    return pd.DataFrame(
        {"sample": means.index.astype(str), "pc_1": scores[:, 0], "pc_2": scores[:, 1], "distance": distance,
         "outlier": (distance > FAR) & (len(means) >= MIN_SAMPLES)}
    )  # fmt: skip
