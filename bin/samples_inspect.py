#!/usr/bin/env python3
"""Report what the files of all libraries hold, or all their problems."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    files: Annotated[Path, typer.Option(exists=True, help="files.csv of samples_validate: one row per library.")],
    samples: Annotated[
        Path | None, typer.Option(exists=True, help="samples.csv of samples_validate, if the files are read here.")
    ] = None,
    checks: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder of <library_id>.check.json of samples_check; without it every file is read here.",
        ),
    ] = None,
) -> None:
    """Report what the files of all libraries hold; all problems of all files at once end the run before any heavy task.

    Writes cohort.capture_cells.csv (cells of each library and of its capture) and facts. Problems are named with the
    row of the samplesheet, and the script ends with exit 2.
    """
    from sscite.samples import inspect

    with command.step("samples_inspect", "cohort") as facts:
        inspect.run(files, checks, samples, facts=facts)


if __name__ == "__main__":
    command.run(main)
