"""Rank ligand-receptor interactions between the subsets of a tissue, and answer recruitment questions."""

from __future__ import annotations

from pathlib import Path

from sscite import command, io
from sscite.cohort import file as store
from sscite.cohort.finished import read_chosen
from sscite.compare.expression import differential
from sscite.compare.ligand_receptor import liana, report
from sscite.compare.pseudobulk import sums
from sscite.compare.pseudobulk.ambient import read_genes
from sscite.subsets.definitions.subsets import load_definitions


def run(
    *,
    cohort: Path,
    cells: Path,
    subsets: Path,
    ambient_genes: Path | None,
    reference_tissue: str,
    min_cells_per_subset: int,
    seed: int,
) -> None:
    """Rank ligand-receptor interactions between the subsets of a tissue, and answer recruitment questions.

    Writes TISSUE/ligand_receptor.csv (LIANA's consensus, the 5,000 best pairs, with the donors that show each) and
    TISSUE/ligand_receptor_questions.csv (the questions of subsets.yaml).
    """
    known = load_definitions(subsets)
    ambient = read_genes(ambient_genes)
    questions = known.questions.recruitment
    table = io.read_fragment(cells)
    table = table[sums.keep(table) & table.index.isin(store.read_index(cohort))]
    needed = liana.genes_needed(liana.resource(), questions)
    present = sorted(set(table["tissue"].astype(str)))
    for tissue in [name for name in present if name != reference_tissue] or present:
        folder = Path(command.file_stem(tissue))
        pairs, named = folder / "ligand_receptor.csv", folder / "ligand_receptor_questions.csv"
        empty = {pairs: liana.COLUMNS, named: liana.NAMED_COLUMNS}
        with command.step("compare_ligand_receptor", tissue, seed=seed, empty=empty) as facts:
            part = liana.select_cells(
                table, tissue, liana.lineages_of_questions(known), min_cells=min_cells_per_subset, seed=seed
            )
            data = read_chosen(cohort, part, needed)
            found = liana.consensus(data, seed=seed)
            rows, share = liana.expression_fractions(data)
            answers = [liana.answer_question(data, found, rows, share, question) for question in questions]
            found = liana.count_donors(found.head(liana.KEPT), rows, share, data.var_names)
            found = found.assign(ambient=liana.mark_ambient(found, ambient, tissue))
            result = found.assign(tissue=tissue, in_question=liana.is_named(found, questions))[liana.COLUMNS]
            report.report_interactions(facts, result, answers, tissue, cells=len(part), donors=part["donor"].nunique())
            folder.mkdir(exist_ok=True)
            io.write_table(differential.rounded(result), pairs)
            io.write_table(differential.rounded(liana.answers_table(answers, tissue)), named)
