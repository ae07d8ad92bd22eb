"""Read from the merged cohort what integration needs, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import io, names
from sscite.cohort import embedding_file
from sscite.cohort import file as store
from sscite.cohort.integrate import embed
from sscite.cohort.protein import read_protein
from sscite.embedding import variable_genes
from sscite.errors import Reason, Skipped


@dataclass
class Ready:
    """The cohort cut to its variable genes."""

    X: sp.csr_matrix
    obs: pd.DataFrame
    protein: np.ndarray | None
    genes: pd.Index


def load(merged: Path, *, hvg: int) -> Ready:
    """Choose highly variable genes from the statistics that merging kept, and read these genes of all cells.

    Raises
    ------
    Skipped
        There are too few cells to embed.
    """
    obs = io.read_obs(merged, names.RNA)
    if len(obs) < embed.MIN_CELLS:
        raise Skipped(Reason.TOO_FEW_CELLS, f"{len(obs)} cells; {embed.MIN_CELLS} are needed")
    chosen = choose_variable_genes(store.read_element(merged, f"mod/{names.RNA}/uns/library_statistics"), hvg=hvg)
    genes = store.read_index(merged, "var")[chosen]
    X = store.gather(merged, genes=chosen)
    _, proteins, values = read_protein(merged, isotypes=False)
    return Ready(X, obs, values if len(proteins) else None, genes)


def choose_variable_genes(statistics: dict[str, np.ndarray], *, hvg: int) -> np.ndarray:
    """Return the positions of the highly variable genes, from means and variances by library."""
    mask = variable_genes.choose(statistics["mean"], statistics["variance"], top=hvg, cells=statistics["cells"])
    return np.flatnonzero(mask)


def clusters_table(obs: pd.DataFrame, found: embed.Embedding) -> pd.DataFrame:
    """Return each cell's cluster in the cohort and, with protein, the weight of RNA in its joint neighbours."""
    table = pd.DataFrame({"cohort_cluster": found.clusters.astype(str)}, index=obs.index)
    if found.rna_weight is not None:
        table["rna_weight"] = found.rna_weight
    return table


def write_empty(merged: Path, embedding: Path, clusters: Path) -> None:
    """Write files for a cohort that was not embedded: cells without coordinates."""
    cells = store.read_index(merged)
    nothing = np.full((len(cells), 2), np.nan, np.float32)
    obsm = dict.fromkeys((names.X_PCA, names.X_HARMONY, names.X_UMAP), nothing)
    embedding_file.write(embedding, cells, obsm, genes=pd.Index([]), components=None)
    io.write_fragment(pd.DataFrame({"cohort_cluster": "0"}, index=cells), clusters)
