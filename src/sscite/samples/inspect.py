"""Put together what the files of all libraries hold, or end the run with the problems of all files at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from sscite.errors import UserError
from sscite.reading import read_json
from sscite.samples.check import ROW, Checked, Paths, check
from sscite.samples.files import given

COLUMNS = [
    "library_id", "library", "capture", "format", "cells", "genes", "antibodies", "hashtags", "droplets", "counts",
]  # fmt: skip


def run(files: Path, checks: Path | None, samples: Path | None, *, facts: Any) -> None:
    """Report what all libraries hold, and write the number of cells of each library and capture.

    Parameters
    ----------
    files
        files.csv of samples_validate.
    checks
        Folder of `<library_id>.check.json` of samples_check; without it the files are read here, library by library.
    samples
        samples.csv of samples_validate, needed without `checks`.

    Raises
    ------
    UserError
        Every problem of every file, or neither `checks` nor `samples` was given.
    """
    from sscite import io
    from sscite.samples import report

    table = io.read_table(files)
    if checks is not None:
        checked = {library: _read(checks / f"{library}.check.json") for library in table["library_id"]}
    elif samples is not None:
        checked = check_here(table, io.read_table(samples))
    else:
        raise UserError("--samples or --checks is needed; give the samples.csv that samples_validate wrote")
    libraries, warnings = inspect(table, checked)
    report.inspected(facts, libraries, warnings)
    sums = pd.DataFrame([entry for found in checked.values() for entry in found.checksums], columns=["file", "sha256"])
    facts.table("checksums", sums, "Checksums of the files", "SHA-256, as in the provenance.")
    io.write_table(capture_cells(libraries), Path("cohort.capture_cells.csv"))


def check_here(files: pd.DataFrame, samples: pd.DataFrame) -> dict[str, Checked]:
    """Read and check the files of every library, one after another, by `library_id`."""
    records: list[dict[str, str]] = files.to_dict("records")
    checked = {}
    for record in records:
        paths: Paths = {column: Path(record[column]) for column in given(record)}
        checked[record["library_id"]] = check(record, samples, paths)
    return checked


def capture_cells(libraries: pd.DataFrame) -> pd.DataFrame:
    """Return `library_id cells capture_cells`: the cells of each library, and of all libraries of its capture."""
    whole = libraries.groupby("capture")["cells"].transform("sum")
    return libraries[["library_id", "cells"]].assign(capture_cells=whole)


def inspect(files: pd.DataFrame, checked: dict[str, Checked]) -> tuple[pd.DataFrame, list[str]]:
    """Put together what was found in the files of each library.

    Parameters
    ----------
    files
        A row per library, with its rows of the samplesheet.
    checked
        By library_id.

    Returns
    -------
    What each library holds (columns `COLUMNS`), and warnings.

    Raises
    ------
    UserError
        Every problem of every file, with the row of the samplesheet.
    """
    rows, warnings, problems = [], [], []
    seen: dict[str, str] = {}
    for record in files.to_dict("records"):
        found, library = checked[record["library_id"]], record["library"]
        if found.problems:
            problems += [problem.replace(ROW, record["rows"].split(";")[0]) for problem in found.problems]
            continue
        rows.append(found.row)
        twin = seen.setdefault(found.fingerprint, library)
        if twin != library:
            warnings.append(f"Libraries '{twin}' and '{library}' hold the same cells: was one file given twice?")
        warnings += [f"{library}: {doubt}." for doubt in found.doubts]
    if problems:
        raise UserError(problems)
    return pd.DataFrame(rows, columns=COLUMNS), warnings


def _read(path: Path) -> Checked:
    """Read what samples_check found in one library."""
    return Checked(**read_json(path, "the check of a library by samples_check.py"))
