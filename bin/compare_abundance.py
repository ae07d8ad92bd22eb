#!/usr/bin/env python3
"""Find neighbourhoods of cells that hold more or fewer cells on one side of a contrast (Milo)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu: its integrated space", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv, a row per comparison", exists=True)],
    min_donors: Annotated[int, typer.Option(help="donors that each side needs", min=2)] = 3,
    seed: Annotated[int, typer.Option(help="of the neighbourhoods that are sampled")] = 0,
) -> None:
    """Find neighbourhoods of cells that hold more or fewer cells on one side of a contrast (Milo).

    Writes CONTRAST/abundance.csv: a row per neighbourhood with its subset, fold change and spatial FDR.
    """
    from sscite.compare.abundance.run import run

    run(cohort=cohort, cells=cells, samples=samples, contrasts=contrasts, min_donors=min_donors, seed=seed)


if __name__ == "__main__":
    command.run(main)
