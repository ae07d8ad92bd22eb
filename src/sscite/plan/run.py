"""Print what a run on a samplesheet will take."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite.errors import UserError
from sscite.formats.dimensions import dimensions
from sscite.plan.coefficients import Table, read_coefficients
from sscite.plan.schedule import last_end
from sscite.plan.tasks import plan_tasks, waits
from sscite.samples.check import ROW, place
from sscite.samples.files import ANTIBODIES, COUNTS, HASHTAGS, RAW
from sscite.samples.validate import Validated, validate


def run(samplesheet: Path, contrasts: Path | None, coefficients: Path, *, reference_tissue: str, cores: int) -> str:
    """Return the plan of a run as text: a table of the processes, then the run's totals."""
    checked = validate(samplesheet, contrasts, reference_tissue=reference_tissue)
    sizes = library_sizes(checked.files, samplesheet.resolve().parent)
    table = read_coefficients(coefficients)
    tasks = plan_tasks(sizes, groups_of(checked), table)
    return f"{by_process(tasks).to_string(index=False)}\n\n{totals(tasks, sizes, table, cores)}"


def groups_of(checked: Validated) -> dict[str, list[str]]:
    """Return what processes have a task for each of; without contrasts one task stands for them."""
    return {
        "library": list(checked.files["library_id"]),
        "contrast": list(checked.contrasts["contrast_id"]) or ["cohort"],
        "cohort": ["cohort"],
    }


def library_sizes(files: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return a row per library: `cells values` of its counts, `file_cells file_values` of all its count files.

    Raises
    ------
    UserError
        Files are missing or unreadable: every one, with its row, column and library.
    """
    rows, problems = {}, []
    for record in files.to_dict("records"):
        found = {}
        for column in (COUNTS, RAW, HASHTAGS, ANTIBODIES):
            if record.get(column):
                try:
                    found[column] = file_dimensions(str(record[column]), folder)
                except UserError as error:
                    written = str(folder / record[column])
                    where = place(record, column).replace(ROW, record["rows"].split(";")[0])
                    problems += [problem.replace(written, where, 1) for problem in error.problems]
        if COUNTS in found:
            all_files = [sum(numbers) for numbers in zip(*found.values(), strict=True)]
            rows[record["library_id"]] = [*found[COUNTS], *all_files]
    if problems:
        raise UserError(problems)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["cells", "values", "file_cells", "file_values"])


def file_dimensions(written: str, folder: Path) -> tuple[int, int]:
    """Return cells and values of a file of the sheet."""
    if "://" in written:
        raise UserError(f"{folder / written}: the size of a remote file is not read; give a sheet with local copies")
    return dimensions(folder / written)


def by_process(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return a row per process: tasks, peak memory of the largest in GB, CPU hours and files in GB of all."""
    grouped = tasks.groupby("process", sort=False)
    return pd.DataFrame(
        {
            "process": list(grouped.groups),
            "tasks": grouped.size().to_numpy(),
            "memory_gb": (grouped["memory_mb"].max() / 1000).round(2).to_numpy(),
            "core_hours": (grouped["cpu_s"].sum() / 3600).round(3).to_numpy(),
            "work_gb": (grouped["work_mb"].sum() / 1000).round(3).to_numpy(),
        }
    )


def totals(tasks: pd.DataFrame, sizes: pd.DataFrame, table: Table, cores: int) -> str:
    """Return the run's totals, a line each."""
    largest = tasks.loc[tasks["memory_mb"].idxmax()]
    wall = last_end(list(tasks["seconds"]), list(tasks["cores"]), waits(tasks, table["processes"]), cores)
    lines = {
        "libraries, cells": f"{len(sizes):,}, {sizes['cells'].sum():,}",
        "tasks": f"{len(tasks):,}",
        "peak memory": f"{largest['memory_mb'] / 1000:.2f} GB ({largest['process']}; "
        f"requested {table['margin'] * largest['memory_mb'] / 1000:.2f} GB)",
        "core hours": f"{tasks['cpu_s'].sum() / 3600:.2f}",
        f"wall on {cores} cores": f"{wall / 3600:.2f} h, without waiting in a queue",
        "work folder": f"{tasks['work_mb'].sum() / 1000:.2f} GB",
        "results": f"{tasks['results_mb'].sum() / 1000:.2f} GB",
    }
    return "\n".join(f"{name:<20}{text}" for name, text in lines.items())
