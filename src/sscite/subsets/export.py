"""Write the cohort as one .h5ad for cellxgene and scanpy: genes and proteins in one matrix, colours, neighbours.

Proteins are further variables named `<protein>:AB`, the form that cellxgene's curators propose for CITE-seq: cellxgene
finds them as it finds genes and shows nothing of `obsm` but coordinates. `var['feature_types']` tells both apart as
10x's files do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import command, figures, io, names
from sscite.cohort import file as store
from sscite.cohort import writer
from sscite.cohort.integrate.embed import NEAREST, WIDE
from sscite.cohort.protein import read_protein
from sscite.embedding import graph, neighbours
from sscite.errors import Reason, Skipped

SUFFIX = ":AB"
GENE, ANTIBODY = "Gene Expression", "Antibody Capture"


def run(*, cohort: Path, seed: int, id: str) -> None:
    """Write cohort.h5ad, unless the cohort was too small to be embedded."""
    with command.step("subsets_export", id, seed=seed) as facts:
        proteins = Proteins.read(cohort)
        cells, features = write(cohort, Path("cohort.h5ad"), proteins, seed=seed)
        facts.number(cells=cells, genes=features - len(proteins.var), proteins=len(proteins.var))
        facts.summary(
            f"cohort.h5ad holds {cells:,} cells with {features - len(proteins.var):,} genes and "
            f"{len(proteins.var):,} proteins."
        )


@dataclass(frozen=True)
class Proteins:
    """Normalised values and raw counts (cells × proteins, NaN if not measured) and the proteins' table."""

    normalised: np.ndarray
    counts: np.ndarray
    var: pd.DataFrame

    @classmethod
    def read(cls, cohort: Path) -> Proteins:
        """Read the proteins of a cohort; none without antibodies or without normalised values."""
        _, proteins, normalised = read_protein(cohort)
        if not len(proteins):
            nothing = np.empty((store.read_shape(cohort)[0], 0), np.float32)
            return cls(nothing, nothing, pd.DataFrame(index=proteins))
        counts = store.read_element(cohort, f"mod/{names.PROTEIN}/X")
        dense = counts.toarray() if sp.issparse(counts) else np.asarray(counts)
        return cls(normalised, dense, store.read_element(cohort, f"mod/{names.PROTEIN}/var"))


def write(cohort: Path, out: Path, proteins: Proteins, *, seed: int) -> tuple[int, int]:
    """Write the .h5ad, RNA block by block; return the number of cells and of genes and proteins together.

    Raises
    ------
    Skipped
        The cohort was not embedded.
    """
    obsm = embeddings(cohort)
    if names.X_UMAP not in obsm:
        raise Skipped(Reason.TOO_FEW_CELLS, "the cohort was not embedded")
    obs = cells_table(io.read_obs(cohort, names.RNA))
    var = features_table(store.read_element(cohort, f"mod/{names.RNA}/var"), proteins.var)
    obsp, parameters = neighbour_graph(obsm[names.X_HARMONY], seed=seed)
    uns = {"title": "sscite", "default_embedding": names.X_UMAP, "log1p": {}, "neighbors": parameters, **colours(obs)}
    with h5py.File(out, "w") as file:
        matrices = writer.Matrices(file, len(var))
        layer = f"layers/{names.LAYER_COUNTS}"
        for (rows, normalised), (_, counts) in zip(
            store.iterate(cohort), store.iterate(cohort, matrix=layer), strict=True
        ):
            matrices.append(beside(counts, proteins.counts[rows]), beside(normalised, proteins.normalised[rows]).data)
        matrices.finish()
        writer.write_parts(file, obs, var, uns=uns, obsm=obsm, obsp=obsp)
    return len(obs), len(var)


def beside(genes: sp.csr_matrix, proteins: np.ndarray) -> sp.csr_matrix:
    """Put proteins after the genes, each value stored, zeros too: counts and normalised values share their places."""
    cells, width = proteins.shape
    places = (np.tile(np.arange(width), cells), np.arange(0, cells * width + 1, max(width, 1))[: cells + 1])
    if not width:
        return genes
    return sp.hstack([genes, sp.csr_matrix((proteins.ravel(), *places), shape=proteins.shape)], format="csr")


def embeddings(cohort: Path) -> dict[str, np.ndarray]:
    """Read the embeddings that every cell has."""
    obsm = store.read_element(cohort, f"mod/{names.RNA}/obsm")
    return {name: values for name, values in obsm.items() if len(values) and np.isfinite(values).all()}


def cells_table(obs: pd.DataFrame) -> pd.DataFrame:
    """Return the table of cells with text as categories in alphabetical order, empty text as `not given`."""
    tidy = obs.drop(columns=names.EXCLUDED, errors="ignore")
    for column in tidy.select_dtypes(["category", "object"]):
        text = tidy[column].astype(object).where(tidy[column].notna(), "").astype(str).replace("", figures.NOT_GIVEN)
        tidy[column] = pd.Categorical(text, categories=sorted(text.unique()))
    return tidy


def features_table(genes: pd.DataFrame, proteins: pd.DataFrame) -> pd.DataFrame:
    """Return one table of genes, then proteins named with the suffix."""
    columns = ["feature_types", names.GENE_ID, names.HIGHLY_VARIABLE, names.N_LIBRARIES]
    antibodies = proteins.set_axis(proteins.index + SUFFIX).assign(
        feature_types=ANTIBODY, **{names.GENE_ID: "", names.HIGHLY_VARIABLE: False}
    )
    both = [genes.assign(feature_types=GENE), *([antibodies] if len(antibodies) else [])]
    table = pd.concat([part.reindex(columns=columns) for part in both])
    return table.astype({"feature_types": "category", names.HIGHLY_VARIABLE: bool})


def colours(obs: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return scanpy's `<column>_colors` of each column of categories: those that the report's explorer shows."""
    return {
        f"{column}_colors": np.array(figures.level_colours(obs[column].cat.categories), dtype=object)
        for column in obs.select_dtypes("category")
    }


def neighbour_graph(corrected: np.ndarray, *, seed: int) -> tuple[dict[str, sp.csr_matrix], dict[str, Any]]:
    """Return the graph that the UMAP was drawn from, as scanpy keeps it in `obsp`, and its `uns['neighbors']`."""
    positions, distances = (part[:, :NEAREST] for part in neighbours.among_themselves(corrected, WIDE, seed=seed))
    cells, k = positions.shape
    lengths = sp.csr_matrix(
        (distances.ravel(), positions.ravel(), np.arange(0, cells * k + 1, k)), shape=(cells, cells)
    )
    lengths.sort_indices()
    parameters = {
        "connectivities_key": "connectivities",
        "distances_key": "distances",
        # scanpy counts the cell itself
        "params": {"n_neighbors": k + 1, "method": "umap", "metric": "euclidean", "use_rep": names.X_HARMONY},
    }
    return {"connectivities": graph.fuzzy(positions, distances), "distances": lengths}, parameters
