"""Validate the samplesheet and turn it into tables: one row per sample, one row per library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sscite.errors import UserError
from sscite.names import CALL_DOUBLET, CALL_NEGATIVE, CAPTURE, SAMPLE_COLUMNS, UNASSIGNED
from sscite.samples import contrasts, covariates, libraries
from sscite.samples.files import FILES
from sscite.samples.identifiers import slugs
from sscite.samples.sheet import Sheet, nearest, read, split
from sscite.yaml_file import read_yaml, write_yaml

if TYPE_CHECKING:
    from sscite.command import Facts

REQUIRED = ["library", "sample", "donor", "tissue", "counts"]
OPTIONAL = [
    "raw_counts", "hashtag", "hashtag_counts", "adt_counts", "genotype_calls", "genotype_donor",
    "cell_samples", CAPTURE,
]  # fmt: skip
CALLS = {CALL_DOUBLET.casefold(), CALL_NEGATIVE.casefold(), UNASSIGNED}

__all__ = ["Validated", "run", "slugs", "validate"]


@dataclass(frozen=True)
class Validated:
    """The tables that the other steps read (columns: docs/architecture.md), and warnings for the reader."""

    samples: pd.DataFrame
    files: pd.DataFrame
    contrasts: pd.DataFrame
    covariates: pd.DataFrame
    left_out: pd.DataFrame
    warnings: list[str]


def run(
    samplesheet: Path,
    contrasts_sheet: Path | None,
    subsets: Path | None,
    *,
    reference_tissue: str,
    facts: Facts,
) -> None:
    """Validate both sheets and the subsets, and write them as the tables and files that each later step depends on.

    Written in one form, so that a comment or the layout of what the user gave changes none of these files:
    samples.csv, identity.csv (samples without covariates), files.csv, files.json, contrasts.csv, covariates.csv,
    a table for each library in rows/ and for each contrast in contrasts/, the files and samples of each library in
    libraries/, subsets.yaml, lineages.yaml (without its questions).
    """
    from sscite import io
    from sscite.samples import report
    from sscite.subsets.definitions.subsets import subset_names

    names = subset_names(subsets) if subsets else None
    checked = validate(samplesheet, contrasts_sheet, reference_tissue=reference_tissue, subsets=names)
    for name in ("samples", "files", "contrasts", "covariates"):
        io.write_table(getattr(checked, name), Path(f"{name}.csv"))
    identity = checked.samples[[column for column in SAMPLE_COLUMNS if column in checked.samples]]
    io.write_table(identity, Path("identity.csv"))
    write_each(identity, "library_id", Path("rows"))
    write_libraries(checked.files, identity, Path("libraries"))
    write_each(checked.contrasts, "contrast_id", Path("contrasts"))
    Path("files.json").write_text(checked.files.to_json(orient="records", force_ascii=False), encoding="utf-8")
    if subsets:
        content = read_yaml(subsets)
        write_yaml(content, Path("subsets.yaml"))
        write_yaml({key: value for key, value in content.items() if key != "questions"}, Path("lineages.yaml"))
    report.validated(facts, checked)


def write_libraries(files: pd.DataFrame, identity: pd.DataFrame, folder: Path) -> None:
    """Write for each library the paths of its files and its samples, without their place in the sheet."""
    folder.mkdir(exist_ok=True)
    for record in files.drop(columns="rows").to_dict("records"):
        rows = identity[identity["library_id"] == record["library_id"]].to_dict("records")
        text = json.dumps({"files": record, "samples": rows}, ensure_ascii=False)
        (folder / f"{record['library_id']}.json").write_text(text, encoding="utf-8")


def write_each(table: pd.DataFrame, key: str, folder: Path) -> None:
    """Write a table's rows as one table per value of `key`, `<value>.csv`; a table without rows as `cohort.csv`."""
    from sscite import io

    folder.mkdir(exist_ok=True)
    for value, rows in table.groupby(key, sort=False):
        io.write_table(rows, folder / f"{value}.csv")
    if table.empty:
        io.write_table(table, folder / "cohort.csv")


def validate(
    sheet_path: Path, contrasts_path: Path | None, *, reference_tissue: str, subsets: frozenset[str] | None = None
) -> Validated:
    """Validate both sheets.

    Parameters
    ----------
    reference_tissue
        The tissue that default contrasts compare the others with.
    subsets
        Names of lineages and subsets that contrasts may name; None: not checked.

    Raises
    ------
    UserError
        Every problem of both sheets, each with its row and column.
    """
    try:
        sheet = read(sheet_path, name="samplesheet", required=REQUIRED, optional=OPTIONAL, paths=FILES)
    except UserError as error:
        raise UserError([*error.problems, *contrasts.header_problems(contrasts_path)]) from error
    samples, files, kinds, warnings = validate_samples(sheet, reference_tissue)
    problems, left_out = list(sheet.problems), contrasts.no_reasons()
    table = contrasts.empty()
    try:
        if contrasts_path is None:
            table, left_out = contrasts.default(samples, kinds, reference_tissue=reference_tissue)
        else:
            table = contrasts.check(contrasts_path, samples, kinds, subsets=subsets)
    except UserError as error:
        problems += error.problems
    if problems:
        raise UserError(problems)
    return Validated(samples, files, table, kinds, left_out, warnings)


def validate_samples(sheet: Sheet, reference_tissue: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[str]]:
    """Validate the samplesheet alone; its problems are added to the sheet.

    Returns
    -------
    Samples, files, kinds of the covariates, and warnings.
    """
    _check_values(sheet)
    others = [column for column in sheet.rows.columns if column not in SAMPLE_COLUMNS and column not in FILES]
    covariates.check_reserved(sheet, others)
    warnings: list[str] = []
    for column in others:
        sheet.rows[column], more = covariates.settle_values(sheet, sheet.rows[column], column)
        warnings += more
    files, more = libraries.gather(sheet)
    libraries.check_pools(sheet)
    samples = _samples(sheet, files, others)
    kinds, unclear = covariates.describe(samples.set_axis(sheet.rows.index), others, sheet)
    return samples, files, kinds, [*warnings, *more, *unclear, *_check_tissue(sheet, reference_tissue)]


def _check_values(sheet: Sheet) -> None:
    """Report empty cells of needed columns, repeated samples, reserved names, names that differ in case alone."""
    rows = sheet.rows
    for column in REQUIRED[:4]:
        for row in rows.index[rows[column] == ""]:
            sheet.problem("empty; every sample needs one", row=row, column=column)
    first: dict[str, int] = {}
    for row, sample in rows["sample"].items():
        if sample and first.setdefault(sample, row) != row:
            sheet.problem(
                f"'{sample}' is also in row {first[sample]}; samples are unique: name a second capture of it apart "
                f"(such as '{sample} 2') and keep its donor",
                row=row, column="sample",
            )  # fmt: skip
    for column in ("sample", "hashtag", "genotype_donor"):
        for row, value in rows[column].items():
            for name in split(value):
                if name.casefold() in CALLS:
                    sheet.problem(
                        f"'{name}' is a result of demultiplexing (Doublet, Negative, unassigned) and cannot be a name; "
                        "rename it",
                        row=row, column=column,
                    )  # fmt: skip
    for column in ("library", "donor", "tissue", CAPTURE):
        covariates.same_but_case(sheet, column, rows[column])


def _samples(sheet: Sheet, files: pd.DataFrame, others: list[str]) -> pd.DataFrame:
    """Build the samples' table: identity first, then covariates in the sheet's order."""
    rows = sheet.rows.reset_index(drop=True)
    by_library = files.set_index("library")
    rows.insert(0, "library_id", rows["library"].map(by_library["library_id"]))
    rows[CAPTURE] = rows["library"].map(by_library[CAPTURE])
    rows["hashtag"] = [";".join(split(tags)) for tags in rows["hashtag"]]
    return rows[SAMPLE_COLUMNS + others]


def _check_tissue(sheet: Sheet, reference_tissue: str) -> list[str]:
    """Report a sheet without the reference tissue: a problem if only case differs, else a warning."""
    tissues = list(dict.fromkeys(sheet.rows["tissue"]))
    if reference_tissue in tissues:
        return []
    near = nearest(reference_tissue, tissues, cutoff=0.8)
    if near:
        row = sheet.rows.index[sheet.rows["tissue"] == near][0]
        sheet.problem(
            f"'{near}', though the reference tissue is '{reference_tissue}'; write '{reference_tissue}', or run with "
            f"--reference_tissue '{near}'",
            row=row, column="tissue",
        )  # fmt: skip
        return []
    return [f"No sample is of the reference tissue '{reference_tissue}'; the sheet has {', '.join(tissues)}."]
