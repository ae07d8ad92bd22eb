#!/usr/bin/env python3
"""Find the way from the reference tissue's cells to a state that only another tissue has, and how far to trust it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu", exists=True)],
    embedding: Annotated[Path, typer.Option(help="subset_embedding.parquet: each lineage's own axes", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    subsets: Annotated[Path, typer.Option(help="subsets.yaml: its questions name lineages and roots", exists=True)],
    ambient_genes: Annotated[
        Path | None, typer.Option(help="genes that are mostly ambient in a subset of a tissue", exists=True)
    ] = None,
    reference_tissue: Annotated[str, typer.Option(help="tissue where the way begins")] = "blood",
    min_cells: Annotated[int, typer.Option(help="cells in which a gene must be seen", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="of the cells and donors drawn")] = 0,
) -> None:
    """Find the way from the reference tissue's cells to a state that only another tissue has, and how far to trust it.

    Writes TISSUE_STATE/trajectory.csv: genes and proteins along each way, and TISSUE_STATE/trajectory_cells.csv.
    """
    from sscite.compare.trajectory.run import run

    run(
        cohort=cohort,
        embedding=embedding,
        cells=cells,
        subsets=subsets,
        ambient_genes=ambient_genes,
        reference_tissue=reference_tissue,
        min_cells=min_cells,
        seed=seed,
    )


if __name__ == "__main__":
    command.run(main)
