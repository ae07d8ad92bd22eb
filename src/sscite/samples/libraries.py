"""Libraries of the samplesheet: their files, their captures, and how the samples of a pool are distinguished."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sscite.names import CAPTURE
from sscite.samples.files import CELL_SAMPLES, COUNTS, FILES, GENOTYPES, HASHTAGS, RAW
from sscite.samples.identifiers import slugs
from sscite.samples.sheet import split

if TYPE_CHECKING:
    from sscite.samples.sheet import Sheet


def gather(sheet: Sheet) -> tuple[pd.DataFrame, list[str]]:
    """Gather the files of each library; its rows may repeat a path or leave it out, but not contradict one another.

    Returns
    -------
    Frame of `library_id library`, the files, `capture` and `rows`; and warnings.
    """
    groups: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for row, values in zip(sheet.rows.index, sheet.rows.to_dict("records"), strict=True):
        groups.setdefault(values["library"], []).append((row, values))
    records = []
    for library, rows in groups.items():
        record = {"library": library}
        for column in (*FILES, CAPTURE):
            given = [(row, values[column]) for row, values in rows if values[column]]
            record[column] = given[0][1] if given else ""
            for row, value in given:
                if value != record[column]:
                    sheet.problem(
                        f"'{value}' differs from '{record[column]}' in row {given[0][0]} of the same library "
                        f"'{library}'; a "
                        f"library has one {'capture' if column == CAPTURE else 'file of each kind'}",
                        row=row, column=column,
                    )  # fmt: skip
        if not record[COUNTS]:
            sheet.problem(f"empty; library '{library}' needs its counts", row=rows[0][0], column=COUNTS)
        record["rows"] = ";".join(str(row) for row, _ in rows)
        records.append(record)
    files = pd.DataFrame(records, columns=["library", *FILES, CAPTURE, "rows"], dtype=object)
    files.insert(0, "library_id", slugs(files["library"]))
    _check_shared(sheet, files)
    warnings = tie_captures(files)
    return files, warnings


def tie_captures(files: pd.DataFrame) -> list[str]:
    """Fill in the capture of each library: as the sheet says, else of libraries with the same raw_counts, else its own.

    Cell Ranger multi cuts a pool into a folder per sample: one capture, whose cells share batch and doublet rate.

    Returns
    -------
    Warnings of captures that follow from raw_counts.
    """
    named = {raw: capture for raw, capture in zip(files[RAW], files[CAPTURE], strict=True) if raw and capture}
    first: dict[str, str] = {}
    tied: dict[str, list[str]] = {}
    captures = []
    for library, raw, capture in zip(files["library"], files[RAW], files[CAPTURE], strict=True):
        if not capture and raw:
            capture = named.get(raw) or first.setdefault(raw, library)
            tied.setdefault(capture, []).append(library)
        captures.append(capture or library)
    files[CAPTURE] = captures
    return [
        f"Libraries {', '.join(libraries)} have the same raw_counts: they are parts of one capture ('{capture}')."
        for capture, libraries in tied.items()
        if len(libraries) > 1
    ]


def _check_shared(sheet: Sheet, files: pd.DataFrame) -> None:
    """Report one counts file under two libraries."""
    first: dict[str, tuple[str, str]] = {}
    for library, counts, rows in zip(files["library"], files[COUNTS], files["rows"], strict=True):
        row = rows.split(";")[0]
        owner, owner_row = first.setdefault(counts, (library, row)) if counts else (library, row)
        if owner != library:
            sheet.problem(
                f"the same counts as library '{owner}' (row {owner_row}); samples pooled in one capture share the "
                "library's "
                "name",
                row=int(row), column=COUNTS,
            )  # fmt: skip


def check_pools(sheet: Sheet) -> None:
    """Check that the samples of a shared library can be distinguished: by hashtags, genotypes or a table of cells."""
    groups: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for row, values in zip(sheet.rows.index, sheet.rows.to_dict("records"), strict=True):
        groups.setdefault(values["library"], []).append((row, values))
    for library, rows in groups.items():
        if any(values[CELL_SAMPLES] for _, values in rows):
            _check_alone(sheet, library, rows)
            continue
        has_calls = any(values["genotype_calls"] for _, values in rows)
        for row, values in rows if not has_calls else []:
            if values["genotype_donor"]:
                sheet.problem(
                    f"given without genotype_calls of library '{library}'; add the calls' file", row=row,
                    column="genotype_donor",
                )  # fmt: skip
        if len(rows) == 1:
            continue
        for row, values in rows:
            if not values["hashtag"] and not values["genotype_donor"]:
                sheet.problem(
                    f"empty, though {len(rows)} samples share library '{library}'; give each its hashtag"
                    f"{' or genotype_donor' if has_calls else ''}, give the library a table of {CELL_SAMPLES}, or "
                    "correct the library's name",
                    row=row, column="hashtag",
                )  # fmt: skip
        _check_hashtags(sheet, rows)
        _check_genotypes(sheet, rows)


def _check_alone(sheet: Sheet, library: str, rows: list[tuple[int, dict[str, str]]]) -> None:
    """Report hashtags or genotypes of a library whose table of cells and samples already gives each cell's sample."""
    for row, values in rows:
        for column in ("hashtag", HASHTAGS, GENOTYPES, "genotype_donor"):
            if values[column]:
                sheet.problem(
                    f"'{values[column]}' is given beside {CELL_SAMPLES} of library '{library}', which alone gives the "
                    f"sample of each cell; leave one of the two empty",
                    row=row, column=column,
                )  # fmt: skip


def _check_hashtags(sheet: Sheet, rows: list[tuple[int, dict[str, str]]]) -> None:
    """Report two samples of a library with a hashtag in common, unless their genotypes tell them apart."""
    owner: dict[tuple[str, str], int] = {}
    for row, values in rows:
        for tag in split(values["hashtag"]):
            first = owner.setdefault((tag, values["genotype_donor"]), row)
            if first != row:
                sheet.problem(
                    f"hashtag '{tag}' is also that of row {first} in the same library; give each sample its own",
                    row=row, column="hashtag",
                )  # fmt: skip


def _check_genotypes(sheet: Sheet, rows: list[tuple[int, dict[str, str]]]) -> None:
    """Report genotypes that are not those of donors.

    Two donors with one genotype, one donor with two, and samples that nothing but their donor's genotype could tell
    apart.
    """
    donor_of: dict[str, tuple[int, str]] = {}
    genotype_of: dict[str, tuple[int, str]] = {}
    alone: dict[str, int] = {}
    for row, values in rows:
        genotype, donor = values["genotype_donor"], values["donor"]
        if not genotype or not donor:
            continue
        first, other = donor_of.setdefault(genotype, (row, donor))
        if other != donor:
            text = f"genotype '{genotype}' is also that of donor '{other}' (row {first}); a genotype is of one donor"
            sheet.problem(f"{text}: correct one of them", row=row, column="genotype_donor")
        first, other = genotype_of.setdefault(donor, (row, genotype))
        if other != genotype:
            text = f"donor '{donor}' has genotype '{other}' in row {first} and '{genotype}' here; a donor has one"
            sheet.problem(
                f"{text}: correct one of them, or give samples of cells as a table in {CELL_SAMPLES}",
                row=row, column="genotype_donor",
            )  # fmt: skip
        if not values["hashtag"] and alone.setdefault(genotype, row) != row:
            sheet.problem(
                f"empty, and the sample has donor and genotype '{genotype}' in common with row {alone[genotype]}: "
                "genotypes "
                "are of donors and cannot tell two samples of one apart; give each its hashtag",
                row=row, column="hashtag",
            )  # fmt: skip
