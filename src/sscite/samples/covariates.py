"""Covariates of the samplesheet: which are numbers, which categories, and their levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sscite import names
from sscite.samples import text
from sscite.samples.text import is_number

if TYPE_CHECKING:
    from sscite.samples.sheet import Sheet


def clear_missing(values: pd.Series) -> pd.Series:
    """Return values with the usual words for a missing value as empty texts."""
    return values.where(~values.str.casefold().isin(text.MISSING), "")


def check_reserved(sheet: Sheet, columns: list[str]) -> None:
    """Report columns that the pipeline itself writes."""
    for column in columns:
        if column.casefold() in names.COLUMNS or column.casefold().startswith(names.SIGNATURE_PREFIX):
            sheet.problem("the pipeline writes a column of this name itself; rename it", row=1, column=column)


def settle_values(sheet: Sheet, values: pd.Series, column: str) -> tuple[pd.Series, list[str]]:
    """Write a covariate's missing values as empty texts and its decimal commas as points.

    Returns
    -------
    The values, and warnings.
    """
    for row, value in values[values.str.casefold().isin(text.EXCEL_ERRORS)].items():
        sheet.problem(f"'{value}' is an error of the spreadsheet; correct its formula, or leave it empty", row=row,
                      column=column)  # fmt: skip
    values = clear_missing(values)
    levels = list(dict.fromkeys(values[values != ""]))
    words = [level for level in levels if level.casefold() in text.NO_NUMBER]
    numbers = [level for level in levels if level not in words]
    points = text.decimal_points(numbers)
    warnings = []
    if points and text.is_ambiguous(numbers):
        row = values.index[values == next(iter(points))][0]
        sheet.problem(
            f"'{values[row]}' has either a decimal comma or a comma between thousands; write {points[values[row]]} or "
            f"{values[row].replace(',', '')}",
            row=row, column=column,
        )  # fmt: skip
    elif points:
        warnings.append(f"'{column}' has decimal commas ('{next(iter(points))}'): it was read as numbers.")
        values = values.replace(points)
    if words and numbers and all(is_number(points.get(n, n) if points else n) for n in numbers):
        warnings.append(f"'{column}' holds numbers and '{words[0]}', which was read as missing; leave it empty.")
        values = values.where(~values.isin(words), "")
    return values, warnings


def describe(samples: pd.DataFrame, columns: list[str], sheet: Sheet) -> tuple[pd.DataFrame, list[str]]:
    """Return the kind and levels of each covariate.

    Numbers are numeric; two values 0 and 1 are categories; all else is text. Levels that differ in case, spaces or
    look-alike letters alone are a problem of the sheet.

    Returns
    -------
    Frame of `variable kind levels` (a category's levels joined with `;`, a number's range as `min;max`), and warnings.
    """
    rows, warnings = [], []
    for column in columns:
        values = samples[column][samples[column] != ""]
        levels = list(dict.fromkeys(values))
        numeric = [level for level in levels if is_number(level)]
        if levels and len(numeric) == len(levels) and set(levels) != {"0", "1"}:
            numbers = sorted(numeric, key=float)
            if abs(float(numbers[-1])) == float("inf") or abs(float(numbers[0])) == float("inf"):
                sheet.problem("holds a number beyond 1.8e308; correct it", row=int(values.index[0]), column=column)
            rows.append((column, "numeric", f"{numbers[0]};{numbers[-1]}"))
            continue
        if len(numeric) > len(levels) / 2 and len(levels) > 2 and len(numeric) < len(levels):
            words = [level for level in levels if level not in numeric]
            warnings.append(f"'{column}' holds numbers and also '{words[0]}': it is read as categories.")
        same_but_case(sheet, column, values)
        rows.append((column, "categorical", ";".join(sorted(levels))))
        if not levels:
            warnings.append(f"'{column}' has no value in any row.")
    return pd.DataFrame(rows, columns=["variable", "kind", "levels"], dtype=object), warnings


def same_but_case(sheet: Sheet, column: str, values: pd.Series) -> None:
    """Report levels that differ in case, inner spaces or look-alike letters alone, which is usually a typo."""
    seen: dict[str, tuple[int, str]] = {}
    for row, value in values.items():
        first_row, first = seen.setdefault(text.same_key(value), (row, value))
        if first != value:
            how = "case or spaces" if value.isascii() and first.isascii() else "case, spaces or look-alike letters"
            sheet.problem(
                f"'{value}' and '{first}' (row {first_row}) differ in {how} alone; write them alike",
                row=row, column=column,
            )  # fmt: skip
            return
