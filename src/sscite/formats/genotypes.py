"""Genotype calls of droplets by vireo, souporcell, freemuxlet or demuxlet, read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sscite.errors import UserError
from sscite.names import CALL_DOUBLET, GENOTYPE_CALL
from sscite.reading import open_text, reading

UNASSIGNED = "unassigned"
CALL, CONFIDENCE = GENOTYPE_CALL, "genotype_confidence"
TOOLS = "vireo donor_ids.tsv, souporcell clusters.tsv, demuxlet .best or freemuxlet .clust1.samples.gz"
USUAL = ("donor_ids.tsv", "clusters.tsv", "*.clust1.samples.gz", "*.best", "*.best.gz")
PROBABILITIES = ("prob_max", "prob_doublet", "PRB.DBL")
ROUNDING = 1e-6
NAMED = {  # columns in which a tool names donors that no droplet may have been assigned to
    "best_singlet": None, "best_doublet": ",", "SNG.BEST.GUESS": ",", "BEST.GUESS": ",", "SNG.1ST": None,
    "SNG.2ND": None,
}  # fmt: skip


def read_genotypes(path: Path) -> pd.DataFrame:
    """Read a table of genotype calls as text; a folder is searched for the names that the tools use.

    Raises
    ------
    UserError
        No such table in the folder, or not a table.
    """
    if path.is_dir():
        found = [file for pattern in USUAL for file in sorted(path.glob(pattern))]
        if not found:
            raise UserError(f"{path}: none of {', '.join(USUAL)} is in the folder; give the table itself")
        path = found[0]
    name = path.name.lower().removesuffix(".gz")
    with reading(path, f"a table of genotype calls ({TOOLS})"), open_text(path) as stream:
        return pd.read_csv(
            stream, sep="," if name.endswith(".csv") else "\t", dtype=str, keep_default_na=False, index_col=False,
            on_bad_lines="error",
        )  # fmt: skip


def donors_of(table: pd.DataFrame, *, where: str) -> list[str]:
    """Return every donor that a table of calls names, assigned to droplets or not."""
    found = set(parse(table, where=where)[CALL]) - {CALL_DOUBLET, UNASSIGNED}
    for column, separator in NAMED.items():
        if column in table:
            for value in table[column].unique():
                found |= set(value.split(separator)) if separator else {value}
    return sorted(found - {"", "NA", "doublet", UNASSIGNED})


def unknown_donors(names: Iterable[str], table: pd.DataFrame, *, where: str) -> list[str]:
    """Report the sheet's genotype_donor names that a table of calls does not have, with the nearest."""
    donors = donors_of(table, where=where)
    problems = []
    for name in dict.fromkeys(name for name in names if name and name not in donors):
        near = get_close_matches(name.casefold(), [donor.casefold() for donor in donors], n=1)
        hint = next((f" (did you mean '{donor}'?)" for donor in donors if near and donor.casefold() == near[0]), "")
        problems.append(
            f"{where}: genotype_donor '{name}' is not among its donors{hint}; it has {', '.join(donors[:12])}; correct "
            "the column 'genotype_donor'"
        )
    return problems


def parse(table: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Read calls of vireo, souporcell, freemuxlet or demuxlet, recognised by their columns.

    Parameters
    ----------
    table
        The tool's table, as text.
    where
        The file, for messages.

    Returns
    -------
    Indexed by barcode: genotype_call (donor, Doublet or unassigned), genotype_confidence in [0, 1].

    Raises
    ------
    UserError
        The columns are of none of these tools, barcodes are missing or repeated, or probabilities are not within 0
        and 1.
    """
    columns = set(table.columns)
    readers = (
        ({"cell", "donor_id", "prob_max"}, _vireo),
        ({"barcode", "status", "assignment"}, _souporcell),
        ({"BARCODE", "DROPLET.TYPE", "BEST.GUESS"}, _popscle),
        ({"BARCODE", "BEST"}, _demuxlet),
    )
    reader = next((reader for needed, reader in readers if needed <= columns), None)
    if reader is None:
        raise UserError(
            f"{where}: columns {', '.join(list(table.columns)[:6])} are not those of a known tool; allowed: {TOOLS}"
        )
    problems = _probability_problems(table, where)
    if problems:
        raise UserError(problems)
    found = reader(table)
    _check_barcodes(found, where)
    found[CONFIDENCE] = found[CONFIDENCE].fillna(1.0).clip(0, 1)
    return found


def _check_barcodes(found: pd.DataFrame, where: str) -> None:
    """Refuse missing or repeated barcodes, droplets without a call, and a table without rows."""
    if not len(found):
        raise UserError(f"{where}: the table has a header and no rows; give the calls of the whole library")
    if (found.index == "").any() or (found[CALL] == "").any():
        row = int(np.flatnonzero((found.index == "") | (found[CALL] == "").to_numpy())[0]) + 2
        raise UserError(f"{where}, row {row}: no barcode or no call; every droplet needs both: export the calls again")
    if found.index.has_duplicates:
        raise UserError(
            f"{where}: barcode '{found.index[found.index.duplicated()][0]}' occurs twice; give one table per library"
        )


def _probability_problems(table: pd.DataFrame, where: str) -> list[str]:
    """Report probabilities that are not numbers within 0 and 1."""
    problems = []
    for column in [name for name in PROBABILITIES if name in table]:
        given = ~table[column].str.strip().str.casefold().isin(["", "na", "nan"])
        values = pd.to_numeric(table[column], errors="coerce")
        wrong = np.flatnonzero(given & ~values.between(-ROUNDING, 1 + ROUNDING))
        if len(wrong):
            problems.append(
                f"{where}, row {wrong[0] + 2}, column '{column}': '{table[column].iloc[wrong[0]]}' is not a "
                "probability "
                f"({len(wrong):,} such values); it lies within 0 and 1: export the calls again"
            )
    return problems


def _number(table: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as numbers; NaN where absent or not a number."""
    if column not in table:
        return pd.Series(np.nan, index=table.index)
    return pd.to_numeric(table[column], errors="coerce")


def _frame(barcodes: pd.Series, calls: ArrayLike, confidence: ArrayLike) -> pd.DataFrame:
    """Build the table of calls."""
    return pd.DataFrame(
        {CALL: np.asarray(calls, dtype=object), CONFIDENCE: np.asarray(confidence, dtype=float)},
        index=barcodes.to_numpy(),
    )


def _vireo(table: pd.DataFrame) -> pd.DataFrame:
    """Read vireo: donor_id with `doublet` and `unassigned`; prob_max and prob_doublet."""
    donor = table["donor_id"]
    doublet = donor == "doublet"
    calls = np.where(doublet, CALL_DOUBLET, np.where(donor == "unassigned", UNASSIGNED, donor))
    return _frame(table["cell"], calls, np.where(doublet, _number(table, "prob_doublet"), _number(table, "prob_max")))


def _souporcell(table: pd.DataFrame) -> pd.DataFrame:
    """Read souporcell: status, cluster number; the posterior follows from the two log probabilities."""
    status = table["status"]
    calls = np.where(status == "doublet", CALL_DOUBLET, np.where(status == "singlet", table["assignment"], UNASSIGNED))
    gap = _number(table, "log_prob_doublet") - _number(table, "log_prob_singleton")
    odds = np.exp(-np.clip(np.where(status == "doublet", gap, -gap), -50, 50))
    return _frame(table["barcode"], calls, 1 / (1 + odds))


def _popscle(table: pd.DataFrame) -> pd.DataFrame:
    """Read popscle's calls: type, best guess `a,b`; BEST.POSTERIOR is a logarithm if it is never positive."""
    kind = table["DROPLET.TYPE"]
    guess = table["SNG.BEST.GUESS"] if "SNG.BEST.GUESS" in table else table["BEST.GUESS"]
    donor = guess.str.split(",").str[0]
    calls = np.where(kind == "DBL", CALL_DOUBLET, np.where(kind == "SNG", donor, UNASSIGNED))
    best = _number(table, "BEST.POSTERIOR")
    return _frame(table["BARCODE"], calls, np.exp(best) if (best.dropna() <= 0).all() else best)


def _demuxlet(table: pd.DataFrame) -> pd.DataFrame:
    """Read demuxlet of 2017: BEST is `SNG-donor`, `DBL-a-b-0.500` or `AMB-...`; PRB.DBL."""
    kind = table["BEST"].str[:3]
    donor = table["SNG.1ST"] if "SNG.1ST" in table else table["BEST"].str[4:]
    calls = np.where(kind == "DBL", CALL_DOUBLET, np.where(kind == "SNG", donor, UNASSIGNED))
    doublet = _number(table, "PRB.DBL")
    return _frame(table["BARCODE"], calls, np.where(kind == "DBL", doublet, 1 - doublet))
