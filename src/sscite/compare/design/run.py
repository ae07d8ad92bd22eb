"""Show who is in each contrast, what is confounded with it, and what its numbers of donors can find."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.compare.contrast.contrast import Comparison, load_samples
from sscite.compare.contrast.each import for_each_contrast
from sscite.compare.design import report
from sscite.compare.design.confounding import COLUMNS
from sscite.compare.pseudobulk.files import read_composition


def run(*, composition: Path, samples: Path, contrasts: Path, min_donors: int) -> None:
    """Show who is in each contrast, what is confounded with it, and what its numbers of donors can find.

    Writes <contrast_id>/design.csv, design_confounding.csv, design_power.csv and design_left_out.csv of every contrast.
    """
    counted = read_composition(composition)
    people = load_samples(samples)

    def test(comparison: Comparison, facts: command.Facts) -> pd.DataFrame:
        table, more = report.answer(counted, people, comparison, facts, min_donors=min_donors)
        folder = Path(comparison.contrast.id)
        folder.mkdir(exist_ok=True)
        for name, frame in more.items():
            io.write_table(frame, folder / f"design_{name}.csv")
        return table

    for_each_contrast("design", test, contrasts=contrasts, samples=samples, columns=COLUMNS, min_donors=min_donors)
