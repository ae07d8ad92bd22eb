#!/usr/bin/env python3
"""Read every input file once, before any heavy task, and report all problems."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    files: Annotated[Path, typer.Option(exists=True, help="files.csv of samples_validate: one row per library.")],
    samples: Annotated[Path, typer.Option(exists=True, help="samples.csv of samples_validate.")],
    staged: Annotated[
        str | None,
        typer.Option(
            help="Prefix of the folders that hold one path each, numbered in the order of files.csv; without it "
            "paths are taken as files.csv has them."
        ),
    ] = None,
    missing: Annotated[
        str, typer.Option(help="Paths that do not exist and are not staged: library_id:column, comma-separated.")
    ] = "",
) -> None:
    """Read every file of every library and check it: readable, raw whole counts of called cells, hashtags, genotypes.

    Writes cohort.capture_cells.csv (cells of each library and of its capture) and facts. All problems of all files are
    reported at once, each with the row of the samplesheet, and the script ends with exit 2. Memory is bounded by the
    largest library.
    """
    from sscite.samples import inspect

    with command.step("samples_inspect", "cohort") as facts:
        inspect.run(files, samples, staged=staged, missing=missing, facts=facts)


if __name__ == "__main__":
    command.run(main)
