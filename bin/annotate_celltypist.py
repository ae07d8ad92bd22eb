#!/usr/bin/env python3
"""Annotate a library's cells with a CellTypist model, in a tenth of CellTypist's memory."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    counts: Annotated[
        Path, typer.Option(help="raw counts: the pipeline's .h5mu, or .h5ad, 10x .h5, MTX folder, table")
    ],
    model: Annotated[Path, typer.Option(help="a CellTypist .pkl, or the folder that annotate_model wrote")],
    samples: Annotated[
        Path | None, typer.Option(help="samples.csv: the tissues of the library choose the model")
    ] = None,
    lineages: Annotated[Path | None, typer.Option(help="CSV cell_type,lineage for labels of your own model")] = None,
    mode: Annotated[
        str, typer.Option(help="best_match: one label per cell; prob_match: every label above 0.5")
    ] = "best_match",
    majority_voting: Annotated[
        str,
        typer.Option(help="library: each fine cluster takes its most frequent label; cohort: voted later; none"),
    ] = "library",
    id: command.Id = "cells",
    seed: Annotated[int, typer.Option(help="of clustering and map; the same seed gives the same labels")] = 0,
    output: Annotated[
        Path | None, typer.Option(help="CSV cell,cell_type,confidence,lineage; for use without the pipeline")
    ] = None,
    species: command.Species = "human",
) -> None:
    """Annotate a library's cells with a CellTypist model, in a tenth of CellTypist's memory.

    Counts must be raw; they are normalised inside. Writes <id>.annotate_celltypist.parquet, step summary and figures;
    with --output a CSV as well. If too few of the model's genes were measured the step is skipped and the reason
    reported.
    """
    from sscite.annotate import celltypist

    celltypist.run(
        counts, model, samples=samples, lineages=lineages, mode=mode, majority_voting=majority_voting, id=id, seed=seed,
        output=output,
    )  # fmt: skip


if __name__ == "__main__":
    command.run(main)
