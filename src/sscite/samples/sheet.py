"""Read a sheet as people write it: Excel's byte order mark, CRLF, quoted commas, blank rows, stray spaces."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from sscite.errors import UserError


@dataclass
class Sheet:
    """A table of text and what is wrong with it so far.

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
        """Note a problem with its place."""
        place = "".join([f", row {row}" if row else "", f", column '{column}'" if column else ""])
        self.problems.append(f"{self.name}{place}: {text}")


def read(path: Path, *, name: str, required: Iterable[str], optional: Iterable[str], closed: bool = False) -> Sheet:
    """Read a sheet and check its header.

    Parameters
    ----------
    required, optional
        Known columns; found in any case, with spaces or hyphens for `_`.
    closed
        Whether other columns are refused; otherwise they are covariates and keep their name.

    Raises
    ------
    UserError
        The file is no text in UTF-8, has no header, repeats or lacks columns.
    """
    top, records = _records(path, name)
    known = {_key(column): column for column in (*required, *optional)}
    header = [known.get(_key(column), column) for column in records[0]]
    width = max((i + 1 for record in records for i, value in enumerate(record) if value), default=0)
    header += [""] * (width - len(header))
    sheet = Sheet(name, pd.DataFrame())
    _check_header(sheet, top, header[:width], records[1:], [*required], [*optional], closed=closed)
    if sheet.problems:
        raise UserError(sheet.problems)
    kept = [i for i, column in enumerate(header) if column]
    filled = {row: record + [""] * width for row, record in enumerate(records[1:], top + 1) if any(record)}
    table = {row: [record[i] for i in kept] for row, record in filled.items()}
    sheet.rows = pd.DataFrame.from_dict(table, orient="index", columns=[header[i] for i in kept], dtype=object)
    for column in optional:
        if column not in sheet.rows:
            sheet.rows[column] = ""
    if sheet.rows.empty:
        sheet.problem("it has a header and no rows; write a row for each entry")
    _check_characters(sheet)
    return sheet


def suggest(name: str, choices: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Give ` (did you mean 'x'?)` where a choice is near, ignoring case; otherwise nothing."""
    found = nearest(name, choices, cutoff=cutoff)
    return f" (did you mean '{found}'?)" if found else ""


def nearest(name: str, choices: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Find the choice that is most like a name, ignoring case."""
    lowered = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(name.casefold(), lowered, n=1, cutoff=cutoff)
    return lowered[found[0]] if found else None


def listing(names: Iterable[str], limit: int = 12) -> str:
    """List names in quotes, the first few of many."""
    names = [f"'{name}'" for name in names]
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _records(path: Path, name: str) -> tuple[int, list[list[str]]]:
    """Read a sheet's header and rows; comma-separated, or `;` or tab where the header has no comma.

    Returns
    -------
    The row number of the header (lines above it that begin with # are comments), and the records from there.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}: not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8 (comma delimited)'"
        ) from error
    lines = text.splitlines(keepends=True)
    above = next((i for i, line in enumerate(lines) if not line.lstrip(' "').startswith("#")), len(lines))
    text, first = "".join(lines[above:]), "".join(lines[above : above + 1])
    separator = "," if "," in first else max(";\t", key=first.count)
    records = [[_clean(value) for value in record] for record in csv.reader(io.StringIO(text), delimiter=separator)]
    if not records:
        raise UserError(f"{name}: the file is empty; its first row must name the columns")
    if not any(records[0]):
        raise UserError(f"{name}, row {above + 1}: blank; the first row must name the columns")
    return above + 1, records


def _check_characters(sheet: Sheet) -> None:
    """Find line breaks and other control characters within values."""
    for row, values in sheet.rows.iterrows():
        for column, value in values.items():
            if any(unicodedata.category(character) == "Cc" for character in value):
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
    """Find missing, repeated, unnamed and mistyped columns."""
    others = [column for column in header if column and column not in required and column not in optional]
    for column in sorted({c for c in header if c and header.count(c) > 1}, key=header.index):
        sheet.problem("the column occurs more than once; keep one", row=top, column=column)
    for column in required:
        if column not in header:
            hint = suggest(column, others)
            sheet.problem(f"column '{column}' is missing{hint}; needed are {', '.join(required)}", row=top)
    for i, column in enumerate(header):
        if not column and any(len(record) > i and record[i] for record in records):
            sheet.problem(f"column {i + 1} has values and no name; name it, or quote values that hold a comma", row=top)
    absent = [column for column in optional if column not in header]
    for column in others:
        found = nearest(column, absent, cutoff=0.4 if closed else 0.85)
        if closed or found:
            hint = f"did you mean '{found}'?" if found else f"known are {', '.join([*required, *optional])}"
            sheet.problem(f"unknown column; {hint}", row=top, column=column)


def _key(column: str) -> str:
    """Bring a column's name to the form in which known columns are recognised."""
    return column.casefold().replace(" ", "_").replace("-", "_")


def _clean(value: str) -> str:
    """Remove outer spaces of any kind and write composed characters one way."""
    return unicodedata.normalize("NFC", value).strip().strip("\ufeff\u200b").strip()
