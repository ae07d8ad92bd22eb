"""Place cells of other tissues against the reference tissue's subsets: states without a counterpart stand out."""

from __future__ import annotations

from pathlib import Path

from sscite import command, io, names
from sscite.subsets.cluster import report
from sscite.subsets.tissue import counterparts


def run(*, merged: Path, embedding: Path, subsets: Path, reference_tissue: str, seed: int, id: str) -> None:
    """Place cells of other tissues against the reference tissue's subsets: states without a counterpart stand out."""
    table = Path("tissue_states.csv")
    with command.step("subsets_tissue", id, seed=seed, empty={table: counterparts.STATE_COLUMNS}) as facts:
        axes = io.read_fragment(embedding)
        obs = io.read_obs(merged, names.RNA)[[names.TISSUE, names.DONOR]]
        cells = obs.join(io.read_fragment(subsets)).loc[axes.index]
        io.write_fragment(counterparts.nothing(), Path("tissue_states.parquet"))  # stays if the step is skipped
        placed = counterparts.place(axes.to_numpy(), cells, reference=reference_tissue, seed=seed)
        nearest = placed[["counterpart", *counterparts.NUMBERS]]
        states = counterparts.states(cells.join(nearest), reference=reference_tissue)
        report.tissue(facts, placed, states, reference_tissue)
        io.write_fragment(placed, Path("tissue_states.parquet"))
        io.write_table(states.round(4), table)
