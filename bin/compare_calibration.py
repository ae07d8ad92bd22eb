#!/usr/bin/env python3
"""Re-run the headline statistics of every contrast on donors with permuted labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True, dir_okay=False)],
    pseudobulk: Annotated[Path, typer.Option(help="summed counts, .h5ad", exists=True, dir_okay=False)],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv", exists=True, dir_okay=False)],
    permutations: Annotated[int, typer.Option(min=100, help="relabellings; at most 200 are made")] = 2000,
    min_cells_per_donor: Annotated[int, typer.Option(min=1, help="cells that a donor needs in a subset to enter")] = 10,
    min_donors: Annotated[int, typer.Option(min=2, help="donors in each group; a contrast with fewer is skipped")] = 3,
    seed: Annotated[int, typer.Option(help="of the permutations drawn")] = 0,
) -> None:
    """Re-run the headline statistics of every contrast on donors with permuted labels.

    Writes <contrast_id>/calibration.csv: what was observed beside what chance gives.
    """
    from sscite.compare.calibration.run import run

    run(
        composition=composition,
        pseudobulk=pseudobulk,
        samples=samples,
        contrasts=contrasts,
        permutations=permutations,
        min_cells_per_donor=min_cells_per_donor,
        min_donors=min_donors,
        seed=seed,
    )


if __name__ == "__main__":
    command.run(main)
