"""Comparisons between samples: those that the user wrote, checked, or those that follow from the samplesheet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd

from sscite.errors import UserError
from sscite.samples.identifiers import slugs
from sscite.samples.sheet import Sheet, listing, read, split, suggest

COLUMNS = ["contrast", "contrast_id", "variable", "reference", "target", "tissue", "subset", "block", "covariates"]
REQUIRED = ["contrast", "variable", "reference", "target"]
OPTIONAL = ["tissue", "subset", "block", "covariates"]
MIN_DONORS = 2  # a group with one donor has no variance between donors
# folders of 7_compare that are not those of a contrast
FOLDERS = {
    "abundance", "calibration", "composition", "contrast", "design", "enrichment", "expression", "ligand_receptor",
    "markers", "pseudobulk", "stage", "statistics", "tissue_blood", "trajectory", "figures", "report",
}  # fmt: skip
REFERENCES = (
    "healthy", "healthy donor", "healthy control", "hd", "hc", "control", "controls", "ctrl", "normal", "none", "no",
    "negative", "neg", "absent", "false", "0", "untreated", "baseline", "before", "pre", "wild type", "wt",
)  # fmt: skip


def empty() -> pd.DataFrame:
    """Return the table without rows."""
    return pd.DataFrame(columns=COLUMNS, dtype=object)


def no_reasons() -> pd.DataFrame:
    """Return the table of contrasts that were excluded, without rows."""
    return pd.DataFrame(columns=["contrast", "reason"], dtype=object)


def header_problems(path: Path | None) -> list[str]:
    """Return the problems of the header alone, for when the samplesheet cannot be read."""
    try:
        if path is not None:
            read(path, name="contrasts", required=REQUIRED, optional=OPTIONAL, closed=True)
    except UserError as error:
        return error.problems
    return []


def check(path: Path, samples: pd.DataFrame, kinds: pd.DataFrame, *, subsets: frozenset[str] | None) -> pd.DataFrame:
    """Check the user's contrasts against the samples.

    Fields that name several things join them with `;`. Variables are covariates or `tissue`; reference and target may
    be several levels.

    Raises
    ------
    UserError
        Every unknown variable, level, tissue, subset or covariate with the nearest right name, repeated names, groups
        that overlap, and groups with fewer than two donors.
    """
    sheet = read(path, name="contrasts", required=REQUIRED, optional=OPTIONAL, closed=True)
    levels = {name: set(samples[name]) - {""} for name in ("tissue", *kinds["variable"])}
    for row, values in zip(sheet.rows.index, sheet.rows.to_dict("records"), strict=True):
        _check_row(sheet, row, values, samples, levels, subsets)
    repeated = sheet.rows["contrast"][sheet.rows["contrast"].duplicated() & (sheet.rows["contrast"] != "")]
    for row, name in repeated.items():
        sheet.problem(f"'{name}' occurs more than once; give each contrast its own name", row=row, column="contrast")
    for row, name in sheet.rows["contrast"].items():
        if slugs([name])[0].casefold() in FOLDERS:
            sheet.problem(
                f"'{name}' is the name of a folder of the results; name the contrast by its groups, such as "
                f"'{name} patients against controls'",
                row=row, column="contrast",
            )  # fmt: skip
    if sheet.problems:
        raise UserError(sheet.problems)
    table = sheet.rows.reset_index(drop=True)
    for column in ("reference", "target", "tissue", "subset", "covariates"):
        table[column] = [";".join(split(value)) for value in table[column]]
    return table.assign(contrast_id=slugs(list(table["contrast"])))[COLUMNS]


def default(samples: pd.DataFrame, kinds: pd.DataFrame, *, reference_tissue: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the contrasts that follow from the sheet: each tissue against the reference, each two-level covariate.

    Tissues are compared within donors where donors have both. A covariate is compared within each tissue.

    Returns
    -------
    The contrasts, and those excluded with the reason.
    """
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
    """Return reference and target of two levels: the reference is a word such as healthy or no, else the first."""
    ranks = {level: REFERENCES.index(level.casefold()) if level.casefold() in REFERENCES else 99 for level in levels}
    reference, target = sorted(levels, key=lambda level: (ranks[level], level))
    return reference, target


def _keep_or_reason(row: dict[str, str], samples: pd.DataFrame, name: str, rows: list, reasons: list) -> None:
    """Add a default contrast to `rows`, or the reason why it cannot be tested to `reasons`."""
    groups = _group_donors(row, samples)
    small = [f"{row[group]} has {_n_donors(donors)}" for group, donors in groups.items() if len(donors) < MIN_DONORS]
    if any(";" in row[group] for group in groups):
        reasons.append((name, "level names cannot contain ';' (it separates levels); rename it"))
    elif small:
        reasons.append((name, f"{' and '.join(small)}; each group needs at least {MIN_DONORS}"))
    else:
        rows.append({"contrast": name, **row})


def _group_donors(row: dict[str, str], samples: pd.DataFrame) -> dict[str, set[str]]:
    """Return the donors of both groups in the contrast's tissues."""
    tissues = split(row.get("tissue", ""))
    kept = samples[samples["tissue"].isin(tissues)] if tissues and row["variable"] != "tissue" else samples
    return {group: _donors(kept, row["variable"], split(row[group])) for group in ("reference", "target")}


def _donors(samples: pd.DataFrame, variable: str, levels: Iterable[str]) -> set[str]:
    """Return the donors with samples of the given levels."""
    return set(samples["donor"][samples[variable].isin(list(levels))])


def _check_row(
    sheet: Sheet,
    row: int,
    values: dict[str, str],
    samples: pd.DataFrame,
    levels: dict[str, set[str]],
    subsets: frozenset[str] | None,
) -> None:
    """Check one contrast; its donors are counted only if its names are known."""
    before = len(sheet.problems)
    for column in REQUIRED:
        if not values[column]:
            sheet.problem("empty; every contrast needs one", row=row, column=column)
    choices = {
        "tissue": levels["tissue"],
        "covariates": {*levels, "library"},
        "block": {"donor"},
        **({"subset": subsets} if subsets is not None else {}),
    }
    for column, known in choices.items():
        _check_known(sheet, row, column, split(values[column]), known)
    variable = values["variable"]
    if variable and variable not in levels:
        _check_known(sheet, row, "variable", [variable], levels)
        return
    _check_groups(sheet, row, values, levels)
    if len(sheet.problems) == before:
        _check_donors(sheet, row, values, samples)


def _check_groups(sheet: Sheet, row: int, values: dict[str, str], levels: dict[str, set[str]]) -> None:
    """Check that reference and target are levels of the variable, and different."""
    if not values["variable"]:
        return
    for group in ("reference", "target"):
        _check_known(sheet, row, group, split(values[group]), levels[values["variable"]])
    both = sorted(set(split(values["reference"])) & set(split(values["target"])))
    if both:
        sheet.problem(
            f"{listing(both)} is in both reference and target; a level cannot be in both", row=row, column="target"
        )


def _check_known(sheet: Sheet, row: int, column: str, names: list[str], known: Collection[str]) -> None:
    """Report each name that is not among the known ones, with the nearest."""
    for name in names:
        if name not in known:
            allowed = listing(sorted(known)) or "nothing"
            sheet.problem(f"'{name}' is unknown{suggest(name, known)}; allowed: {allowed}", row=row, column=column)


def _check_donors(sheet: Sheet, row: int, values: dict[str, str], samples: pd.DataFrame) -> None:
    """Report a group with fewer than two donors."""
    where = (
        f" in {' and '.join(split(values['tissue']))}" if values["tissue"] and values["variable"] != "tissue" else ""
    )
    for group, donors in _group_donors(values, samples).items():
        if len(donors) < MIN_DONORS:
            sheet.problem(
                f"'{values[group]}' has {_n_donors(donors)}{where}; each group needs at least {MIN_DONORS}: "
                "add donors, or remove the contrast",
                row=row, column=group,
            )  # fmt: skip


def _n_donors(donors: set[str]) -> str:
    """Return a number of donors in words; the only one is named."""
    return f"one donor ({next(iter(donors))})" if len(donors) == 1 else f"{len(donors) or 'no'} donors"
