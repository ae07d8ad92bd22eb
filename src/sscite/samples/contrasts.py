"""Comparisons between samples: those that the user wrote, checked, or those that follow from the samplesheet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sscite.errors import UserError
from sscite.samples.sheet import Sheet, listing, read, suggest

COLUMNS = ["contrast", "contrast_id", "variable", "reference", "target", "tissue", "subset", "block", "covariates"]
REQUIRED = ["contrast", "variable", "reference", "target"]
OPTIONAL = ["tissue", "subset", "block", "covariates"]
MIN_DONORS = 2  # a side with one donor has no spread between donors: nothing can be compared
REFERENCES = (
    "healthy", "healthy donor", "healthy control", "hd", "hc", "control", "controls", "ctrl", "normal", "none", "no",
    "negative", "neg", "absent", "false", "0", "untreated", "baseline", "before", "pre", "wild type", "wt",
)  # fmt: skip


def empty() -> pd.DataFrame:
    """Give the table without rows."""
    return pd.DataFrame(columns=COLUMNS, dtype=object)


def no_reasons() -> pd.DataFrame:
    """Give the table of contrasts that were left out, without rows."""
    return pd.DataFrame(columns=["contrast", "reason"], dtype=object)


def header_problems(path: Path | None) -> list[str]:
    """Tell what is wrong with the header alone, where the samplesheet cannot be read."""
    try:
        if path is not None:
            read(path, name="contrasts", required=REQUIRED, optional=OPTIONAL, closed=True)
    except UserError as error:
        return error.problems
    return []


def check(path: Path, samples: pd.DataFrame, kinds: pd.DataFrame, *, subsets: frozenset[str] | None) -> pd.DataFrame:
    """Check the user's contrasts against the samples.

    Fields that name several things join them with `;`. Variables are covariates or `tissue`; a side of a contrast may
    be several levels.

    Raises
    ------
    UserError
        Every unknown variable, level, tissue, subset or covariate with the nearest right name, repeated names, sides
        that overlap, and sides with fewer than two donors.
    """
    from sscite.samples.validate import slugs

    sheet = read(path, name="contrasts", required=REQUIRED, optional=OPTIONAL, closed=True)
    for row, values in sheet.rows.iterrows():
        _check_row(sheet, row, values, samples, list(kinds["variable"]), subsets)
    repeated = sheet.rows["contrast"][sheet.rows["contrast"].duplicated() & (sheet.rows["contrast"] != "")]
    for row, name in repeated.items():
        sheet.problem(f"'{name}' occurs more than once; contrasts are unique", row=row, column="contrast")
    if sheet.problems:
        raise UserError(sheet.problems)
    table = sheet.rows.reset_index(drop=True)
    for column in ("reference", "target", "tissue", "subset", "covariates"):
        table[column] = [";".join(split(value)) for value in table[column]]
    return table.assign(contrast_id=slugs(list(table["contrast"])))[COLUMNS]


def default(samples: pd.DataFrame, kinds: pd.DataFrame, *, reference_tissue: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the contrasts that follow from the sheet: each tissue against the reference, each two-level covariate.

    Tissues are compared within donors where donors have both. A covariate is compared in each tissue apart.

    Returns
    -------
    The contrasts, and those left out with the reason.
    """
    from sscite.samples.validate import slugs

    rows: list = []
    reasons: list = []
    tissues = list(dict.fromkeys(samples["tissue"]))
    for tissue in [t for t in tissues if t != reference_tissue and reference_tissue in tissues]:
        row = {"variable": "tissue", "reference": reference_tissue, "target": tissue}
        shared = _donors(samples, "tissue", [tissue]) & _donors(samples, "tissue", [reference_tissue])
        row["block"] = "donor" if len(shared) >= MIN_DONORS else ""
        _keep_or_reason(row, samples, f"{tissue} against {reference_tissue}", rows, reasons)
    for variable in kinds["variable"][kinds["kind"] == "categorical"]:
        levels = sorted(set(samples[variable]) - {""})
        if len(levels) != 2:
            reasons.append((variable, f"it has {len(levels)} levels; write contrasts.csv to choose two"))
            continue
        reference, target = order(levels)
        for tissue in tissues:
            row = {"variable": variable, "reference": reference, "target": target, "tissue": tissue}
            name = f"{variable}: {target} against {reference}" + (f" in {tissue}" if len(tissues) > 1 else "")
            _keep_or_reason(row, samples, name, rows, reasons)
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object).fillna("")
    return table.assign(contrast_id=slugs(list(table["contrast"]))), pd.DataFrame(reasons, columns=no_reasons().columns)


def order(levels: list[str]) -> tuple[str, str]:
    """Give reference and target of two levels: the one that words such as healthy or no name, else the first."""
    ranks = {level: REFERENCES.index(level.casefold()) if level.casefold() in REFERENCES else 99 for level in levels}
    reference, target = sorted(levels, key=lambda level: (ranks[level], level))
    return reference, target


def split(text: str) -> list[str]:
    """Split a field that joins names with `;`."""
    return [part.strip() for part in text.split(";") if part.strip()]


def _keep_or_reason(row: dict[str, str], samples: pd.DataFrame, name: str, rows: list, reasons: list) -> None:
    """Keep a default contrast, or say why it cannot be one."""
    sides = _side_donors(row, samples)
    small = [f"{row[side]} has {_n_donors(donors)}" for side, donors in sides.items() if len(donors) < MIN_DONORS]
    if any(";" in row[side] for side in sides):
        reasons.append((name, "a level's name holds ';', which joins levels; rename it"))
    elif small:
        reasons.append((name, f"{' and '.join(small)}; at least {MIN_DONORS} on each side are needed"))
    else:
        rows.append({"contrast": name, **row})


def _side_donors(row: dict[str, str], samples: pd.DataFrame) -> dict[str, set[str]]:
    """Find the donors of both sides in the contrast's tissues."""
    tissues = split(row.get("tissue", ""))
    kept = samples[samples["tissue"].isin(tissues)] if tissues and row["variable"] != "tissue" else samples
    return {side: _donors(kept, row["variable"], split(row[side])) for side in ("reference", "target")}


def _donors(samples: pd.DataFrame, variable: str, levels: Iterable[str]) -> set[str]:
    """Find the donors with samples of the given levels."""
    return set(samples["donor"][samples[variable].isin(list(levels))])


def _check_row(
    sheet: Sheet,
    row: int,
    values: pd.Series,
    samples: pd.DataFrame,
    variables: list[str],
    subsets: frozenset[str] | None,
) -> None:
    """Check one contrast; its donors are counted only where its names are right."""
    before = len(sheet.problems)
    for column in REQUIRED:
        if not values[column]:
            sheet.problem("empty; every contrast needs one", row=row, column=column)
    choices = {
        "tissue": set(samples["tissue"]),
        "covariates": {*variables, "tissue", "library"},
        "block": {"donor"},
        **({"subset": subsets} if subsets is not None else {}),
    }
    for column, known in choices.items():
        _check_known(sheet, row, column, split(values[column]), known)
    variable = values["variable"]
    if variable and variable not in ("tissue", *variables):
        _check_known(sheet, row, "variable", [variable], {"tissue", *variables})
        return
    _check_sides(sheet, row, values, samples)
    if len(sheet.problems) == before:
        _check_donors(sheet, row, values, samples)


def _check_sides(sheet: Sheet, row: int, values: pd.Series, samples: pd.DataFrame) -> None:
    """Check that both sides are levels of the variable, and different."""
    if not values["variable"]:
        return
    levels = set(samples[values["variable"]]) - {""}
    for side in ("reference", "target"):
        _check_known(sheet, row, side, split(values[side]), levels)
    both = sorted(set(split(values["reference"])) & set(split(values["target"])))
    if both:
        sheet.problem(f"{listing(both)} is on both sides; a level is on one", row=row, column="target")


def _check_known(sheet: Sheet, row: int, column: str, given: list[str], known: Iterable[str]) -> None:
    """Report each name that is not among the known ones, with the nearest."""
    for name in given:
        if name not in known:
            allowed = listing(sorted(known)) or "nothing"
            sheet.problem(f"'{name}' is unknown{suggest(name, known)}; allowed: {allowed}", row=row, column=column)


def _check_donors(sheet: Sheet, row: int, values: pd.Series, samples: pd.DataFrame) -> None:
    """Refuse a side with fewer than two donors."""
    where = (
        f" in {' and '.join(split(values['tissue']))}" if values["tissue"] and values["variable"] != "tissue" else ""
    )
    for side, donors in _side_donors(dict(values), samples).items():
        if len(donors) < MIN_DONORS:
            sheet.problem(
                f"'{values[side]}' has {_n_donors(donors)}{where}; a comparison needs at least {MIN_DONORS} on each "
                "side: add donors, or remove the contrast",
                row=row, column=side,
            )  # fmt: skip


def _n_donors(donors: set[str]) -> str:
    """Word a number of donors; the only one is named."""
    return f"one donor ({next(iter(donors))})" if len(donors) == 1 else f"{len(donors) or 'no'} donors"
