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
    id: Annotated[str, typer.Option(help="names the files written")] = "cohort",
) -> None:
    """Put all that is known of the cells into cohort.h5mu (scanpy, muon, Seurat) and cells.parquet (a row per cell)."""
    from sscite import io
    from sscite.subsets import collect
    from sscite.subsets.cluster import report

    with command.step("subsets_collect", id) as facts:
        parts = collect.Parts(merged, embedding, clusters, subsets, scores, signatures, tissue_states)
        cells = collect.write(parts, Path("cohort.h5mu"))
        io.write_fragment(cells, Path("cells.parquet"))
        report.collected(facts, cells)


if __name__ == "__main__":
    command.run(main)
