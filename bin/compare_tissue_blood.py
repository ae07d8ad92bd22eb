#!/usr/bin/env python3
"""Compare each tissue with blood, within donors where possible, each finding beside the dissociation stress."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    pseudobulk: Annotated[Path, typer.Option(help="summed counts per sample and subset, .h5ad", exists=True)],
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    reference_tissue: Annotated[str, typer.Option(help="tissue that the others are compared with")] = "blood",
    min_cells: Annotated[int, typer.Option(help="cells that a donor needs in a subset to enter", min=1)] = 10,
    min_donors: Annotated[int, typer.Option(help="donors that each side needs for a test", min=2)] = 3,
) -> None:
    """Compare each tissue with blood, within donors where possible, each finding beside the dissociation stress.

    Writes TISSUE/tissue_blood.csv: composition, expression, protein, stress, and states without a counterpart.
    With fewer donors than asked the differences are described without p values.
    """
    import pandas as pd
    from anndata import read_h5ad

    from sscite import io
    from sscite.compare.contrast import contrast as design
    from sscite.compare.expression import differential
    from sscite.compare.pseudobulk import sums
    from sscite.compare.tissue_blood import differences, report
    from sscite.errors import Reason, Skipped

    counts, table = read_h5ad(pseudobulk), design.load_samples(samples)
    numbers = pd.read_csv(composition, dtype={"sample": str, "donor": str, "subset": str, "parent": str})
    known = pd.read_parquet(cells)
    known = known[sums.keep(known)]
    tissues = [name for name in table["tissue"].unique() if name != reference_tissue]
    if not tissues or reference_tissue not in set(table["tissue"]):
        with command.step("compare_tissue_blood", "tissues"):
            raise Skipped(Reason.ONE_TISSUE, f"tissues: {', '.join(table['tissue'].unique())}")
    for tissue in tissues:
        with command.step("compare_tissue_blood", tissue) as facts:
            result = pd.DataFrame(columns=differences.COLUMNS)
            try:
                comparison, tested = differences.choose(tissue, reference_tissue, table, min_donors=min_donors)
                for sentence in comparison.warnings:
                    facts.warn(sentence)
                options = {"tested": tested, "min_cells": min_cells, "min_donors": min_donors}
                scores = differences.sample_scores(counts)
                parts = [
                    differences.compare_composition(numbers, comparison, scores, tested=tested),
                    differences.compare_subsets(counts, comparison, **options),
                    differences.states(known, tissue, reference_tissue),
                ]
                result = differences.flag(pd.concat([part for part in parts if len(part)], ignore_index=True))
                result["tissue"] = tissue
                report.describe(facts, result, comparison, scores, tested=tested)
            except Skipped as skipped:
                facts.skip(skipped)
            folder = Path(command.file_stem(tissue))
            folder.mkdir(exist_ok=True)
            io.write_table(differential.rounded(result), folder / "tissue_blood.csv")


if __name__ == "__main__":
    command.run(main)
