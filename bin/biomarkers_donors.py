#!/usr/bin/env python3
"""Assess features of donors (subset proportions, proteins, signatures) against clinical variables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True, dir_okay=False)],
    pseudobulk: Annotated[Path, typer.Option(help="pseudobulk.h5ad with mean protein", exists=True, dir_okay=False)],
    cells: Annotated[Path, typer.Option(help="cells.parquet with signatures", exists=True, dir_okay=False)],
    quality: Annotated[Path, typer.Option(help="folder with <id>.adt_quality.csv of each library, at any depth")],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv", exists=True, dir_okay=False)],
    subsets: Annotated[
        Path, typer.Option(help="subsets.yaml, whose questions on clinical variables are answered", exists=True)
    ],
    reference_tissue: Annotated[str, typer.Option(help="tissue in which donors are described")] = "blood",
    seed: Annotated[int, typer.Option(help="of permutations")] = 0,
) -> None:
    """Assess features of donors (subset proportions, proteins, signatures) against clinical variables.

    Two levels: AUC in held-out donors. Numbers and ordered levels: rank correlation. Writes donors/*.csv.
    """
    from sscite.biomarkers.donors.run import run
    from sscite.subsets.definitions import subsets as definitions

    run(
        composition=composition,
        pseudobulk=pseudobulk,
        cells=cells,
        quality=sorted(quality.rglob("*.adt_quality.csv")) if quality.is_dir() else [],
        samples=samples,
        contrasts=contrasts,
        questions=definitions.load_definitions(subsets).questions.clinical,
        reference_tissue=reference_tissue,
        seed=seed,
    )


if __name__ == "__main__":
    command.run(main)
