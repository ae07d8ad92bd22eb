#!/usr/bin/env python3
"""Find neighbourhoods of cells that hold more or fewer cells on one side of a contrast (Milo)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu: its integrated space", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv, a row per comparison", exists=True)],
    min_donors: Annotated[int, typer.Option(help="donors that each side needs", min=2)] = 3,
    seed: Annotated[int, typer.Option(help="of the neighbourhoods that are sampled")] = 0,
) -> None:
    """Find neighbourhoods of cells that hold more or fewer cells on one side of a contrast (Milo).

    Writes CONTRAST/abundance.csv: a row per neighbourhood with its subset, fold change and spatial FDR.
    """
    import pandas as pd

    from sscite.cohort import finished
    from sscite.compare.abundance import milo, report
    from sscite.compare.contrast import contrast as design
    from sscite.compare.contrast import each
    from sscite.compare.pseudobulk import sums
    from sscite.errors import Reason, Skipped

    space = finished.read_space(cohort)
    table = pd.read_parquet(cells)
    table = table[sums.keep(table) & table.index.isin(space.index)]
    table["sample"] = table["sample"].astype(str)
    cache: dict[bytes, object] = {}

    def ask(comparison: design.Comparison, facts: command.Facts) -> pd.DataFrame:
        mask = milo.chosen(table, comparison)
        if mask.sum() < milo.FEWEST_CELLS:
            raise Skipped(Reason.TOO_FEW_CELLS, f"{mask.sum()} cells; {milo.FEWEST_CELLS} are needed")
        part = table[mask]
        if mask.tobytes() not in cache:
            cache.clear()
            cache[mask.tobytes()] = milo.neighbourhoods(space.loc[part.index].to_numpy(), part, seed=seed)
        counts = cache[mask.tobytes()]
        tests, rows = milo.test(counts, comparison)
        labels = milo.label(counts, part)
        result = labels.join(tests.reset_index(drop=True)).assign(
            contrast_id=comparison.contrast.id, level="neighbourhood"
        )
        positions = finished.map_positions(part.loc[result["index_cell"]])
        report.describe(facts, result, positions, comparison.contrast.sides, donors=rows)
        return result[milo.COLUMNS]

    each.answer(
        "abundance", design.load(contrasts), design.load_samples(samples), ask, milo.COLUMNS,
        seed=seed, min_donors=min_donors,
    )  # fmt: skip


if __name__ == "__main__":
    command.run(main)
