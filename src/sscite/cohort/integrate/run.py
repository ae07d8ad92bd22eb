"""Embed the cohort: variable genes, components, Harmony within each tissue, neighbours, clusters, maps."""

from __future__ import annotations

from pathlib import Path

from sscite import command, io
from sscite.cohort import embedding_file
from sscite.cohort.integrate import inputs, report
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
        report.report_integration(facts, ready, found)
        report.draw(facts, ready, found, seed=seed)
