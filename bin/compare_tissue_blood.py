#!/usr/bin/env python3
"""Compare each tissue with blood, within donors where possible, each finding beside the dissociation stress."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    pseudobulk: Annotated[Path, typer.Option(help="summed counts per sample and subset, .h5ad", exists=True)],
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    reference_tissue: Annotated[str, typer.Option(help="tissue that the others are compared with")] = "blood",
    min_cells_per_donor: Annotated[int, typer.Option(help="cells that a donor needs in a subset to enter", min=1)] = 10,
    min_donors: Annotated[int, typer.Option(help="donors that each side needs for a test", min=2)] = 3,
    seed: Annotated[int, typer.Option(help="of the cells taken away until both tissues have the same numbers")] = 0,
    species: command.Species = "human",
) -> None:
    """Compare each tissue with blood, within donors where possible, each finding beside the dissociation stress.

    Writes TISSUE/tissue_blood.csv: composition, expression, protein, stress, and states without a counterpart.
    With fewer donors than required the differences are described without p values.
    """
    from sscite.compare.tissue_blood.run import run

    run(
        pseudobulk=pseudobulk,
        composition=composition,
        cells=cells,
        samples=samples,
        reference_tissue=reference_tissue,
        min_cells_per_donor=min_cells_per_donor,
        min_donors=min_donors,
        seed=seed,
    )


if __name__ == "__main__":
    command.run(main)
