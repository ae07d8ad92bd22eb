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
    from sscite.cohort import store
    from sscite.compare import expression, figures_ligand_receptor, ligand_receptor, pseudobulk
    from sscite.compare.space_file import read_chosen
    from sscite.errors import Skipped
    from sscite.subsets import definitions

    known = definitions.load(subsets)
    asked = known.questions.recruitment
    table = pd.read_parquet(cells)
    table = table[pseudobulk.keep(table) & table.index.isin(store.read_index(cohort))]
    needed = ligand_receptor.genes_needed(ligand_receptor.resource(), asked)
    present = sorted(set(table["tissue"].astype(str)))
    for tissue in [name for name in present if name != reference_tissue] or present:
        with command.step("compare_ligand_receptor", tissue, seed=seed) as facts:
            result = pd.DataFrame(columns=ligand_receptor.COLUMNS)
            named = pd.DataFrame(columns=ligand_receptor.NAMED_COLUMNS)
            try:
                part = ligand_receptor.choose(
                    table, tissue, ligand_receptor.detailed(known), min_cells=min_cells, seed=seed
                )
                data = read_chosen(cohort, part, needed)
                found = ligand_receptor.consensus(data, seed=seed)
                rows, share = ligand_receptor.shares(data)
                answers = [ligand_receptor.answer(data, found, rows, share, question) for question in asked]
                found = ligand_receptor.support(found.head(ligand_receptor.KEPT), rows, share, data.var_names)
                wanted = ligand_receptor.asked(found, asked)
                result = found.assign(tissue=tissue, asked=wanted)[ligand_receptor.COLUMNS]
                named = ligand_receptor.answers_table(answers, tissue)
                figures_ligand_receptor.describe(
                    facts, result, answers, tissue, cells=len(part), donors=part["donor"].nunique()
                )
            except Skipped as skipped:
                facts.skip(skipped)
            folder = Path(command.file_stem(tissue))
            folder.mkdir(exist_ok=True)
            io.write_table(expression.rounded(result), folder / "ligand_receptor.csv")
            io.write_table(expression.rounded(named), folder / "ligand_receptor_asked.csv")


if __name__ == "__main__":
    command.run(main)
