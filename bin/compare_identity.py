#!/usr/bin/env python3
"""Check for each sample sex, donor, genotype and likeness to the other samples against the samplesheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    pseudobulk: Annotated[Path, typer.Option(help="summed counts per sample and lineage, .h5ad", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    genes: Annotated[list[Path], typer.Option(help="GMT files with FEMALE, MALE and POLYMORPHIC_ sets", exists=True)],
    output: Annotated[Path, typer.Option(help="table to write")] = Path("identity.csv"),
) -> None:
    """Check for each sample sex, donor, genotype and likeness to the other samples against the samplesheet.

    Writes a table with a row per sample and warns of samples that do not fit; nothing is excluded.
    """
    from sscite.compare.identity.run import run

    run(pseudobulk=pseudobulk, cells=cells, samples=samples, genes=genes, output=output)


if __name__ == "__main__":
    command.run(main)
