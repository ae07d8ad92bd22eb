"""Test neighbourhoods of cells for differential abundance between the groups of a contrast (Milo)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.cohort import finished
from sscite.compare.abundance import milo, report
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.contrast.each import for_each_contrast
from sscite.compare.pseudobulk import sums
from sscite.errors import Reason, Skipped


def run(*, cohort: Path, cells: Path, samples: Path, contrasts: Path, min_donors: int, seed: int) -> None:
    """Test neighbourhoods of cells for differential abundance between the groups of a contrast (Milo).

    Writes CONTRAST/abundance.csv: one row per neighbourhood with its subset, fold change and spatial FDR.
    """
    space = finished.read_space(cohort)
    table = io.read_fragment(cells)
    table = table[sums.keep(table) & table.index.isin(space.index)]
    table["sample"] = table["sample"].astype(str)
    cache: dict[bytes, object] = {}

    def test(comparison: Comparison, facts: command.Facts) -> pd.DataFrame:
        mask = milo.select_cells(table, comparison)
        if mask.sum() < milo.FEWEST_CELLS:
            raise Skipped(Reason.TOO_FEW_CELLS, f"{mask.sum()} cells; {milo.FEWEST_CELLS} are needed")
        part = table[mask]
        if mask.tobytes() not in cache:
            cache.clear()
            cache[mask.tobytes()] = milo.count_neighbourhoods(space.loc[part.index].to_numpy(), part, seed=seed)
        counts = cache[mask.tobytes()]
        tests, rows = milo.test_neighbourhoods(counts, comparison)
        labels = milo.annotate_neighbourhoods(counts, part)
        result = labels.join(tests.reset_index(drop=True)).assign(
            contrast_id=comparison.contrast.id, level="neighbourhood"
        )
        positions = finished.map_positions(part.loc[result["index_cell"]])
        report.report_abundance(
            facts,
            result,
            positions,
            comparison.contrast.label,
            donors=rows,
            groups=None if comparison.contrast.variable == "tissue" else comparison.counts(),
        )
        return result[milo.COLUMNS]

    for_each_contrast(
        "abundance", test, contrasts=contrasts, samples=samples, columns=milo.COLUMNS, seed=seed, min_donors=min_donors
    )
