"""Embed the cohort: components of RNA and protein, correction within each tissue, clusters, maps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import names
from sscite.cohort.integrate import mixing, wnn
from sscite.embedding import graph, harmony, neighbours, pca, umap

NEAREST = 15
WIDE = 20  # neighbours in each modality from which joint neighbours are chosen
RNA_COMPONENTS = 30
PROTEIN_COMPONENTS = 18
MIN_CELLS = 20


@dataclass
class Embedding:
    """Result of integration: embeddings by the names in `sscite.names`, clusters, metrics."""

    obsm: dict[str, np.ndarray]
    clusters: np.ndarray
    components: pca.Components
    corrected: list[str]
    rna_weight: np.ndarray | None = None
    metrics: pd.DataFrame = field(default_factory=pd.DataFrame)
    mixing: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: list[str] = field(default_factory=list)


def integrate(
    X: sp.csr_matrix, obs: pd.DataFrame, protein: np.ndarray | None, *, resolution: float, seed: int
) -> Embedding:
    """Embed, correct and cluster all cells.

    Parameters
    ----------
    X
        Cells × highly variable genes, log1p of counts per 10,000.
    obs
        Cells with library, donor, tissue and, where known, lineage.
    protein
        Cells × proteins, normalised, NaN if not measured; None without antibodies.
    resolution
        Of Leiden.
    """
    components = pca.fit(X, components=RNA_COMPONENTS)
    raw = components.project(X)
    corrected, variables, notes = correct(raw, obs, seed=seed)
    near, far = neighbours.among_themselves(corrected, WIDE, seed=seed)
    fuzzy = graph.fuzzy(near[:, :NEAREST], far[:, :NEAREST])
    clusters = graph.leiden(fuzzy, resolution=resolution, seed=seed)
    flat = umap.embed(fuzzy, corrected, seed=seed)
    result = Embedding(
        {names.X_PCA: raw, names.X_HARMONY: corrected, names.X_UMAP: flat}, clusters, components, variables, notes=notes
    )
    if protein is not None:
        _add_protein(result, protein, obs, near, seed=seed)
    _measure_mixing(result, obs, fuzzy, seed=seed)
    return result


def correct(X: np.ndarray, obs: pd.DataFrame, *, seed: int) -> tuple[np.ndarray, list[str], list[str]]:
    """Remove differences between libraries and between donors, within each tissue, by Harmony.

    Tissues are corrected separately, so that differences between tissues remain. Donor is not used if donors equal
    libraries. Korsunsky et al. 2019, doi:10.1038/s41592-019-0619-0.

    Returns
    -------
    tuple
        The corrected embedding, the variables corrected for, and sentences on what was not corrected.
    """
    result, used, notes = X.copy(), set(), []
    tissues = obs[names.TISSUE].astype(str).to_numpy()
    for tissue in np.unique(tissues):
        rows = np.flatnonzero(tissues == tissue)
        variables = batch_variables(obs.iloc[rows])
        if not variables:
            notes.append(f"{tissue}: one library of one donor, nothing to correct")
        elif len(rows) < MIN_CELLS:
            notes.append(f"{tissue}: {len(rows)} cells, too few to correct")
        else:
            result[rows] = harmony.correct_batches(X[rows], obs.iloc[rows], variables, seed=seed)
            used.update(variables)
    return result, sorted(used, reverse=True), notes


def batch_variables(obs: pd.DataFrame) -> list[str]:
    """Choose the batch variables: capture and donor, each if it has several levels, once if both are the same.

    The capture is the library, unless the samplesheet says that several libraries are parts of one capture.
    """
    capture = names.CAPTURE if names.CAPTURE in obs else names.LIBRARY
    varied = [name for name in (capture, names.DONOR) if len(set(obs[name].astype(str))) > 1]
    if len(varied) == 2:
        pairs = obs[varied].astype(str).drop_duplicates()
        if len(pairs) == pairs[capture].nunique() == pairs[names.DONOR].nunique():
            return [capture]
    return varied


def protein_components(protein: np.ndarray) -> np.ndarray | None:
    """Compute components of the proteins that vary and are in every panel; zeros for cells without protein.

    Parameters
    ----------
    protein
        Cells × proteins, NaN if not measured.
    """
    measured = ~np.isnan(protein).all(axis=1)
    complete = ~np.isnan(protein[measured]).any(axis=0)
    values = protein[measured][:, complete].astype(np.float64)
    spread = values.std(axis=0)
    values = values[:, spread > 1e-9]
    if values.shape[1] < 2 or len(values) < MIN_CELLS:
        return None
    scaled = np.clip((values - values.mean(axis=0)) / values.std(axis=0), -10, 10)
    fitted = pca.fit(sp.csr_matrix(scaled.astype(np.float32)), components=min(PROTEIN_COMPONENTS, values.shape[1] - 1))
    result = np.zeros((len(protein), fitted.loadings.shape[1]), np.float32)
    result[measured] = fitted.project(sp.csr_matrix(scaled.astype(np.float32)))
    return result


def _add_protein(result: Embedding, protein: np.ndarray, obs: pd.DataFrame, near: np.ndarray, *, seed: int) -> None:
    """Add the embedding of the proteins and the joint one."""
    components = protein_components(protein)
    if components is None:
        result.notes.append("fewer than two proteins were measured in every cell: no protein embedding")
        return
    measured = ~np.isnan(protein).all(axis=1)
    components[measured], _, _ = correct(components[measured], obs[measured], seed=seed)
    near_protein = _spread(neighbours.among_themselves(components[measured], WIDE, seed=seed)[0], measured, near)
    joint, distances, weight = wnn.joint_neighbours(
        [result.obsm[names.X_HARMONY], components], [near, near_protein], k=NEAREST, measured=measured
    )
    fuzzy = graph.fuzzy(joint, distances)
    result.obsm["X_prot"] = components
    result.obsm[names.X_WNN_UMAP] = umap.embed(fuzzy, result.obsm[names.X_UMAP], seed=seed)
    result.rna_weight = weight


def _spread(near: np.ndarray, measured: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Put neighbours among the measured cells in the places of all cells; the others take the fallback."""
    result = fallback[:, : near.shape[1]].copy()
    result[measured] = np.flatnonzero(measured)[near]
    return result


def _measure_mixing(result: Embedding, obs: pd.DataFrame, fuzzy: sp.csr_matrix, *, seed: int) -> None:
    """Measure mixing of libraries and purity of lineages before and after, if there is more than one library."""
    if obs[names.LIBRARY].nunique() < 2:
        return
    label = names.LINEAGE if names.LINEAGE in obs else None
    frame = obs[[names.LIBRARY]].assign(label=obs[label].astype(str) if label else result.clusters)
    embeddings = {"before": result.obsm[names.X_PCA], "after": result.obsm[names.X_HARMONY]}
    table = mixing.compare_embeddings(embeddings, frame, batch=names.LIBRARY, label="label", seed=seed)
    near, far = neighbours.among_themselves(embeddings["before"], NEAREST, seed=seed)
    codes = frame["label"].to_numpy()
    table["connectivity"] = [mixing.connectivity(g, codes) for g in (graph.fuzzy(near, far), fuzzy)]
    result.metrics = table
    before, after = (mixing.mixing(X, obs, batch=names.LIBRARY, seed=seed) for X in embeddings.values())
    result.mixing = before.rename(columns={"observed": "before"}).assign(after=after["observed"])
