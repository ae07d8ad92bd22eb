#!/usr/bin/env python3
"""Print the tasks, memory, core hours, wall time and disk that a run on a samplesheet will take."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command

COEFFICIENTS = Path(__file__).resolve().parents[1] / "assets" / "resources.json"


def main(
    samplesheet: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One row per sample, as CSV.")],
    contrasts: Annotated[
        Path | None,
        typer.Option(exists=True, help="One row per comparison; without it they follow from the samplesheet."),
    ] = None,
    reference_tissue: Annotated[str, typer.Option(help="The tissue that the others are compared with.")] = "blood",
    cores: Annotated[int, typer.Option(min=1, help="Cores that tasks share, for the wall time.")] = 16,
    coefficients: Annotated[
        Path, typer.Option(exists=True, help="What benchmarks/resources.py fitted to runs of your own.")
    ] = COEFFICIENTS,
) -> None:
    """Print what a run will take: a table of the processes, then tasks, peak memory, core hours, wall time and disk.

    Of the count files only the headers are read; tables without a header are read whole. Nothing is written.
    """
    from sscite.plan.run import run

    print(run(samplesheet, contrasts, coefficients, reference_tissue=reference_tissue, cores=cores))


if __name__ == "__main__":
    command.run(main)
