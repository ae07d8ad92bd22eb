#!/usr/bin/env python3
"""Read every count file once, before any heavy task, and tell all that is wrong."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    files: Annotated[Path, typer.Option(exists=True, help="files.csv of samples_validate: a row per library.")],
    samples: Annotated[Path, typer.Option(exists=True, help="samples.csv of samples_validate.")],
    staged: Annotated[
        str | None,
        typer.Option(
            help="Begin of the folders that hold one path each, numbered in the order of files.csv; without it "
            "paths are taken as files.csv has them."
        ),
    ] = None,
    missing: Annotated[
        str, typer.Option(help="Paths that do not exist and are not staged: library_id:column, comma-separated.")
    ] = "",
) -> None:
    """Read every count file of every library and check it: readable, raw whole counts, hashtags, barcodes.

    Writes facts alone. All problems of all files are told at once, each with the row of the samplesheet, and the script
    ends with exit 2. Memory is bounded by the largest library.
    """
    from sscite import io
    from sscite.samples import report
    from sscite.samples.inspect import inspect, plain_paths, staged_paths

    with command.step("samples_inspect", "cohort") as facts:
        table = io.read_table(files)
        absent = {entry for entry in missing.split(",") if entry}
        paths = staged_paths(table, staged, absent) if staged else plain_paths(table)
        libraries, warnings = inspect(table, io.read_table(samples), paths)
        report.inspected(facts, libraries, warnings)


if __name__ == "__main__":
    command.run(main)
