#!/usr/bin/env python3
"""Test which gene sets stand out among the marker genes of each subset, or along the ranking of each contrast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    pseudobulk: Annotated[Path, typer.Option(help="summed counts per sample and subset, .h5ad", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    gene_sets: Annotated[Path, typer.Option(help="folder with GMT files or tables of regulator and target")],
    subsets: Annotated[Path, typer.Option(help="subsets.yaml, whose questions are answered by name", exists=True)],
    contrasts: Annotated[
        Path | None, typer.Option(help="contrasts.csv, a row per comparison; without it, marker genes", exists=True)
    ] = None,
    expression: Annotated[
        list[Path] | None, typer.Option(help="tables of compare expression, of these contrasts", exists=True)
    ] = None,
    min_cells_per_donor: Annotated[int, typer.Option(help="cells that a donor needs in a subset to enter", min=1)] = 10,
    min_donors: Annotated[int, typer.Option(help="donors that marker genes need", min=2)] = 3,
    species: command.Species = "human",
) -> None:
    """Test which gene sets stand out among the marker genes of each subset, or along the ranking of each contrast.

    Writes markers/enrichment.csv, or with --contrasts CONTRAST/enrichment.csv.
    """
    from sscite.compare.enrichment.run import run

    run(
        pseudobulk=pseudobulk,
        samples=samples,
        gene_sets=gene_sets,
        subsets=subsets,
        contrasts=contrasts,
        expression=expression or [],
        min_cells_per_donor=min_cells_per_donor,
        min_donors=min_donors,
    )


if __name__ == "__main__":
    command.run(main)
