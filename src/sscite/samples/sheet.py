"""Read a sheet as people write it: Excel's byte order mark, CRLF, quoted commas, blank rows, stray spaces."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import pandas as pd

from sscite.errors import UserError
from sscite.reading import reading
from sscite.samples.text import clean, clean_path

LARGEST_SHEET = 64 * 1024**2  # bytes
MIN_KNOWN = 2  # known columns from which a line that begins with # is the header
MOST_COMPARED = 2000  # names among which the nearest is sought


@dataclass
class Sheet:
    """A table of text and the problems found in it so far.

    Attributes
    ----------
    name
        How messages call it.
    rows
        Indexed by row number as a spreadsheet shows it (the header is row 1); every value is text without outer spaces.
    """

    name: str
    rows: pd.DataFrame
    problems: list[str] = field(default_factory=list)

    def problem(self, text: str, *, row: int | None = None, column: str | None = None) -> None:
        """Add a problem with its place."""
        place = "".join([f", row {row}" if row else "", f", column '{column}'" if column else ""])
        self.problems.append(f"{self.name}{place}: {text}")


def read(
    path: Path,
    *,
    name: str,
    required: Iterable[str],
    optional: Iterable[str],
    closed: bool = False,
    paths: Collection[str] = (),
) -> Sheet:
    """Read a sheet and check its header.

    Parameters
    ----------
    required, optional
        Known columns; found in any case, with spaces or hyphens for `_`.
    closed
        Whether other columns are refused; otherwise they are covariates and keep their name.
    paths
        Columns of paths, in which look-alike characters stay as they are.

    Raises
    ------
    UserError
        The file is not UTF-8 text, has no header, repeats or lacks columns.
    """
    known = {_key(column): column for column in (*required, *optional)}
    top, records = _records(path, name, known)
    header = [known.get(_key(column), column) for column in map(clean, records[0])]
    width = max((i + 1 for record in records for i, value in enumerate(record) if value), default=0)
    header += [""] * (width - len(header))
    sheet = Sheet(name, pd.DataFrame())
    _check_header(sheet, top, header[:width], records[1:], [*required], [*optional], closed=closed)
    if sheet.problems:
        raise UserError(sheet.problems)
    kept = [i for i, column in enumerate(header[:width]) if column]
    columns = [header[i] for i in kept]
    cleaners = [clean_path if column in paths else clean for column in columns]
    filled = {row: record + [""] * width for row, record in enumerate(records[1:], top + 1) if any(record)}
    table = {row: [f(record[i]) for f, i in zip(cleaners, kept, strict=True)] for row, record in filled.items()}
    sheet.rows = pd.DataFrame.from_dict(table, orient="index", columns=columns, dtype=object)
    for column in optional:
        if column not in sheet.rows:
            sheet.rows[column] = ""
    if sheet.rows.empty:
        sheet.problem("it has a header and no rows; write a row for each entry")
    _check_characters(sheet)
    return sheet


def suggest(name: str, choices: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return ` (did you mean 'x'?)` where a choice is near, ignoring case; otherwise nothing."""
    found = nearest(name, choices, cutoff=cutoff)
    return f" (did you mean '{found}'?)" if found else ""


def nearest(name: str, choices: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the choice that is most like a name, ignoring case; of many choices the first are compared."""
    lowered = {choice.casefold(): choice for choice in islice(choices, MOST_COMPARED)}
    found = get_close_matches(name.casefold(), lowered, n=1, cutoff=cutoff)
    return lowered[found[0]] if found else None


def listing(names: Iterable[str], limit: int = 12) -> str:
    """List names in quotes, the first few of many."""
    names = list(names)
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(f"'{name}'" for name in names[:limit]) + more


def split(text: str) -> list[str]:
    """Split a field that joins names with `;`."""
    return [part.strip() for part in text.split(";") if part.strip()]


def _records(path: Path, name: str, known: Collection[str]) -> tuple[int, list[list[str]]]:
    """Read a sheet's header and rows, separated by the one of comma, semicolon and tab that gives most known columns.

    Returns
    -------
    The row number of the header (lines above it that begin with # are comments), and the records from there.
    """
    text = _decoded(path, name)
    lines = text.splitlines(keepends=True)
    above = next((i for i, line in enumerate(lines) if not _is_comment(line, known)), len(lines))
    if above == len(lines):
        raise UserError(f"{name}: the file is empty; its first row must name the columns")
    first = lines[above].lstrip(' "#') if lines[above].lstrip(' "').startswith("#") else lines[above]
    separator = max(",;\t", key=lambda mark: (_n_known(first, mark, known), first.count(mark)))
    body = io.StringIO("".join([first, *lines[above + 1 :]]), newline=None)
    try:
        records = [[clean_path(value) for value in record] for record in csv.reader(body, delimiter=separator)]
    except csv.Error as error:
        raise UserError(
            f"{name}: a field is longer than {csv.field_size_limit():,} characters or a quote is not closed; correct "
            "the "
            "quotes and save it as 'CSV UTF-8 (comma delimited)'"
        ) from error
    if not any(records[0]):
        raise UserError(f"{name}, row {above + 1}: blank; the first row must name the columns")
    return above + 1, records


def _decoded(path: Path, name: str) -> str:
    """Read a sheet's text.

    Raises
    ------
    UserError
        It is larger than a sheet can be, or not UTF-8 text.
    """
    with reading(path, "a sheet (CSV UTF-8)"):
        if Path(path).stat().st_size > LARGEST_SHEET:
            size = LARGEST_SHEET // 1024**2
            raise UserError(
                f"{name}: larger than {size} MB; a sheet has one row per sample or contrast: give the sheet"
            )
        content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}: not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8 (comma delimited)'"
        ) from error
    if "\0" in text:
        raise UserError(f"{name}: it holds NUL bytes, so not UTF-8 text; save it as 'CSV UTF-8 (comma delimited)'")
    return text


def _is_comment(line: str, known: Collection[str]) -> bool:
    """Return whether a line above the header is a comment: it begins with # and does not name known columns."""
    stripped = line.lstrip(' "')
    if not stripped.startswith("#"):
        return False
    return max(_n_known(stripped.lstrip("# "), mark, known) for mark in ",;\t") < MIN_KNOWN


def _n_known(line: str, separator: str, known: Collection[str]) -> int:
    """Count the known columns that a header names, with a separator."""
    return sum(_key(clean(part.strip(' "\r\n'))) in known for part in line.split(separator))


def _check_characters(sheet: Sheet) -> None:
    """Report line breaks and other control characters within values."""
    for column in sheet.rows.columns:
        for row, value in sheet.rows[column].items():
            if not value.isprintable() and any(unicodedata.category(character) == "Cc" for character in value):
                sheet.problem("holds a line break or another control character; remove it", row=row, column=column)


def _check_header(
    sheet: Sheet,
    top: int,
    header: list[str],
    records: list[list[str]],
    required: list[str],
    optional: list[str],
    *,
    closed: bool,
) -> None:
    """Report missing, repeated, unnamed and mistyped columns."""
    others = [column for column in header if column and column not in required and column not in optional]
    for column in sorted({c for c in header if c and header.count(c) > 1}, key=header.index):
        sheet.problem("the column occurs more than once; keep one", row=top, column=column)
    for column in required:
        if column not in header:
            hint = suggest(column, others)
            sheet.problem(f"column '{column}' is missing{hint}; needed are {', '.join(required)}", row=top)
    for i, column in enumerate(header):
        row = next((n for n, record in enumerate(records, top + 1) if len(record) > i and record[i]), None)
        if not column and row:
            sheet.problem(
                f"column {i + 1} has values and no name (row {row}: '{records[row - top - 1][i][:40]}'); name it, "
                "remove "
                "the values, or quote values that hold a comma",
                row=top,
            )
    absent = [column for column in optional if column not in header]
    for column in others:
        near = nearest(column, absent, cutoff=0.4 if closed else 0.85)
        if closed or near:
            hint = f"did you mean '{near}'?" if near else f"known are {', '.join([*required, *optional])}"
            sheet.problem(f"unknown column; {hint}", row=top, column=column)


def _key(column: str) -> str:
    """Return a column's name in the form in which known columns are recognised."""
    return column.casefold().replace(" ", "_").replace("-", "_")
