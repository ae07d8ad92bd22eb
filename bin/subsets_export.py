#!/usr/bin/env python3
"""Write the cohort as cohort.h5ad, which cellxgene and scanpy open: genes, proteins, colours, neighbours."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="cohort.h5mu of subsets_collect.py")],
    seed: Annotated[int, typer.Option(help="every random number follows from it")] = 0,
    id: command.Id = "cohort",
) -> None:
    """Write the cohort as cohort.h5ad, which cellxgene and scanpy open: genes, proteins, colours, neighbours."""
    from sscite.subsets.export import run

    run(cohort=cohort, seed=seed, id=id)


if __name__ == "__main__":
    command.run(main)
