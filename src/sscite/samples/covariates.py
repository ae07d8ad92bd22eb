"""Covariates of the samplesheet: which are numbers, which categories, and their levels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from sscite import names

if TYPE_CHECKING:
    from sscite.samples.sheet import Sheet

NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?")  # a leading zero, as in 007, makes a name
MISSING = {"", "na", "n/a", "nan"}
RESERVED = {
    names.CELL, names.N_GENES, names.N_COUNTS, names.PCT_MT, names.QC_PASS, names.QC_REASON, names.DOUBLET_SCORE,
    names.DOUBLET, names.HTO_CALL, names.HTO_CONFIDENCE, names.GENOTYPE_CALL, names.CELL_TYPE, names.CELL_TYPE_FINE,
    names.CELL_TYPE_CONFIDENCE, names.LINEAGE, names.LINEAGE_RNA, names.PROTEIN_SUPPORT, names.CLUSTER, names.SUBSET,
    names.SUBSET_SCORE, names.SET_ASIDE, names.PROTEIN_LINEAGE, "library_id", "level", "parent",
}  # fmt: skip


def is_number(value: str) -> bool:
    """Say whether a text is a number and not a name such as 007 or an empty text."""
    return bool(value) and any(c.isdigit() for c in value) and bool(NUMBER.fullmatch(value))


def clear_missing(values: pd.Series) -> pd.Series:
    """Write the usual words for a missing value as an empty text."""
    return values.where(~values.str.casefold().isin(MISSING), "")


def describe(samples: pd.DataFrame, columns: list[str], sheet: Sheet) -> tuple[pd.DataFrame, list[str]]:
    """Tell the kind and levels of each covariate.

    Numbers are numeric; two values 0 and 1 are categories; all else is text. Levels that differ in case alone are a
    problem of the sheet.

    Returns
    -------
    Frame of `variable kind levels` (a category's levels joined with `;`, a number's range as `min;max`), and warnings.
    """
    rows, warnings = [], []
    for column in columns:
        if column in RESERVED:
            sheet.problem("the pipeline writes a column of this name itself; rename it", row=1, column=column)
        values = samples[column][samples[column] != ""]
        levels = list(dict.fromkeys(values))
        numeric = [level for level in levels if is_number(level)]
        if levels and len(numeric) == len(levels) and set(levels) != {"0", "1"}:
            numbers = sorted(numeric, key=float)
            rows.append((column, "numeric", f"{numbers[0]};{numbers[-1]}"))
            continue
        if len(numeric) > len(levels) / 2 and len(levels) > 2 and len(numeric) < len(levels):
            words = [level for level in levels if level not in numeric]
            warnings.append(f"'{column}' holds numbers and also '{words[0]}': it is read as categories.")
        same_but_case(sheet, column, values)
        rows.append((column, "categorical", ";".join(sorted(levels))))
        if (samples[column] == "").all():
            warnings.append(f"'{column}' has no value in any row.")
    return pd.DataFrame(rows, columns=["variable", "kind", "levels"], dtype=object), warnings


def same_but_case(sheet: Sheet, column: str, values: pd.Series) -> None:
    """Report levels that differ in case or inner spaces alone, as one of them is a slip of the pen."""
    seen: dict[str, tuple[int, str]] = {}
    for row, value in values.items():
        first_row, first = seen.setdefault(re.sub(r"\s+", "", value.casefold()), (row, value))
        if first != value:
            sheet.problem(
                f"'{value}' and '{first}' (row {first_row}) differ in case or spaces alone; write them alike",
                row=row, column=column,
            )  # fmt: skip
            return
