#!/usr/bin/env python3
"""Score the doublets of one library."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    id: command.Id,
    library: Annotated[Path, typer.Option(exists=True, help="<id>.h5mu of samples_load.")],
    capture_cells: Annotated[
        Path | None,
        typer.Option(
            exists=True, help="cohort.capture_cells.csv of samples_inspect; without it the library is a capture."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated doublets; the same seed gives the same scores.")] = 0,
) -> None:
    """Score each cell of one library against simulated doublets (Scrublet) and flag the likely ones; none is dropped.

    Writes <id>.samples_doublets.parquet (doublet_score, doublet) and facts. Without RNA or with under 50 cells the
    scores are empty and the step is skipped.
    """
    from sscite.samples import doublets

    with command.step("samples_doublets", id, seed=seed) as facts:
        doublets.run(id, library, capture_cells, seed=seed, facts=facts)


if __name__ == "__main__":
    command.run(main)
