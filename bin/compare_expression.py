#!/usr/bin/env python3
"""Test every gene and protein between the sides of each contrast, in every subset, with the donor as the unit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    pseudobulk: Annotated[Path, typer.Option(help="summed counts per sample and subset, .h5ad", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv, a row per comparison", exists=True)],
    min_cells_per_donor: Annotated[int, typer.Option(help="cells that a donor needs in a subset to enter", min=1)] = 10,
    min_donors: Annotated[int, typer.Option(help="donors that each side needs", min=2)] = 3,
    threads: Annotated[int, typer.Option(help="subsets tested at once; changes speed only", min=1)] = 1,
    species: command.Species = "human",
) -> None:
    """Test every gene and protein between the sides of each contrast, in every subset, with the donor as the unit.

    Counts of a donor's cells in a subset are summed; a quasi-likelihood regression (edgeR's) adjusts for the
    covariates, and for the donors if the contrast is paired. Mean normalised proteins are compared by a moderated t
    test. Writes CONTRAST/expression.csv and CONTRAST/protein.csv.
    """
    from sscite.compare.expression.run import run

    run(
        pseudobulk=pseudobulk,
        samples=samples,
        contrasts=contrasts,
        min_cells_per_donor=min_cells_per_donor,
        min_donors=min_donors,
        threads=threads,
    )


if __name__ == "__main__":
    command.run(main)
