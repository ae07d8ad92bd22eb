#!/usr/bin/env python3
"""Score gene sets (those of the pipeline and the user's own) in each cell by ranks."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    merged: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="merged.h5mu of cohort_merge.py")],
    subsets: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="subsets.parquet, for the table by subset")
    ],
    gene_sets: Annotated[
        list[Path], typer.Option(exists=True, help="GMT, YAML or TRRUST-like file, or a folder of them; repeatable")
    ],
    seed: Annotated[int, typer.Option(help="orders genes that tie")] = 0,
    id: command.Id = "cohort",
) -> None:
    """Score gene sets (those of the pipeline and the user's own) in each cell by ranks."""
    from sscite.subsets.signatures.run import run

    run(merged=merged, subsets=subsets, gene_sets=gene_sets, seed=seed, id=id)


if __name__ == "__main__":
    command.run(main)
