"""Test every gene and protein between the sides of each contrast, in every subset, with the donor as the unit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.contrast.each import for_each_contrast
from sscite.compare.expression import differential, findings, proteins, report
from sscite.compare.pseudobulk.files import read_pseudobulk
from sscite.compare.statistics import dissociation_stress


def run(
    *, pseudobulk: Path, samples: Path, contrasts: Path, min_cells_per_donor: int, min_donors: int, threads: int
) -> None:
    """Test every gene and protein between the sides of each contrast, in every subset, with the donor as the unit.

    Counts of a donor's cells in a subset are summed; a quasi-likelihood regression (edgeR's) adjusts for the
    covariates, and for the donors if the contrast is paired. Mean normalised proteins are compared by a moderated t
    test. Writes CONTRAST/expression.csv and CONTRAST/protein.csv.
    """
    counts = read_pseudobulk(pseudobulk)

    def test(comparison: Comparison, facts: command.Facts) -> pd.DataFrame:
        genes, tested = differential.test_contrast(
            counts, comparison, min_cells=min_cells_per_donor, min_donors=min_donors, threads=threads
        )
        facts.number(min_cells_per_donor=min_cells_per_donor, min_donors=min_donors)
        report.describe(facts, genes, tested, comparison.contrast.label)
        report.describe_stress(facts, comparison, dissociation_stress.lineage_scores(counts))
        panel = proteins.test_contrast(counts, comparison, min_cells=min_cells_per_donor, min_donors=min_donors)
        proteins.describe(facts, panel)
        for finding in [*findings.of_contrast(genes, comparison), *proteins.of_contrast(panel, comparison)]:
            facts.finding(finding)
        folder = Path(comparison.contrast.id)
        folder.mkdir(exist_ok=True)
        io.write_table(differential.rounded(panel), folder / "protein.csv")
        return differential.rounded(genes)

    for_each_contrast(
        "expression", test, contrasts=contrasts, samples=samples, columns=differential.COLUMNS, min_donors=min_donors
    )
