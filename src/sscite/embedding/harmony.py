"""Batch correction of an embedding by Harmony.

Korsunsky et al. 2019, doi:10.1038/s41592-019-0619-0.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SMALL_BATCH = 10


def correct_batches(X: np.ndarray, obs: pd.DataFrame, variables: list[str], *, seed: int) -> np.ndarray:
    """Run Harmony; batches with few cells are merged into one level."""
    import logging

    import harmonypy

    logging.getLogger("harmonypy").setLevel(logging.WARNING)
    meta = obs[variables].astype(str).copy()
    for name in variables:
        counts = meta[name].map(meta[name].value_counts())
        meta.loc[counts < SMALL_BATCH, name] = "few"
    variables = [name for name in variables if len(set(meta[name])) > 1]
    if not variables:
        return X
    clusters = number_of_clusters(len(X), sum(meta[name].nunique() for name in variables) / len(variables))
    found = harmonypy.run_harmony(
        X.astype(np.float64), meta, variables, nclust=clusters, random_state=seed, verbose=False
    )
    corrected = np.asarray(found.Z_corr, dtype=np.float32)
    return corrected if corrected.shape == X.shape else corrected.T


def number_of_clusters(cells: int, batches: float) -> int:
    """Return the number of Harmony clusters, so that each has about 10 cells per batch."""
    return int(np.clip(cells / (10 * batches), 3, 100))
