#!/usr/bin/env python3
"""Put all that is known of the cells into cohort.h5mu (scanpy, muon, Seurat) and cells.parquet (a row per cell)."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command

File = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="as the step of that name wrote it")]


def main(
    merged: File,
    embedding: File,
    clusters: File,
    subsets: File,
    scores: File,
    signatures: File,
    tissue_states: File,
    samples: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="samples.csv: each sample's covariates")],
    id: command.Id = "cohort",
) -> None:
    """Put all that is known of the cells into cohort.h5mu (scanpy, muon, Seurat) and cells.parquet (a row per cell)."""
    from sscite.subsets.collect import run

    run(
        merged=merged, embedding=embedding, clusters=clusters, subsets=subsets, scores=scores, signatures=signatures,
        tissue_states=tissue_states, samples=samples, id=id,
    )  # fmt: skip


if __name__ == "__main__":
    command.run(main)
