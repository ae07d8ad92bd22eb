"""Write 10x Genomics feature-barcode matrices (Cell Ranger v3 .h5)."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

CHUNK = 1 << 20


def write(path: Path, counts: sparse.csr_matrix, barcodes: np.ndarray, features: pd.DataFrame) -> None:
    """Write one matrix, its droplets in the order of their barcodes.

    Parameters
    ----------
    counts
        Integers of shape (droplets, features): its rows are the columns of the file's matrix.
    barcodes
        Length droplets.
    features
        Columns `id name feature_type`, a row per feature.
    """
    order = np.argsort(barcodes)
    counts = counts[order]
    with h5py.File(path, "w") as file:
        matrix = file.create_group("matrix")
        matrix["barcodes"] = np.asarray(barcodes, dtype="S")[order]
        matrix["shape"] = np.array(counts.shape[::-1], dtype=np.int32)
        matrix["indptr"] = counts.indptr.astype(np.int64)
        for name, values, kind in (("data", counts.data, np.int32), ("indices", counts.indices, np.int64)):
            options = {"chunks": (min(CHUNK, len(values)),), "compression": 1, "shuffle": True} if len(values) else {}
            matrix.create_dataset(name, data=values.astype(kind), **options)
        group = matrix.create_group("features")
        for column in ("id", "name", "feature_type"):
            group[column] = features[column].to_numpy(dtype="S")
        group["genome"] = np.where(features["feature_type"] == "Gene Expression", b"GRCh38", b"")
        group["_all_tag_keys"] = np.array([b"genome"])
