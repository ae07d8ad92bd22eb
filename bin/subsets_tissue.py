#!/usr/bin/env python3
"""Place cells of other tissues against the reference tissue's subsets: states without a counterpart stand out."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    merged: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="merged.h5mu of cohort_merge.py")],
    embedding: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="subset_embedding.parquet of subsets_cluster.py")
    ],
    subsets: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="subsets.parquet")],
    reference_tissue: Annotated[str, typer.Option(help="the tissue that the others are placed against")] = "blood",
    seed: Annotated[int, typer.Option(help="every random number follows from it")] = 0,
    id: command.Id = "cohort",
) -> None:
    """Place cells of other tissues against the reference tissue's subsets: states without a counterpart stand out."""
    from sscite.subsets.tissue.run import run

    run(merged=merged, embedding=embedding, subsets=subsets, reference_tissue=reference_tissue, seed=seed, id=id)


if __name__ == "__main__":
    command.run(main)
