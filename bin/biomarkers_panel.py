#!/usr/bin/env python3
"""Find the smallest panel of antibodies that sorts each subset in question, measured on donors left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="cohort.h5mu", exists=True, dir_okay=False)],
    cells: Annotated[Path, typer.Option(help="cells.parquet", exists=True, dir_okay=False)],
    quality: Annotated[Path, typer.Option(help="folder with <id>.adt_quality.csv of each library, at any depth")],
    summaries: Annotated[
        Path, typer.Option(help="folder with the step summaries of compare composition, at any depth")
    ],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv", exists=True, dir_okay=False)],
    subsets: Annotated[
        Path, typer.Option(help="subsets.yaml, whose questions on biomarkers are answered", exists=True)
    ],
    surface_genes: Annotated[Path, typer.Option(help="genes of surface proteins, .gmt", exists=True, dir_okay=False)],
    reference_tissue: Annotated[
        str, typer.Option(help="tissue in which a subset of several tissues is gated")
    ] = "blood",
    seed: Annotated[int, typer.Option(help="of folds, drawn cells and permutations")] = 0,
) -> None:
    """Find the smallest panel of antibodies that sorts each subset in question, measured on donors left out.

    A subset is in question if a contrast reports it or subsets.yaml asks for it. Writes panel/*.csv and one GatingML
    2.0 file per subset.
    """
    from sscite.biomarkers.panel import run
    from sscite.subsets.definitions import subsets as definitions

    def files(folder: Path, pattern: str) -> list[Path]:
        return sorted(folder.rglob(pattern)) if folder.is_dir() else []

    run.run(
        run.Sources(
            cohort, cells, files(quality, "*.adt_quality.csv"), files(summaries, "*.json"), samples, contrasts,
            surface_genes, definitions.load_definitions(subsets).questions.biomarkers,
        ),
        reference_tissue=reference_tissue, seed=seed,
    )  # fmt: skip


if __name__ == "__main__":
    command.run(main)
