#!/usr/bin/env python3
"""Rank the ligands and receptors that subsets of a tissue share, and ask by name who may recruit whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    subsets: Annotated[Path, typer.Option(help="subsets.yaml, whose questions are answered by name", exists=True)],
    reference_tissue: Annotated[str, typer.Option(help="left out where other tissues were sampled")] = "blood",
    min_cells: Annotated[int, typer.Option(help="cells that a subset needs in a tissue", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="of the cells drawn and of LIANA's permutations")] = 0,
) -> None:
    """Rank the ligands and receptors that subsets of a tissue share, and ask by name who may recruit whom.

    Writes TISSUE/ligand_receptor.csv (LIANA's consensus, the 5,000 best pairs, with the donors that show each) and
    TISSUE/ligand_receptor_asked.csv (the questions of subsets.yaml).
    """
    import pandas as pd

    from sscite import io
    from sscite.cohort import file as store
    from sscite.cohort.finished import read_chosen
    from sscite.compare.expression import differential
    from sscite.compare.ligand_receptor import liana, report
    from sscite.compare.pseudobulk import sums
    from sscite.errors import Skipped
    from sscite.subsets.definitions.subsets import load_definitions

    known = load_definitions(subsets)
    asked = known.questions.recruitment
    table = pd.read_parquet(cells)
    table = table[sums.keep(table) & table.index.isin(store.read_index(cohort))]
    needed = liana.genes_needed(liana.resource(), asked)
    present = sorted(set(table["tissue"].astype(str)))
    for tissue in [name for name in present if name != reference_tissue] or present:
        with command.step("compare_ligand_receptor", tissue, seed=seed) as facts:
            result = pd.DataFrame(columns=liana.COLUMNS)
            named = pd.DataFrame(columns=liana.NAMED_COLUMNS)
            try:
                part = liana.choose(table, tissue, liana.detailed(known), min_cells=min_cells, seed=seed)
                data = read_chosen(cohort, part, needed)
                found = liana.consensus(data, seed=seed)
                rows, share = liana.shares(data)
                answers = [liana.answer(data, found, rows, share, question) for question in asked]
                found = liana.support(found.head(liana.KEPT), rows, share, data.var_names)
                wanted = liana.asked(found, asked)
                result = found.assign(tissue=tissue, asked=wanted)[liana.COLUMNS]
                named = liana.answers_table(answers, tissue)
                report.describe(facts, result, answers, tissue, cells=len(part), donors=part["donor"].nunique())
            except Skipped as skipped:
                facts.skip(skipped)
            folder = Path(command.file_stem(tissue))
            folder.mkdir(exist_ok=True)
            io.write_table(differential.rounded(result), folder / "ligand_receptor.csv")
            io.write_table(differential.rounded(named), folder / "ligand_receptor_asked.csv")


if __name__ == "__main__":
    command.run(main)
