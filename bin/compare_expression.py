#!/usr/bin/env python3
"""Test every gene between the sides of each contrast, in every subset, with the donor as the unit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    pseudobulk: Annotated[Path, typer.Option(help="summed counts per sample and subset, .h5ad", exists=True)],
    samples: Annotated[Path, typer.Option(help="samples.csv, a row per sample", exists=True)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv, a row per comparison", exists=True)],
    min_cells: Annotated[int, typer.Option(help="cells that a donor needs in a subset to enter", min=1)] = 10,
    min_donors: Annotated[int, typer.Option(help="donors that each side needs", min=2)] = 3,
    threads: Annotated[int, typer.Option(help="subsets tested at once; changes speed only", min=1)] = 1,
) -> None:
    """Test every gene between the sides of each contrast, in every subset, with the donor as the unit.

    Counts of a donor's cells in a subset are summed; a negative binomial regression (DESeq2's model) takes the
    covariates, and the donors where the contrast is paired. Writes CONTRAST/expression.csv.
    """
    import pandas as pd
    from anndata import read_h5ad

    from sscite.compare.contrast import contrast as design
    from sscite.compare.contrast import each
    from sscite.compare.expression import differential, report

    counts = read_h5ad(pseudobulk)

    def ask(comparison: design.Comparison, facts: command.Facts) -> pd.DataFrame:
        genes, tested = differential.test_contrast(
            counts, comparison, min_cells=min_cells, min_donors=min_donors, threads=threads
        )
        facts.number(min_cells=min_cells, min_donors=min_donors)
        report.describe(facts, genes, tested, comparison.contrast.sides)
        return differential.rounded(genes)

    each.answer(
        "expression", design.load(contrasts), design.load_samples(samples), ask, differential.COLUMNS,
        min_donors=min_donors,
    )  # fmt: skip


if __name__ == "__main__":
    command.run(main)
