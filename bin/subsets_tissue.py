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
    id: Annotated[str, typer.Option(help="names the files written")] = "cohort",
) -> None:
    """Place cells of other tissues against the reference tissue's subsets: states without a counterpart stand out."""
    import pandas as pd

    from sscite import io, names
    from sscite.errors import Skipped
    from sscite.subsets.cluster import report
    from sscite.subsets.tissue import counterparts

    with command.step("subsets_tissue", id, seed=seed) as facts:
        axes = io.read_fragment(embedding)
        cells = (
            io.read_obs(merged, names.RNA)[[names.TISSUE, names.DONOR]].join(io.read_fragment(subsets)).loc[axes.index]
        )
        try:
            placed = counterparts.place(axes.to_numpy(), cells, reference=reference_tissue, seed=seed)
            states = counterparts.states(
                cells.join(placed[["counterpart", *counterparts.NUMBERS]]), reference=reference_tissue
            )
            report.tissue(facts, placed, states, reference_tissue)
        except Skipped as skipped:
            facts.skip(skipped)
            placed, states = counterparts.nothing(), pd.DataFrame(columns=["tissue", "subset", "cells"])
        io.write_fragment(placed, Path("tissue_states.parquet"))
        io.write_table(states.round(4), Path("tissue_states.csv"))


if __name__ == "__main__":
    command.run(main)
