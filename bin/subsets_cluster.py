#!/usr/bin/env python3
"""Find the subsets of each lineage: embed it anew, cluster at a stable resolution, name clusters by markers."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    merged: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="merged.h5mu of cohort_merge.py")],
    embedding: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="cohort.embedding.h5: its cells must agree")
    ],
    subsets: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="subsets.yaml: lineages, subsets, markers")
    ],
    resolution: Annotated[
        float | None, typer.Option(min=0.01, help="of Leiden in each lineage; by default chosen by stability")
    ] = None,
    majority_voting: Annotated[
        str, typer.Option(help="cohort: labels of cells are voted here; library, none: they are taken as they are")
    ] = "library",
    seed: Annotated[int, typer.Option(help="every random number follows from it")] = 0,
    id: command.Id = "cohort",
    species: command.Species = "human",
) -> None:
    """Find the subsets of each lineage: embed it anew, cluster at a stable resolution, name clusters by markers."""
    from sscite.subsets.cluster.run import run

    run(
        merged=merged,
        embedding=embedding,
        subsets=subsets,
        resolution=resolution,
        majority_voting=majority_voting,
        seed=seed,
        id=id,
    )


if __name__ == "__main__":
    command.run(main)
