"""The tasks of a run and what each will take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sscite.plan.coefficients import predict

if TYPE_CHECKING:
    from sscite.plan.coefficients import Table

TAKEN = ["memory_mb", "cpu_s", "work_mb", "results_mb"]
OVERHEAD_S = 1.0  # between tasks: Nextflow stages files, starts the task and sees that it has ended


def plan_tasks(sizes: pd.DataFrame, groups: Mapping[str, list[str]], table: Table) -> pd.DataFrame:
    """Return a row for each task, after those that it waits for.

    Parameters
    ----------
    sizes
        A row per library, indexed by its identifier: `cells values` of its counts, `file_cells file_values` of all its
        count files.
    groups
        What a process has a task for each of: identifiers by `library`, `contrast` and `cohort`.
    table
        Of `coefficients.read_coefficients`.

    Returns
    -------
    Columns process, name, cores, seconds, memory_mb, cpu_s, work_mb, results_mb.
    """
    rows = []
    for process in in_order(table["processes"]):
        needs = table["processes"][process]
        names = [*groups[needs["per"]], *needs.get("also", [])]
        task_sizes = sizes_of(needs, names, sizes, table["kept"])
        taken = {column: predict(needs[column], task_sizes) for column in TAKEN}
        seconds = taken["cpu_s"] / needs["cores_used"] + OVERHEAD_S
        rows.append(
            pd.DataFrame({"process": process, "name": names, "cores": needs["cores"], "seconds": seconds, **taken})
        )
    return pd.concat(rows, ignore_index=True)


def sizes_of(needs: Mapping[str, Any], names: list[str], sizes: pd.DataFrame, kept: float) -> pd.DataFrame:
    """Return `cells values` of the input of a process's tasks: a library's own, the largest's, or all that are kept."""
    if needs["per"] == "library":
        prefix = "file_" if needs["size"] == "files" else ""
        return pd.DataFrame({name: sizes.loc[names, f"{prefix}{name}"] for name in ("cells", "values")})
    columns = sizes[["cells", "values"]]
    size = columns.loc[columns["values"].idxmax()] if needs["size"] == "largest" else columns.sum() * kept
    return pd.DataFrame([size] * len(names))


def in_order(processes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the processes, each after those that it reads from."""
    order: list[str] = []
    while len(order) < len(processes):
        ready = [name for name in processes if name not in order and set(processes[name]["after"]) <= set(order)]
        order += ready
        if not ready:
            raise ValueError(f"processes wait for one another: {sorted(set(processes) - set(order))}")
    return order


def waits(tasks: pd.DataFrame, processes: Mapping[str, Mapping[str, Any]]) -> list[list[int]]:
    """Return for each task the positions of those it waits for: of its own library or contrast where both have one."""
    positions = {name: np.flatnonzero(tasks["process"] == name) for name in processes}
    names = tasks["name"].to_numpy()
    found = []
    for process, name in zip(tasks["process"], names, strict=True):
        before: list[int] = []
        for other in processes[process]["after"]:
            same = processes[other]["per"] == processes[process]["per"]
            before += [int(i) for i in positions[other] if not same or names[i] == name]
        found.append(before)
    return found
