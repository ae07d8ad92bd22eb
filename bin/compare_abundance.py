#!/usr/bin/env python3
"""Test neighbourhoods of cells for differential abundance between the groups of a contrast (Milo)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu: its integrated embedding", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: one row per cell", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, one row per sample", exists=True)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv, one row per comparison", exists=True)],
    min_donors: Annotated[int, typer.Option(help="donors that each group needs", min=2)] = 3,
    seed: Annotated[int, typer.Option(help="random seed of the sampled neighbourhoods")] = 0,
) -> None:
    """Test neighbourhoods of cells for differential abundance between the groups of a contrast (Milo).

    Writes CONTRAST/abundance.csv: one row per neighbourhood with its subset, fold change and spatial FDR.
    """
    from sscite.compare.abundance.run import run

    run(cohort=cohort, cells=cells, samples=samples, contrasts=contrasts, min_donors=min_donors, seed=seed)


if __name__ == "__main__":
    command.run(main)
