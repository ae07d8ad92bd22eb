"""Choose one normalisation for the whole cohort from what the libraries have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sscite import command, io
from sscite.adt.empty import MIN_EMPTIES
from sscite.errors import UserError

METHODS = {
    "dsb": "dsb with the background of empty droplets",
    "dsb_cells": "dsb with the background estimated from the cells",
    "clr_cell": "centred log-ratio within each cell",
    "clr_protein": "centred log-ratio within each protein",
}
CHOICES = ("auto", "per_library", *METHODS)
FALLBACK = "clr_protein"  # without empty droplets: best mean and worst study by one threshold (docs/methods/adt.md)
COLUMNS = ["library_id", "method", "reason"]


def run(files: Sequence[Path], *, method: str, output: Path) -> None:
    """Choose the method of each library, and write the table and step summary.

    Parameters
    ----------
    files
        `<id>.h5mu` of every library, and `<id>.droplets.h5mu` if there are any.
    """
    from sscite.adt import inputs, report

    with command.step("adt_method", "cohort") as facts:
        check_method(method, CHOICES)
        ending = ".droplets.h5mu"
        droplets = {path.name.removesuffix(ending): path for path in files if path.name.endswith(ending)}
        libraries = [path for path in files if not path.name.endswith(ending)]
        rows = [(path.stem, *inputs.summarise(path, droplets.get(path.stem))) for path in sorted(libraries)]
        table = pd.DataFrame(rows, columns=["library_id", "proteins", "empties"])
        chosen = choose(table, method)
        io.write_table(chosen, output)
        report.methods(facts, chosen, table, method)


def choose(libraries: pd.DataFrame, requested: str) -> pd.DataFrame:
    """Choose a method for each library: the same for all, unless `per_library` is given.

    auto takes dsb if every library with antibodies has empty droplets, else `FALLBACK` for all: values from two methods
    cannot be compared.

    Parameters
    ----------
    libraries
        A row per library: `library_id proteins empties`.

    Returns
    -------
    `library_id method reason`; `method` is empty for a library without antibodies.

    Raises
    ------
    UserError
        An unknown method, or dsb requested where a library lacks empty droplets.
    """
    check_method(requested, CHOICES)
    stained = libraries[libraries["proteins"] > 0]
    without = stained.loc[stained["empties"] < MIN_EMPTIES]
    if requested == "dsb" and len(without):
        raise UserError(
            f"library '{row.library_id}': {row.empties:,} empty droplets, at least {MIN_EMPTIES} are needed for dsb; "
            "give raw_counts in the samplesheet, or choose --adt_method auto or clr_protein"
            for row in without.itertuples()
        )
    rows = [(row.library_id, *_decide(row, requested, list(without["library_id"]))) for row in libraries.itertuples()]
    return pd.DataFrame(rows, columns=COLUMNS)


def check_method(requested: str, allowed: Sequence[str]) -> None:
    """Refuse a method that does not exist.

    Raises
    ------
    UserError
        With the allowed names.
    """
    if requested not in allowed:
        raise UserError(f"method '{requested}' is not known; choose one of {', '.join(allowed)}")


def mixed(chosen: pd.DataFrame) -> bool:
    """Return whether the libraries with antibodies are normalised in more than one way."""
    return len(set(chosen["method"]) - {""}) > 1


def _decide(row: Any, requested: str, without: list[str]) -> tuple[str, str]:
    """Return method and reason for one library."""
    if row.proteins == 0:
        return "", "no antibody counts"
    if requested in METHODS:
        return requested, "given by --adt_method"
    own = f"{row.empties:,} empty droplets"
    if requested == "per_library":
        return ("dsb", own) if row.empties >= MIN_EMPTIES else (FALLBACK, f"{own}, {MIN_EMPTIES} needed")
    if not without:
        return "dsb", f"every library has at least {MIN_EMPTIES} empty droplets (this one {row.empties:,})"
    lacking = f"{', '.join(without[:3])}{' and others' if len(without) > 3 else ''}"
    return FALLBACK, f"too few empty droplets in {lacking}; one method for the whole cohort"
