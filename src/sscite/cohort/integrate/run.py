"""Embed the cohort: variable genes, components, Harmony within each tissue, neighbours, clusters, maps."""

from __future__ import annotations

from pathlib import Path

from sscite import command, io, names
from sscite.cohort import embedding_file, umap_figures
from sscite.cohort.integrate import inputs
from sscite.cohort.integrate import report as wording
from sscite.cohort.integrate.embed import integrate
from sscite.errors import Skipped


def run(*, merged: Path, hvg: int, resolution: float, seed: int, id: str) -> None:
    """Embed the cohort: variable genes, components, Harmony within each tissue, neighbours, clusters, maps."""
    embedding, clusters = Path("cohort.embedding.h5"), Path("cohort.clusters.parquet")
    with command.step("cohort_integrate", id, seed=seed) as facts:
        try:
            ready = inputs.load(merged, hvg=hvg)
        except Skipped as skipped:
            facts.skip(skipped)
            inputs.write_empty(merged, embedding, clusters)
            return
        found = integrate(ready.X, ready.obs, ready.protein, resolution=resolution, seed=seed)
        embedding_file.write(embedding, ready.obs.index, found.obsm, genes=ready.genes, components=found.components)
        io.write_fragment(inputs.clusters_table(ready.obs, found), clusters)
        wording.integration(facts, ready, found)
        shown = ready.obs.assign(cluster=found.clusters.astype(str))
        columns = {"cluster": True, names.LINEAGE: True} if names.LINEAGE in shown else {"cluster": True}
        facts.figure(
            "umap", umap_figures.maps(found.obsm[names.X_UMAP], shown, columns, seed=seed),
            "The cohort after correction",
            "Each dot is a cell; cells near one another express alike. Coloured by cluster and by lineage.",
        )  # fmt: skip
        facts.figure(
            "umap_origin",
            umap_figures.maps(found.obsm[names.X_UMAP], shown, {names.LIBRARY: False, names.TISSUE: False}, seed=seed),
            "Where the cells come from", "The same map by library (should mix) and by tissue (may stay apart).",
        )  # fmt: skip
        if names.X_WNN_UMAP in found.obsm:
            facts.figure(
                "wnn_umap", umap_figures.maps(found.obsm[names.X_WNN_UMAP], shown, columns, seed=seed),
                "RNA and protein together",
                "Neighbours by both modalities, each cell weighing the one that tells more about it.",
            )  # fmt: skip
        if len(found.mixing):
            facts.figure(
                "mixing", umap_figures.before_after(found.metrics, found.mixing),
                "Mixing of libraries before and after",
                "Left: each library. Right: the whole; libraries should mix while lineages stay apart.",
            )  # fmt: skip
