"""Assess all clinical variables against the features of the donors: what `bin/biomarkers_donors.py` calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sscite import command, io, names
from sscite.biomarkers.donors import features, figures, report, variables
from sscite.biomarkers.donors.features import Sums
from sscite.biomarkers.donors.report import Assessed
from sscite.biomarkers.panel.inputs import read_quality
from sscite.biomarkers.panel.run import rounded
from sscite.biomarkers.panel.targets import EXCLUDED
from sscite.command import Facts
from sscite.compare.contrast import contrast as design
from sscite.compare.pseudobulk.files import Pseudobulk, read_composition, read_pseudobulk
from sscite.errors import Reason, Skipped
from sscite.reading import reading
from sscite.subsets.definitions.questions import Clinical

STEP = "biomarkers_donors"
FEATURE_COLUMNS = ["donor", "feature", *[name for name in features.COLUMNS if name != "feature"], "value"]
TABLES = {
    "variables": report.VARIABLE_COLUMNS, "selected": report.SELECTED_COLUMNS, "held_out": report.RANK_COLUMNS,
    "correlations": report.CORRELATION_COLUMNS, "features": FEATURE_COLUMNS,
}  # fmt: skip


def run(
    *,
    composition: Path,
    pseudobulk: Path,
    cells: Path,
    quality: Sequence[Path],
    samples: Path,
    contrasts: Path,
    questions: Sequence[Clinical],
    reference_tissue: str,
    seed: int,
) -> None:
    """Assess all clinical variables; write a folder `donors` of tables, and a summary."""
    empty = {Path("donors") / f"{name}.csv": columns for name, columns in TABLES.items()}
    with command.step(STEP, "cohort", seed=seed, empty=empty) as facts:
        people = design.load_samples(samples)
        found = variables.list_variables(design.load(contrasts), people, questions, reference_tissue)
        if not any(one.kind for one in found):
            detail = "; ".join(f"{one.comparison}: {one.reason}" for one in found)
            raise Skipped(Reason.NO_VARIABLE, detail)
        here = people[people["tissue"] == reference_tissue]
        bulk = read_pseudobulk(pseudobulk)
        counted = read_composition(composition)
        sums = features.sum_features(
            counted, bulk, read_cells(cells), working(bulk, quality), pd.Index(here["sample"].unique())
        )
        assessed = assess_all(found, sums, seed=seed)
        tables = tabulate(assessed, sums, here.set_index("sample")["donor"])
        Path("donors").mkdir(exist_ok=True)
        for name, table in tables.items():
            io.write_table(rounded(table), Path("donors") / f"{name}.csv")
        describe(facts, assessed, tables)


def read_cells(path: Path) -> pd.DataFrame:
    """Read what signatures need of cells.parquet."""
    import pyarrow.parquet as pq

    used = [names.SAMPLE, names.LINEAGE, names.QC_PASS, names.DOUBLET, names.EXCLUDED]
    with reading(path, "the cells.parquet of subsets_collect.py"):
        present = pq.read_schema(path).names
    columns = [name for name in present if name in used or name.startswith(names.SIGNATURE_PREFIX)]
    return io.read_fragment(path, columns)


def working(bulk: Pseudobulk, quality: Sequence[Path]) -> set[str]:
    """Return the antibodies that are neither isotypes nor failed or swapped in a library."""
    known = read_quality(quality)
    bad = set(known.loc[known["quality_class"].isin(EXCLUDED), "protein"])
    return set(bulk.uns.get(names.PROTEIN, [])) - bad


def assess_all(found: Sequence[variables.Variable], sums: Sums, *, seed: int) -> list[Assessed]:
    """Assess each variable on the features of its own donors."""
    assessed = []
    for number, one in enumerate(found):
        if one.kind:
            assessed.append(report.assess(one, features.profile(sums, one.donors), seed=seed + number))
        else:
            assessed.append(Assessed(one))
    report.adjust(assessed)
    return assessed


def tabulate(assessed: list[Assessed], sums: Sums, donors: pd.Series) -> dict[str, pd.DataFrame]:
    """Return the tables that are written, by name."""
    everyone = features.profile(sums, donors)
    wide = pd.DataFrame(everyone.matrix.T, columns=sorted(donors.unique()))
    long = pd.concat([everyone.features, wide], axis=1).melt(features.COLUMNS, var_name="donor", value_name="value")
    parts = {
        "selected": [report.selected_table(one) for one in assessed],
        "held_out": [report.rank_table(one) for one in assessed],
        "correlations": [report.correlation_table(one) for one in assessed],
    }
    tables = {name: pd.concat([p for p in each if len(p)] or each[:1]) for name, each in parts.items()}
    rows = pd.DataFrame([report.variable_row(one) for one in assessed], columns=report.VARIABLE_COLUMNS)
    return {"variables": rows, **tables, "features": long[FEATURE_COLUMNS]}


def describe(facts: Facts, assessed: list[Assessed], tables: dict[str, pd.DataFrame]) -> None:
    """Add the sentence, warnings, findings, tables and figures."""
    facts.summary(report.sentences(assessed))
    report.warn(facts, assessed)
    for one in assessed:
        for finding in report.findings(one):
            facts.finding(finding)
    groups = any(one.groups for one in assessed)
    ranked = any(one.ranks for one in assessed)
    facts.number(
        variables=len(assessed), comparisons=sum(one.groups is not None for one in assessed),
        ranked=sum(one.ranks is not None for one in assessed),
        features=len(tables["features"].drop_duplicates(features.COLUMNS)),
    )  # fmt: skip
    shown = {name: rounded(table) for name, table in tables.items()}
    facts.table(
        "variables",
        shown["variables"].drop(columns="variable"),
        "Clinical variables",
        "AUC in held-out donors of comparisons; the smallest p over features of numbers and ordered levels.",
    )
    if groups:
        facts.table(
            "selected",
            shown["selected"].groupby("comparison", sort=False).head(8),
            "Features of the rules",
            "Share of the folds that chose the feature; weight per standard deviation in the rule of all donors.",
        )
        facts.figure("auc", figures.draw_auc(assessed), "Separation of held-out donors",
                     "Grey band: 95% range with permuted labels; colour: family-wise p ≤ 0.05.")  # fmt: skip
        facts.figure(
            "donors",
            figures.draw_donors(assessed),
            "Held-out rank of each donor",
            "Share of the donors of the other group above which the donor was placed when held out.",
            points=figures.donor_points(assessed),
        )
    if ranked:
        facts.table("correlations", shown["correlations"].groupby("variable", sort=False).head(8), "Rank correlations",
                    "The eight clearest features of each variable.")  # fmt: skip
        facts.figure("correlations", figures.draw_correlations(assessed), "Clearest correlations",
                     "One dot per donor; p is family-wise over all features of the variable.")  # fmt: skip
