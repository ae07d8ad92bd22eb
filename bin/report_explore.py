#!/usr/bin/env python3
"""Pack the cells of the finished cohort for the report's interactive maps."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cells: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="cells.parquet of subsets_collect.py.")],
    cohort: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="cohort.h5mu of subsets_collect.py.")],
    subsets: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="subsets.yaml, for its marker genes.")],
    output: Annotated[Path, typer.Option(help="Cells to explore (JSON).")] = Path("explore.json"),
    seed: Annotated[int, typer.Option(help="Every random number follows from it.")] = 0,
) -> None:
    """Pack maps, columns, marker genes and proteins of at most 250,000 cells."""
    from sscite.report import explore

    explore.run(cells, cohort=cohort, subsets=subsets, output=output, seed=seed)


if __name__ == "__main__":
    command.run(main)
