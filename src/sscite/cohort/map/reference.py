"""Read a finished cohort and the genes of new cells that it knows."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from sscite import io, names
from sscite.cohort import file as store
from sscite.cohort.map import symphony as mapping
from sscite.errors import Reason, Skipped, UserError
from sscite.reading import reading

LABELS = (names.LINEAGE, names.SUBSET, "cohort_cluster")
LEAST_GENES = 0.5


def read(path: Path) -> tuple[mapping.Reference, pd.Series, np.ndarray]:
    """Return the cohort, its genes' means by name, and the loadings (genes × components).

    Raises
    ------
    UserError
        The file cannot be read, or is not a finished cohort of this pipeline.
    """
    rna = f"mod/{names.RNA}"
    needed = [f"{rna}/obsm/{key}" for key in (names.X_PCA, names.X_HARMONY, names.X_UMAP)] + [f"{rna}/uns/pca/mean"]
    with reading(path, "the cohort.h5mu of a finished run"), h5py.File(path) as file:
        absent = [name for name in needed if name not in file]
    if absent:
        raise UserError(f"{path}: no {', '.join(absent)}; give the cohort.h5mu that a run of this pipeline has written")
    raw, corrected, umap, mean = (store.read_element(path, name) for name in needed)
    genes = store.read_element(path, f"{rna}/uns/pca/genes")
    loadings = store.read_element(path, f"{rna}/varm/PCs")[store.read_index(path, "var").get_indexer(genes)]
    obs = io.read_obs(path, names.RNA)
    labels = obs[[column for column in LABELS if column in obs]].astype(str)
    return mapping.Reference(raw, corrected, umap, labels), pd.Series(mean, index=genes), loadings


def project(merged: Path, mean: pd.Series, loadings: np.ndarray) -> tuple[np.ndarray, float]:
    """Project new cells on the cohort's components; a gene that they lack is taken at the cohort's mean.

    Returns
    -------
    tuple
        Cells × components, and the share of the cohort's genes that the new cells have.

    Raises
    ------
    Skipped
        Less than half of the genes are shared.
    """
    places = store.read_index(merged, "var").get_indexer(mean.index)
    shared = places >= 0
    if shared.mean() < LEAST_GENES:
        raise Skipped(Reason.LOW_GENE_OVERLAP, f"{shared.sum()} of the cohort's {len(shared)} variable genes")
    X = store.gather(merged, genes=places[shared])
    weights = loadings[shared]
    return (X @ weights.astype(np.float32) - mean.to_numpy()[shared] @ weights).astype(np.float32), float(shared.mean())
