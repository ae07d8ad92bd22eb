#!/usr/bin/env python3
"""Choose one protein normalisation for the whole cohort from what its libraries have."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, help="<id>.h5mu of every library, and <id>.droplets.h5mu where there are any."),
    ],
    method: Annotated[
        str,
        typer.Option(
            help="auto: dsb if every library has empty droplets, else clr_protein for all; per_library: dsb or "
            "clr_protein for each (not comparable); or dsb, dsb_cells, clr_cell, clr_protein for all."
        ),
    ] = "auto",
    output: Annotated[Path, typer.Option(help="Table to write: library_id, method, reason.")] = Path("adt_method.csv"),
) -> None:
    """Choose one protein normalisation for the whole cohort.

    dsb needs empty droplets (raw counts). Values of two methods cannot be compared, so that one library without empty
    droplets decides for all, unless per_library is given.
    """
    from sscite.adt import method as adt_method

    adt_method.run(files, method=method, output=output)


if __name__ == "__main__":
    command.run(main)
