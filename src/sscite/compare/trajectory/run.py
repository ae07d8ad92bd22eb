"""Infer trajectories from the reference tissue to tissue-specific terminal states, with bootstrap support."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from sscite import command, io
from sscite.cohort import finished
from sscite.compare.expression import differential
from sscite.compare.pseudobulk import sums
from sscite.compare.pseudobulk.ambient import read_genes
from sscite.compare.trajectory import gene_trends, inference, report
from sscite.errors import Reason, Skipped
from sscite.subsets.definitions.subsets import load_definitions


def run(
    *, cohort: Path, embedding: Path, cells: Path, subsets: Path, ambient_genes: Path | None, reference_tissue: str,
    min_cells_per_gene: int, seed: int,
) -> None:  # fmt: skip
    """Infer trajectories from the reference tissue to tissue-specific terminal states, with bootstrap support.

    Writes TISSUE_STATE/trajectory.csv (correlation of genes and proteins with pseudotime) and
    TISSUE_STATE/trajectory_cells.csv.
    """
    definitions = load_definitions(subsets)
    ambient = read_genes(ambient_genes)
    space = io.read_fragment(embedding)
    table = io.read_fragment(cells)
    table = table[sums.keep(table) & table.index.isin(space.index)]
    tissues = sorted(set(table["tissue"].astype(str)))
    away = [name for name in tissues if name != reference_tissue]
    if not definitions.questions.trajectories or not away:
        with command.step("compare_trajectory", "tissues", seed=seed):
            reason = Reason.ONE_TISSUE if definitions.questions.trajectories else Reason.NO_QUESTION
            raise Skipped(reason, f"tissues: {', '.join(tissues)}")
    for tissue, question in product(away, definitions.questions.trajectories):
        places = {"tissue": tissue, "reference": reference_tissue}
        terminals = inference.terminal_states(table, question, **places)
        for terminal in terminals or [""]:
            name = f"{tissue}_{terminal or question.lineage}"
            path = Path(command.file_stem(name)) / "trajectory.csv"
            empty = {path: gene_trends.COLUMNS}
            with command.step("compare_trajectory", name, seed=seed, empty=empty) as facts:
                part = inference.select_cells(table, question, **places, seed=seed)
                if not terminal:
                    raise Skipped(Reason.NO_TERMINAL_STATE, f"{question.lineage} in {tissue}")
                part, values, proteins = finished.read_values(cohort, part, min_cells=min_cells_per_gene)
                score = inference.root_score(values, question)
                positions = space.loc[part.index].to_numpy()
                found = inference.infer_trajectory(positions, part, score, terminal=terminal, **places, seed=seed)
                result = report.report_trajectory(facts, found, part, values, proteins, definitions, ambient, **places)
                path.parent.mkdir(exist_ok=True)
                kept = found.cells[inference.KEPT].reset_index(names="cell")
                io.write_table(differential.rounded(kept), path.with_name("trajectory_cells.csv"))
                io.write_table(differential.rounded(result), path)
