"""Find the way from the reference tissue's cells to a state that only another tissue has, and how far to trust it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.cohort import finished
from sscite.compare.expression import differential
from sscite.compare.pseudobulk import sums
from sscite.compare.pseudobulk.ambient import read_genes
from sscite.compare.trajectory import gene_trends, inference, report
from sscite.errors import Reason, Skipped
from sscite.subsets.definitions.subsets import load_definitions


def run(
    *,
    cohort: Path,
    embedding: Path,
    cells: Path,
    subsets: Path,
    ambient_genes: Path | None,
    reference_tissue: str,
    min_cells: int,
    seed: int,
) -> None:
    """Find the way from the reference tissue's cells to a state that only another tissue has, and how far to trust it.

    Writes TISSUE_STATE/trajectory.csv: genes and proteins along each way, and TISSUE_STATE/trajectory_cells.csv.
    """
    known = load_definitions(subsets)
    ambient = read_genes(ambient_genes)
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
        ends = inference.ends(table, asked, **places)
        for end in ends or [""]:
            name = f"{tissue}_{end or asked.lineage}"
            path = Path(command.file_stem(name)) / "trajectory.csv"
            with command.step("compare_trajectory", name, seed=seed, empty={path: gene_trends.COLUMNS}) as facts:
                part = inference.choose(table, asked, **places, seed=seed)
                if not end:
                    raise Skipped(Reason.NO_END, f"{asked.lineage} in {tissue}")
                part, values, proteins = finished.read_values(cohort, part, min_cells=min_cells)
                score = inference.root_score(values, asked)
                positions = space.loc[part.index].to_numpy()
                found = inference.trace(positions, part, score, end=end, **places, seed=seed)
                result = report.answer(facts, found, part, values, proteins, known, ambient, tissue=tissue)
                path.parent.mkdir(exist_ok=True)
                kept = found.cells[inference.KEPT].reset_index(names="cell")
                io.write_table(differential.rounded(kept), path.with_name("trajectory_cells.csv"))
                io.write_table(differential.rounded(result), path)
