"""Re-run the headline statistics of every contrast on donors with permuted labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command
from sscite.compare.calibration import report
from sscite.compare.calibration.relabelling import COLUMNS
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.contrast.each import for_each_contrast
from sscite.compare.pseudobulk.files import read_composition, read_pseudobulk


def run(
    *,
    composition: Path,
    pseudobulk: Path,
    samples: Path,
    contrasts: Path,
    permutations: int,
    min_cells_per_donor: int,
    min_donors: int,
    seed: int,
) -> None:
    """Re-run the headline statistics of every contrast on donors with permuted labels.

    Writes <contrast_id>/calibration.csv: what was observed beside what chance gives.
    """
    counted = read_composition(composition)
    summed = read_pseudobulk(pseudobulk)

    def test(comparison: Comparison, facts: command.Facts) -> pd.DataFrame:
        return report.answer(
            counted, summed, comparison, facts,
            permutations=permutations, min_cells=min_cells_per_donor, min_donors=min_donors, seed=seed,
        )  # fmt: skip

    for_each_contrast(
        "calibration", test, contrasts=contrasts, samples=samples, columns=COLUMNS, seed=seed, min_donors=min_donors
    )
