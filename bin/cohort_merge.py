#!/usr/bin/env python3
"""Join all libraries and what each step found about their cells into one cohort on disk.

Cells that pass quality control, are no doublets and belong to a sample enter the matrix; the others are kept in the
table of left-out cells with the reason. Libraries are read one at a time.
"""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    libraries: Annotated[Path, typer.Option(exists=True, file_okay=False, help="folder of <id>.h5mu, one a library")],
    fragments: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="folder of <id>.<step>.parquet and <id>.adt_panel.csv")
    ],
    genes: Annotated[
        str, typer.Option(help="union: genes of any library (absent counts as 0); intersection: genes of all libraries")
    ] = "union",
    id: command.Id = "cohort",
) -> None:
    """Join all libraries and what each step found about their cells into merged.h5mu."""
    from sscite.cohort.merge.run import run

    run(libraries=libraries, fragments=fragments, genes=genes, id=id)


if __name__ == "__main__":
    command.run(main)
