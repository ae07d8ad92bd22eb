#!/usr/bin/env python3
"""Show who is in each contrast, what is confounded with it, and what its numbers of donors can find."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True, dir_okay=False)],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv", exists=True, dir_okay=False)],
    min_donors: Annotated[int, typer.Option(min=2, help="donors in each group; a contrast with fewer is skipped")] = 3,
) -> None:
    """Show who is in each contrast, what is confounded with it, and what its numbers of donors can find.

    Writes <contrast_id>/design.csv, design_confounding.csv, design_power.csv and design_left_out.csv of every contrast.
    """
    import pandas as pd

    from sscite import io
    from sscite.compare.contrast import contrast as plan
    from sscite.compare.contrast import each
    from sscite.compare.design import report
    from sscite.compare.design.confounding import COLUMNS

    counted = pd.read_csv(composition, dtype={"sample": str, "donor": str, "subset": str, "parent": str})
    people = plan.load_samples(samples)

    def ask(comparison: plan.Comparison, facts: command.Facts) -> pd.DataFrame:
        table, more = report.answer(counted, people, comparison, facts, min_donors=min_donors)
        folder = Path(comparison.contrast.id)
        folder.mkdir(exist_ok=True)
        for name, frame in more.items():
            io.write_table(frame, folder / f"design_{name}.csv")
        return table

    each.answer("design", plan.load(contrasts), people, ask, COLUMNS, min_donors=min_donors)


if __name__ == "__main__":
    command.run(main)
