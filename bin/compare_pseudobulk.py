#!/usr/bin/env python3
"""Sum the counts of every sample in every subset, and count its cells."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu", exists=True, dir_okay=False)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell with its sample, lineage and subset")],
    ambient_profiles: Annotated[
        Path | None,
        typer.Option(help="folder of <id>.ambient_profile.parquet; without it ambient RNA is not considered"),
    ] = None,
    output: Annotated[Path, typer.Option(help="summed counts to write")] = Path("pseudobulk.h5ad"),
    composition: Annotated[Path, typer.Option(help="cell numbers to write")] = Path("composition.csv"),
    ambient_genes: Annotated[Path, typer.Option(help="genes that are mostly ambient to write")] = Path(
        "ambient_genes.csv"
    ),
) -> None:
    """Sum the counts of every sample in every subset, and count its cells.

    Cells that fail quality control, doublets, excluded cells and cells of no sample do not count.
    """
    from sscite.compare.pseudobulk.run import run

    run(
        cohort=cohort,
        cells=cells,
        ambient_profiles=ambient_profiles,
        output=output,
        composition=composition,
        ambient_genes=ambient_genes,
    )


if __name__ == "__main__":
    command.run(main)
