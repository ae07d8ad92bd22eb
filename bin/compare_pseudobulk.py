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
    output: Annotated[Path, typer.Option(help="summed counts to write")] = Path("pseudobulk.h5ad"),
    composition: Annotated[Path, typer.Option(help="cell numbers to write")] = Path("composition.csv"),
) -> None:
    """Sum the counts of every sample in every subset, and count its cells.

    Cells that fail quality control, doublets, excluded cells and cells of no sample do not count.
    """
    from sscite.compare.pseudobulk.run import run

    run(cohort=cohort, cells=cells, output=output, composition=composition)


if __name__ == "__main__":
    command.run(main)
