"""Check the samplesheet whole and turn it into tables: a row per sample, a row per library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sscite.command import file_stem
from sscite.errors import UserError
from sscite.samples import contrasts, covariates
from sscite.samples.sheet import Sheet, nearest, read

REQUIRED = ["library", "sample", "donor", "tissue", "counts"]
FILES = ["counts", "raw_counts", "hashtag_counts", "genotype_calls"]
OPTIONAL = ["raw_counts", "hashtag", "hashtag_counts", "genotype_calls", "genotype_donor"]
IDENTITY = ["library_id", "library", "sample", "donor", "tissue", "hashtag", "genotype_donor"]
LONGEST_ID = 80


@dataclass(frozen=True)
class Validated:
    """The tables that the other steps read (columns: docs/architecture.md) and what the reader should know."""

    samples: pd.DataFrame
    files: pd.DataFrame
    contrasts: pd.DataFrame
    covariates: pd.DataFrame
    left_out: pd.DataFrame
    warnings: list[str]


def validate(
    sheet_path: Path, contrasts_path: Path | None, *, reference_tissue: str, subsets: frozenset[str] | None = None
) -> Validated:
    """Check both sheets.

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
        sheet = read(sheet_path, name="samplesheet", required=REQUIRED, optional=OPTIONAL)
    except UserError as error:
        raise UserError([*error.problems, *contrasts.header_problems(contrasts_path)]) from error
    _check_values(sheet)
    files = _libraries(sheet)
    _check_hashtags(sheet)
    samples = _samples(sheet, files)
    columns = [column for column in samples.columns if column not in IDENTITY]
    kinds, warnings = covariates.describe(samples.set_axis(sheet.rows.index), columns, sheet)
    warnings += _check_tissue(sheet, reference_tissue)
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


def slugs(names: list[str]) -> list[str]:
    """Give each name an identifier safe in file names and scripts, unique also where case does not count."""
    taken: set[str] = set()
    found = []
    for name in names:
        stem = file_stem(name)[:LONGEST_ID].lstrip("-+.") or "unnamed"
        slug, n = stem, 2
        while slug.casefold() in taken:
            slug, n = f"{stem}-{n}", n + 1
        taken.add(slug.casefold())
        found.append(slug)
    return found


def _check_values(sheet: Sheet) -> None:
    """Find empty cells of needed columns, repeated samples, names that differ in case alone."""
    rows = sheet.rows
    for column in REQUIRED[:4]:
        for row in rows.index[rows[column] == ""]:
            sheet.problem("empty; every sample needs one", row=row, column=column)
    named = rows[rows["sample"] != ""]
    for row, sample in named["sample"][named["sample"].duplicated()].items():
        first = named.index[named["sample"] == sample][0]
        sheet.problem(
            f"'{sample}' is also in row {first}; samples are unique: name a second capture of it apart "
            f"(such as '{sample} 2') and keep its donor",
            row=row, column="sample",
        )  # fmt: skip
    for column in ("library", "donor", "tissue"):
        covariates.same_but_case(sheet, column, rows[column])


def _libraries(sheet: Sheet) -> pd.DataFrame:
    """Gather the files of each library; its rows may repeat a path or leave it out, but not contradict one another."""
    records = []
    for library, group in sheet.rows.groupby("library", sort=False):
        record = {"library": library}
        for column in FILES:
            paths = group[column][group[column] != ""]
            record[column] = paths.iloc[0] if len(paths) else ""
            for row in paths.index[paths != record[column]]:
                sheet.problem(
                    f"'{paths[row]}' differs from '{record[column]}' in row {paths.index[0]} of the same library "
                    f"'{library}'; a library has one file of each kind",
                    row=row, column=column,
                )  # fmt: skip
        if not record["counts"]:
            sheet.problem(f"empty; library '{library}' needs its counts", row=group.index[0], column="counts")
        record["rows"] = ";".join(str(row) for row in group.index)
        records.append(record)
    files = pd.DataFrame(records, columns=["library", *FILES, "rows"], dtype=object)
    files.insert(0, "library_id", slugs(list(files["library"])))
    _check_shared(sheet, files)
    return files


def _check_shared(sheet: Sheet, files: pd.DataFrame) -> None:
    """Refuse one counts file under two libraries."""
    given = files[files["counts"] != ""]
    for _, group in given[given["counts"].duplicated(keep=False)].groupby("counts", sort=False):
        first, *others = group["rows"].str.split(";").str[0].astype(int)
        for row in others:
            sheet.problem(
                f"the same counts as library '{group['library'].iloc[0]}' (row {first}); samples pooled in one capture "
                "share the library's name",
                row=row, column="counts",
            )  # fmt: skip


def _check_hashtags(sheet: Sheet) -> None:
    """Check that the samples of a shared library can be told apart, by hashtags or by genotypes."""
    for library, group in sheet.rows.groupby("library", sort=False):
        calls = (group["genotype_calls"] != "").any()
        for row in group.index[(group["genotype_donor"] != "")] if not calls else []:
            sheet.problem(
                f"given without genotype_calls of library '{library}'; add the calls' file", row=row,
                column="genotype_donor",
            )  # fmt: skip
        if len(group) == 1:
            continue
        for row in group.index[(group["hashtag"] == "") & (group["genotype_donor"] == "")]:
            sheet.problem(
                f"empty, though {len(group)} samples share library '{library}'; give each its hashtag"
                f"{' or genotype_donor' if calls else ''}, or correct the library's name",
                row=row, column="hashtag",
            )  # fmt: skip
        _check_distinct(sheet, group)


def _check_distinct(sheet: Sheet, group: pd.DataFrame) -> None:
    """Refuse two samples of a library with a hashtag in common and the same genotype."""
    owner: dict[tuple[str, str], int] = {}
    for row, values in group.iterrows():
        tags = [tag.strip() for tag in values["hashtag"].split(";") if tag.strip()] or [""]
        for tag in tags:
            first = owner.setdefault((tag, values["genotype_donor"]), row)
            if first != row and (tag or values["genotype_donor"]):
                what = f"hashtag '{tag}'" if tag else f"genotype '{values['genotype_donor']}'"
                column = "hashtag" if tag else "genotype_donor"
                sheet.problem(f"{what} is also that of row {first} in the same library", row=row, column=column)


def _samples(sheet: Sheet, files: pd.DataFrame) -> pd.DataFrame:
    """Build the samples' table: identity first, then covariates in the sheet's order."""
    rows = sheet.rows.reset_index(drop=True)
    rows.insert(0, "library_id", rows["library"].map(files.set_index("library")["library_id"]))
    rows["hashtag"] = [";".join(t.strip() for t in tags.split(";") if t.strip()) for tags in rows["hashtag"]]
    others = [column for column in rows.columns if column not in IDENTITY and column not in FILES]
    return rows[IDENTITY + others].assign(**{c: covariates.clear_missing(rows[c]) for c in others})


def _check_tissue(sheet: Sheet, reference_tissue: str) -> list[str]:
    """Say where the reference tissue is not in the sheet: a problem where only case differs, else a warning."""
    tissues = list(dict.fromkeys(sheet.rows["tissue"]))
    if reference_tissue in tissues:
        return []
    found = nearest(reference_tissue, tissues, cutoff=0.8)
    if found:
        row = sheet.rows.index[sheet.rows["tissue"] == found][0]
        sheet.problem(
            f"'{found}', though the reference tissue is '{reference_tissue}'; write '{reference_tissue}', or run with "
            f"--reference_tissue '{found}'",
            row=row, column="tissue",
        )  # fmt: skip
        return []
    return [f"No sample is of the reference tissue '{reference_tissue}'; the sheet has {', '.join(tissues)}."]
