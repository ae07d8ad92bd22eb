"""Compare each tissue with blood, within donors where possible, each finding beside the dissociation stress."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.compare.contrast import contrast as design
from sscite.compare.expression import differential
from sscite.compare.pseudobulk import sums
from sscite.compare.pseudobulk.files import read_composition, read_pseudobulk
from sscite.compare.statistics import dissociation_stress
from sscite.compare.tissue_blood import differences, findings, report, shares
from sscite.errors import Reason, Skipped


def run(
    *,
    pseudobulk: Path,
    composition: Path,
    cells: Path,
    samples: Path,
    reference_tissue: str,
    min_cells_per_donor: int,
    min_donors: int,
    seed: int,
) -> None:
    """Compare each tissue with blood, within donors where possible, each finding beside the dissociation stress.

    Writes TISSUE/tissue_blood.csv: composition, expression, protein, stress, and states without a counterpart.
    With fewer donors than required the differences are described without p values.
    """
    counts, table = read_pseudobulk(pseudobulk), design.load_samples(samples)
    numbers = read_composition(composition)
    known = io.read_fragment(cells)
    known = known[sums.keep(known)]
    tissues = [name for name in table["tissue"].unique() if name != reference_tissue]
    if not tissues or reference_tissue not in set(table["tissue"]):
        with command.step("compare_tissue_blood", "tissues", seed=seed):
            raise Skipped(Reason.ONE_TISSUE, f"tissues: {', '.join(table['tissue'].unique())}")
    for tissue in tissues:
        path = Path(command.file_stem(tissue)) / "tissue_blood.csv"
        empty = {path: differences.COLUMNS}
        with command.step("compare_tissue_blood", tissue, seed=seed, empty=empty) as facts:
            comparison, tested = differences.choose(tissue, reference_tissue, table, min_donors=min_donors)
            for sentence in comparison.warnings:
                facts.warn(sentence, rank=command.Rank(comparison.ranks.get(sentence, "note")))
            scores = dissociation_stress.lineage_scores(counts)
            parts = [
                shares.compare_composition(numbers, comparison, scores, tested=tested, seed=seed),
                differences.compare_subsets(
                    counts, comparison, tested=tested, min_cells=min_cells_per_donor, min_donors=min_donors
                ),
                differences.states(known, tissue, reference_tissue),
            ]
            kept = [part for part in parts if len(part)]
            if not kept:
                raise Skipped(Reason.NO_SUBSETS, f"no subset has enough cells in {tissue} and {reference_tissue}")
            result = differences.flag(pd.concat(kept, ignore_index=True))
            result["tissue"] = tissue
            report.describe(facts, result, comparison, dissociation_stress.sample_scores(scores), tested=tested)
            for finding in findings.of_tissue(result, comparison):
                facts.finding(finding)
            path.parent.mkdir(exist_ok=True)
            io.write_table(differential.rounded(result), path)
