#!/usr/bin/env python3
"""Find the way from the reference tissue's cells to a state that only another tissue has, and how far to trust it."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu", exists=True)],
    embedding: Annotated[Path, typer.Option(help="subset_embedding.parquet: each lineage's own axes", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    subsets: Annotated[Path, typer.Option(help="subsets.yaml: its questions name lineages and roots", exists=True)],
    reference_tissue: Annotated[str, typer.Option(help="tissue where the way begins")] = "blood",
    min_cells: Annotated[int, typer.Option(help="cells in which a gene must be seen", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="of the cells and donors drawn")] = 0,
) -> None:
    """Find the way from the reference tissue's cells to a state that only another tissue has, and how far to trust it.

    Writes TISSUE_STATE/trajectory.csv: genes and proteins along each way, and TISSUE_STATE/trajectory_cells.csv.
    """
    import pandas as pd

    from sscite import io
    from sscite.cohort import finished
    from sscite.compare.expression import differential
    from sscite.compare.pseudobulk import sums
    from sscite.compare.trajectory import gene_trends, inference, report
    from sscite.errors import Reason, Skipped
    from sscite.subsets.definitions.subsets import load_definitions

    known = load_definitions(subsets)
    space = io.read_fragment(embedding)
    table = pd.read_parquet(cells)
    table = table[sums.keep(table) & table.index.isin(space.index)]
    tissues = sorted(set(table["tissue"].astype(str)))
    away = [name for name in tissues if name != reference_tissue]
    if not known.questions.trajectories or not away:
        with command.step("compare_trajectory", "tissues", seed=seed):
            reason = Reason.ONE_TISSUE if known.questions.trajectories else Reason.NO_QUESTION
            raise Skipped(reason, f"tissues: {', '.join(tissues)}")
    for tissue, asked in product(away, known.questions.trajectories):
        places = {"tissue": tissue, "reference": reference_tissue}
        found = inference.ends(table, asked, **places)
        for end in found or [None]:
            name = f"{tissue}_{end or asked.lineage}"
            folder = Path(command.file_stem(name))
            folder.mkdir(exist_ok=True)
            with command.step("compare_trajectory", name, seed=seed) as facts:
                result = pd.DataFrame(columns=gene_trends.COLUMNS)
                try:
                    part = inference.choose(table, asked, **places, seed=seed)
                    if end is None:
                        raise Skipped(Reason.NO_END, f"{asked.lineage} in {tissue}")
                    part, values, proteins = finished.read_values(cohort, part, min_cells=min_cells)
                    score = inference.root_score(values, asked)
                    positions = space.loc[part.index].to_numpy()
                    path = inference.trace(positions, part, score, end=end, **places, seed=seed)
                    result = report.answer(facts, path, part, values, proteins, known, tissue=tissue)
                    kept = path.cells[inference.KEPT].reset_index(names="cell")
                    io.write_table(differential.rounded(kept), folder / "trajectory_cells.csv")
                except Skipped as skipped:
                    facts.skip(skipped)
                io.write_table(differential.rounded(result), folder / "trajectory.csv")


if __name__ == "__main__":
    command.run(main)
