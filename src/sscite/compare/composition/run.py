"""Compare the frequencies of subsets between groups of donors, by four methods side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.compare.composition import influence, report, stress
from sscite.compare.composition.differential import COLUMNS
from sscite.compare.contrast.contrast import Comparison, load_samples
from sscite.compare.contrast.each import for_each_contrast
from sscite.compare.pseudobulk.files import read_composition


def run(
    *,
    composition: Path,
    samples: Path,
    contrasts: Path,
    permutations: int,
    min_donors: int,
    seed: int,
) -> None:
    """Compare the frequencies of subsets between groups of donors, by four methods side by side.

    Writes <contrast_id>/composition.csv, composition_omnibus.csv and composition_loadings.csv of every contrast.
    """
    counted = read_composition(composition)
    people = load_samples(samples)

    def test(comparison: Comparison, facts: command.Facts) -> pd.DataFrame:
        table, more = report.report_composition(
            counted, people, comparison, facts,
            draws=permutations, min_donors=min_donors, seed=seed,
        )  # fmt: skip
        folder = Path(comparison.contrast.id)
        folder.mkdir(exist_ok=True)
        for name, frame in more.items():
            io.write_table(frame, folder / f"composition_{name}.csv")
        return table

    for_each_contrast(
        "composition",
        test,
        contrasts=contrasts,
        samples=samples,
        columns=[*COLUMNS, *influence.COLUMNS, *stress.COLUMNS],
        seed=seed,
        min_donors=min_donors,
    )
