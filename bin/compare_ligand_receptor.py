#!/usr/bin/env python3
"""Rank ligand-receptor interactions between the subsets of a tissue, and answer recruitment questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: one row per cell", exists=True)],
    subsets: Annotated[Path, typer.Option(help="subsets.yaml with questions on recruitment", exists=True)],
    ambient_genes: Annotated[
        Path | None, typer.Option(help="genes that are mostly ambient in a subset of a tissue", exists=True)
    ] = None,
    reference_tissue: Annotated[str, typer.Option(help="excluded if other tissues were sampled")] = "blood",
    min_cells_per_subset: Annotated[int, typer.Option(help="cells that a subset needs in a tissue", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="of the cells drawn and of LIANA's permutations")] = 0,
) -> None:
    """Rank ligand-receptor interactions between the subsets of a tissue, and answer recruitment questions.

    Writes TISSUE/ligand_receptor.csv (LIANA's consensus, the 5,000 best pairs, with the donors that show each) and
    TISSUE/ligand_receptor_questions.csv (the questions of subsets.yaml).
    """
    from sscite.compare.ligand_receptor.run import run

    run(
        cohort=cohort,
        cells=cells,
        subsets=subsets,
        ambient_genes=ambient_genes,
        reference_tissue=reference_tissue,
        min_cells_per_subset=min_cells_per_subset,
        seed=seed,
    )


if __name__ == "__main__":
    command.run(main)
