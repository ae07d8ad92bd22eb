#!/usr/bin/env python3
"""Infer trajectories from the reference tissue to tissue-specific terminal states, with bootstrap support."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu", exists=True)],
    embedding: Annotated[Path, typer.Option(help="subset_embedding.parquet: embedding of each lineage", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet, one row per cell", exists=True)],
    subsets: Annotated[Path, typer.Option(help="subsets.yaml with questions on trajectories", exists=True)],
    ambient_genes: Annotated[
        Path | None, typer.Option(help="genes that are mostly ambient in a subset of a tissue", exists=True)
    ] = None,
    reference_tissue: Annotated[str, typer.Option(help="tissue that contains the root of the trajectory")] = "blood",
    min_cells_per_gene: Annotated[int, typer.Option(help="cells that express a gene, to keep it", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="random seed")] = 0,
    species: command.Species = "human",
) -> None:
    """Infer trajectories from the reference tissue to tissue-specific terminal states, with bootstrap support.

    Writes TISSUE_STATE/trajectory.csv: correlation with pseudotime, and TISSUE_STATE/trajectory_cells.csv.
    """
    from sscite.compare.trajectory.run import run

    run(
        cohort=cohort,
        embedding=embedding,
        cells=cells,
        subsets=subsets,
        ambient_genes=ambient_genes,
        reference_tissue=reference_tissue,
        min_cells_per_gene=min_cells_per_gene,
        seed=seed,
    )


if __name__ == "__main__":
    command.run(main)
