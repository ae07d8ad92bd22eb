"""Map new libraries onto a finished cohort: lineage, subset and place on the map, each with a confidence."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command, io, names
from sscite.cohort import file as store
from sscite.cohort import umap_figures
from sscite.cohort.map import reference as finished
from sscite.cohort.map import symphony as mapping
from sscite.errors import Skipped


def run(*, merged: Path, reference: Path, seed: int, id: str) -> None:
    """Map new libraries onto a finished cohort: lineage, subset and place on the map, each with a confidence."""
    with command.step("cohort_map", id, seed=seed) as facts:
        obs = io.read_obs(merged, names.RNA)
        known, mean, loadings = finished.read(reference)
        try:
            X, shared = finished.project(merged, mean, loadings)
        except Skipped as skipped:
            facts.skip(skipped)
            io.write_fragment(pd.DataFrame(index=store.read_index(merged)[:0]), Path("mapped.parquet"))
            return
        X = mapping.correct(X, obs[names.LIBRARY].astype(str).to_numpy(), *mapping.centroids(known, seed=seed))
        mapped = mapping.transfer(X, known, seed=seed).set_index(obs.index)
        io.write_fragment(mapped, Path("mapped.parquet"))
        sure = (
            (mapped[f"{names.SUBSET}_confidence"] >= 0.5) & ~mapped["far"] if names.SUBSET in mapped else ~mapped["far"]
        )
        facts.number(
            cells=len(mapped), reference_cells=len(known.raw), shared_genes=round(shared, 3),
            cells_sure=int(sure.sum()),
            cells_far=int(mapped["far"].sum()),
        )  # fmt: skip
        facts.summary(
            f"{len(mapped):,} new cells were mapped onto {len(known.raw):,}; {sure.mean():.0%} got a subset that most "
            f"of their neighbours share, {mapped['far'].mean():.0%} are far from every cell of the cohort."
        )
        columns = {name: True for name in (names.LINEAGE, names.SUBSET) if name in mapped}
        positions = mapped[["umap_1", "umap_2"]].to_numpy()
        facts.figure(
            "umap", umap_figures.maps(positions, mapped, columns or {"far": False}, seed=seed),
            "New cells on the cohort's map", "Each new cell stands among its nearest cells of the finished cohort.",
        )  # fmt: skip
