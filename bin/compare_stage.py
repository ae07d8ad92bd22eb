#!/usr/bin/env python3
"""Follow genes, signatures and subsets over the stages at which the same donor was sampled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True, dir_okay=False)],
    pseudobulk: Annotated[Path, typer.Option(help="summed counts, .h5ad", exists=True, dir_okay=False)],
    cells: Annotated[Path, typer.Option(help="cells.parquet with signatures", exists=True, dir_okay=False)],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    stage_features: Annotated[str, typer.Option(help="genes, signatures or subsets shown first, comma-separated")] = "",
    min_cells_per_sample: Annotated[int, typer.Option(min=1, help="cells of a sample in a lineage to enter")] = 10,
) -> None:
    """Follow genes, signatures and subsets over the stages at which the same donor was sampled.

    The stage is the covariate that differs between a donor's samples of one tissue. Writes stage/stage.csv and
    stage/stage_changes.csv. A p value is reported only if six or more donors were sampled at both stages.
    """
    from sscite.compare.stage.run import run

    run(
        composition=composition,
        pseudobulk=pseudobulk,
        cells=cells,
        samples=samples,
        stage_features=stage_features,
        min_cells_per_sample=min_cells_per_sample,
    )


if __name__ == "__main__":
    command.run(main)
