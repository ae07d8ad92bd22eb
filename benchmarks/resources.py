#!/usr/bin/env python3
"""Peak memory and CPU time of the steps that grow with the cells, fitted to finished runs: assets/resources.json.

    nextflow run . -profile local --input a/samplesheet.csv --outdir a/results -work-dir a/work   # some sizes
    python benchmarks/resources.py a/work b/work --output assets/resources.json
    python benchmarks/resources.py c/work --check assets/resources.json

A task's folder holds its step summary (peak memory), its count files (cells, stored values, bytes) and Nextflow's
.command.trace (CPU time). Each step: y = a + b · 1,000 cells + c · million values, none negative (least squares).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import h5py
import numpy as np
import pandas as pd
import typer

# count files of a task whose size tells what it needs
LIBRARY, MERGED, COHORT = "{id}.h5mu", "merged.h5mu", "cohort.h5mu"
SIZE = {
    "samples_check": "*counts/*", "samples_load": "*counts/*", "samples_ambient": LIBRARY, "samples_doublets": LIBRARY,
    "demux_call": LIBRARY, "adt_normalize": LIBRARY, "annotate_celltypist": LIBRARY, "cohort_merge": MERGED,
    "cohort_integrate": MERGED, "subsets_cluster": MERGED, "subsets_signatures": MERGED, "subsets_tissue": MERGED,
    "subsets_collect": MERGED, "compare_pseudobulk": COHORT, "compare_abundance": COHORT,
    "compare_trajectory": COHORT, "compare_ligand_receptor": COHORT, "biomarkers_panel": COHORT,
}  # fmt: skip
MATRICES = ("matrix", "mod/rna/layers/counts", "mod/rna/X")
VALUES_PER_CELL = 1000  # few, so that a file of unknown cells is taken to hold many
MARGIN = 1.5


def dimensions(path: Path) -> tuple[int, int]:
    """Return cells and stored values of a count file."""
    with h5py.File(path) as file:
        group = next(file[name] for name in MATRICES if name in file)
        return len(group["indptr"]) - 1, len(group["data"])


def measured(folder: Path) -> pd.DataFrame:
    """Return a row per task: `step folder peak_mb cpu_s cells values bytes`."""
    rows = []
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size else None
        if path.is_symlink() or not isinstance(content, dict) or content.get("step") not in SIZE:
            continue
        files = [f for f in path.parent.glob(SIZE[content["step"]].format(id=content["id"])) if h5py.is_hdf5(f)]
        if files and content.get("status") == "done":
            cells, values = np.sum([dimensions(file) for file in files], axis=0)
            rows.append(
                {"step": content["step"], "folder": str(path.parent), "peak_mb": content["peak_memory_mb"],
                 "cpu_s": cpu_seconds(path.parent / ".command.trace"), "cells": cells, "values": values,
                 "bytes": sum(file.stat().st_size for file in files)}
            )  # fmt: skip
    keys = ["step", "folder", "cells", "values", "bytes"]
    return pd.DataFrame(rows).groupby(keys, as_index=False).max() if rows else pd.DataFrame(columns=keys)


def cpu_seconds(trace: Path) -> float:
    """Return the CPU time that Nextflow measured; NaN without its trace."""
    if not trace.exists():
        return np.nan
    fields = dict(line.split("=", 1) for line in trace.read_text(encoding="utf-8").splitlines() if "=" in line)
    return float(fields["%cpu"]) / 1000 * float(fields["realtime"]) / 1000


def coefficients(tasks: pd.DataFrame, column: str) -> list[float]:
    """Fit a column by cells and values, relative errors alike at all sizes; [a, b, c]."""
    from scipy.optimize import nnls

    known = tasks[tasks[column].notna()]
    design = np.column_stack([np.ones(len(known)), known["cells"] / 1e3, known["values"] / 1e6])
    y = np.maximum(known[column].to_numpy(float), 0.1)
    return [round(float(value), 3) for value in nnls(design / y[:, None], np.ones(len(y)))[0]]


def fit(tasks: pd.DataFrame) -> dict[str, object]:
    """Return the content of assets/resources.json."""
    processes = {
        str(step).upper(): {
            "memory_mb": coefficients(group, "peak_mb"),
            "cpu_s": coefficients(group, "cpu_s"),
            "bytes_per_value": round(float((group["bytes"] / group["values"]).median()), 2),
        }
        for step, group in tasks.groupby("step")
    }
    return {"margin": MARGIN, "values_per_cell": VALUES_PER_CELL, "processes": processes}


def predicted(tasks: pd.DataFrame, table: dict[str, dict[str, list[float]]]) -> pd.Series:
    """Return the peak memory in MB that the coefficients predict for each task; NaN for a step without any."""
    design = np.column_stack([np.ones(len(tasks)), tasks["cells"] / 1e3, tasks["values"] / 1e6])
    known = [table.get(step.upper(), {"memory_mb": [np.nan] * 3})["memory_mb"] for step in tasks["step"]]
    return pd.Series((design * np.array(known)).sum(axis=1), index=tasks.index)


def main(
    folders: Annotated[list[Path], typer.Argument(help="work folders of finished runs", exists=True)],
    output: Annotated[Path | None, typer.Option(help="write the fitted coefficients")] = None,
    check: Annotated[Path | None, typer.Option(help="compare with these coefficients instead of fitting")] = None,
) -> None:
    """Fit, or check, what the steps need."""
    tasks = pd.concat([measured(folder) for folder in folders], ignore_index=True)
    found = json.loads(check.read_text(encoding="utf-8")) if check else fit(tasks)
    tasks["predicted_mb"] = predicted(tasks, found["processes"]).round()
    tasks["factor"] = (tasks["peak_mb"] / tasks["predicted_mb"]).round(2)
    by_size = tasks.sort_values(["step", "values"]).drop(columns=["folder", "bytes"])
    print(by_size.to_string(index=False))
    print("measured / predicted:", tasks["factor"].min(), "to", tasks["factor"].max())
    if output:
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(typer.run(main))
