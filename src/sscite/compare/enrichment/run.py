"""Test which gene sets stand out among the marker genes of each subset, or along the ranking of each contrast."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.compare.contrast.contrast import Comparison, Contrast, load, load_samples
from sscite.compare.contrast.eligibility import compare
from sscite.compare.enrichment import competitive, report, robustness
from sscite.compare.enrichment.competitive import Sets
from sscite.compare.expression import differential
from sscite.compare.pseudobulk.files import Pseudobulk, read_pseudobulk
from sscite.errors import Reason, Skipped
from sscite.reading import reading
from sscite.subsets.definitions.subsets import load_definitions
from sscite.subsets.signatures import gene_sets as reader

COLUMNS = ["contrast_id", "level", "subset", "gene", "statistic", "p_value"]  # of expression.csv

CHECKED = ["p_given_stress", "worst_p", "influential_donor", "lowest_effect", "highest_effect"]


def run(
    *,
    pseudobulk: Path,
    samples: Path,
    gene_sets: Path,
    subsets: Path,
    contrasts: Path | None,
    expression: list[Path],
    min_cells_per_donor: int,
    min_donors: int,
) -> None:
    """Test which gene sets stand out among the marker genes of each subset, or along the ranking of each contrast.

    Without contrasts the marker genes are tested: writes markers/enrichment.csv, else CONTRAST/enrichment.csv.
    """
    questions = load_definitions(subsets).questions.gene_sets
    files = sorted(path for path in gene_sets.rglob("*") if path.is_file()) if gene_sets.is_dir() else []
    sets = {path.stem: reader.read([path]) for path in files}
    counts, people = read_pseudobulk(pseudobulk), load_samples(samples)
    found = read_expression(expression)

    def of_markers(facts: command.Facts) -> pd.DataFrame:
        table = competitive.markers(counts, min_cells=min_cells_per_donor, min_donors=min_donors)
        result = competitive.test_markers(table, sets)
        if result.empty:
            raise Skipped(Reason.TOO_FEW_DONORS, f"no subset has marker genes in {min_donors} donors")
        report.describe(facts, result, "Marker genes of subsets", questions, ranked=False)
        return result

    def of_contrast(contrast: Contrast, facts: command.Facts) -> pd.DataFrame:
        if contrast.id not in found:
            raise Skipped(Reason.TOO_FEW_DONORS, "expression could not be tested")
        result = competitive.rank_contrast(found[contrast.id], sets)
        if result.empty:
            raise Skipped(Reason.NO_GENE_SETS, "no set has five genes among those tested")
        report.describe(facts, result, contrast.label, questions, ranked=True)
        comparison = compare(contrast, people, min_donors=min_donors)
        result = _check(result, counts, comparison, sets, facts, min_cells=min_cells_per_donor)
        drawing = report.curves(found[contrast.id], result, sets, questions)
        if drawing is not None:
            facts.figure("running", drawing, "Where in the ranking a set lies", "Bars: the genes of the set.")
        return result

    tests: dict[str, Callable[[command.Facts], pd.DataFrame]] = (
        {c.id: partial(of_contrast, c) for c in load(contrasts)} if contrasts else {"markers": of_markers}
    )
    for name, test in tests.items():
        path = Path(name) / "enrichment.csv"
        with command.step("compare_enrichment", name, empty={path: competitive.COLUMNS}) as facts:
            if not sets:
                raise Skipped(Reason.NO_GENE_SETS)
            result = test(facts)
            path.parent.mkdir(exist_ok=True)
            io.write_table(differential.rounded(result), path)


def read_expression(tables: list[Path]) -> dict[str, pd.DataFrame]:
    """Read the tables of compare_expression.py by contrast; those without rows are ignored."""
    found = {}
    for path in tables:
        with reading(path, "the expression.csv of compare_expression.py"):
            table = pd.read_csv(path, usecols=COLUMNS, dtype={"contrast_id": str, "gene": str, "subset": str})
        if len(table):
            found[table["contrast_id"].iloc[0]] = table
    return found


def _check(
    result: pd.DataFrame,
    counts: Pseudobulk,
    comparison: Comparison,
    sets: Sets,
    facts: command.Facts,
    *,
    min_cells: int,
) -> pd.DataFrame:
    """Test the clearest sets again given stress and without each donor, report them, and add the columns."""
    checked = robustness.check(robustness.headlines(result, sets), counts, comparison, sets, min_cells=min_cells)
    for finding in robustness.findings(checked, comparison):
        facts.finding(finding)
    return result.drop(columns=CHECKED).join(checked[CHECKED])[competitive.COLUMNS]
