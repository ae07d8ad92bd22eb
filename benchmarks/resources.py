#!/usr/bin/env python3
"""What tasks take, fitted to finished runs: assets/resources.json, for the requests of tasks and for bin/plan_run.py.

    nextflow run . -profile local --input a/samplesheet.csv --outdir a/results -work-dir a/work   # some sizes
    python benchmarks/resources.py a/work b/work --output assets/resources.json
    python benchmarks/resources.py c/work --check assets/resources.json

A task's folder holds Nextflow's .command.run (its process) and .command.trace (CPU time, peak memory), its step summary
(peak memory), its files, and links to the files that it reads. Each process and quantity:
y = a + b · 1,000 cells + c · million values of the input, none negative (least squares of relative errors).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import h5py
import numpy as np
import pandas as pd
import typer

from sscite.formats.dimensions import dimensions
from sscite.plan.coefficients import design, predict

ROOT = Path(__file__).resolve().parents[1]
# count files of a task whose size tells what it needs, where Nextflow knows them when it starts the task
FILES, LIBRARY, LARGEST, MERGED, COHORT = "*counts/*", "{id}.h5mu", "libraries/*", "merged.h5mu", "cohort.h5mu"
SIZE = {
    "SAMPLES_CHECK": FILES, "SAMPLES_LOAD": FILES, "SAMPLES_AMBIENT": LIBRARY, "SAMPLES_DOUBLETS": LIBRARY,
    "DEMUX_CALL": LIBRARY, "ADT_NORMALIZE": LIBRARY, "ANNOTATE_CELLTYPIST": LIBRARY, "COHORT_MERGE": LARGEST,
    "COHORT_INTEGRATE": MERGED, "SUBSETS_CLUSTER": MERGED, "SUBSETS_SIGNATURES": MERGED, "SUBSETS_TISSUE": MERGED,
    "SUBSETS_COLLECT": MERGED, "COMPARE_PSEUDOBULK": COHORT, "COMPARE_ABUNDANCE": COHORT,
    "COMPARE_TRAJECTORY": COHORT, "COMPARE_LIGAND_RECEPTOR": COHORT, "BIOMARKERS_PANEL": COHORT,
}  # fmt: skip
PER = {"${meta.id}": "library", "${contrast_id}": "contrast"}  # by tag of its module; any other is of the cohort
AS_TEXT = {"SAMPLES_CHECK": "SAMPLES_VALIDATE", "SAMPLES_LOAD": "SAMPLES_INSPECT"}  # read as values, so without a link
PUBLISHED = (".csv", ".parquet", ".h5ad", ".png", ".svg", ".pdf", ".html", ".xml")  # of conf/publish.config
VALUES_PER_CELL = 1000  # few, so that a file of unknown cells is taken to hold many
MARGIN = 1.75  # of requests: steps that read cells in blocks take up to 1.46 times the predicted memory
GROWTH = 0.05  # share of a task's size that is spent to explain it by growth
UNITS = {"memory_mb": "peak_mb", "cpu_s": "cpu_s", "work_mb": "work_mb", "results_mb": "results_mb"}


def measured(work: Path) -> pd.DataFrame:
    """Return a row per finished task of a work folder, with the cells and values of its input or else of the cohort."""
    folders = sorted(path.parent for path in work.rglob(".exitcode") if path.read_text() == "0")
    names = {folder: name for folder in folders if (name := name_of(folder))}
    tasks = pd.DataFrame([task_row(folder, process, name) for folder, (process, name) in names.items()])
    tasks["after"] = [before(Path(row.folder), row.process, names) for row in tasks.itertuples()]
    whole = tasks[tasks["process"] == "COMPARE_PSEUDOBULK"][["cells", "values"]].max()
    lacking = tasks["cells"].isna()
    tasks.loc[lacking, "cells"], tasks.loc[lacking, "values"] = whole["cells"], whole["values"]
    per_library = tasks["name"].isin(libraries := tasks["name"][tasks["process"] == "SAMPLES_LOAD"]) & lacking
    sizes = tasks[tasks["process"] == "SAMPLES_DOUBLETS"].drop_duplicates("name").set_index("name")
    for column in ("cells", "values"):
        tasks.loc[per_library, column] = tasks.loc[per_library, "name"].map(sizes[column])
    tasks["kept"] = whole["cells"] / sizes.loc[libraries.unique(), "cells"].sum()
    return tasks


def name_of(folder: Path) -> tuple[str, str] | None:
    """Return process and tag of a task."""
    found = re.search(r"^### name: '(?:\w+:)*(\w+)(?: \((.*)\))?'", (folder / ".command.run").read_text(), re.MULTILINE)
    return (found[1], found[2] or "cohort") if found else None


def task_row(folder: Path, process: str, name: str) -> dict[str, Any]:
    """Return what a task took."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    steps = [read for path in files if path.match(f"*.{process.lower()}.json") and (read := summary(path))]
    row = trace_of(folder) | {"folder": str(folder), "process": process, "name": name}
    row["skipped"] = bool(steps) and all(step["status"] == "skipped" for step in steps)
    row["peak_mb"] = max([row["peak_mb"], *(step["peak_memory_mb"] for step in steps)])
    row["work_mb"] = sum(path.stat().st_size for path in files) / 1e6
    row["results_mb"] = sum(path.stat().st_size for path in files if is_published(path, process)) / 1e6
    row["cores"] = int(re.findall(r"SSCITE_CPUS=(\d+)", (folder / ".command.run").read_text())[0])
    counted = [path for path in folder.glob(SIZE.get(process, "-").format(id=name)) if h5py.is_hdf5(path)]
    if SIZE.get(process) == LARGEST:
        counted = sorted(counted, key=lambda path: path.stat().st_size)[-1:]
    if counted:
        row["cells"], row["values"] = np.sum([dimensions(path) for path in counted], axis=0)
        row["bytes"] = sum(path.stat().st_size for path in counted)
    return row


def summary(path: Path) -> dict[str, Any]:
    """Return a step summary; empty where the task was a stub."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if "peak_memory_mb" in content else {}


def is_published(path: Path, process: str) -> bool:
    """Return whether a file goes to the results."""
    return not path.name.startswith(".") and (
        path.suffix in PUBLISHED or process == "REPORT_GATHER" or (process, path.suffix) == ("SUBSETS_COLLECT", ".h5mu")
    )


def trace_of(folder: Path) -> dict[str, float]:
    """Return what Nextflow measured: CPU and wall seconds, peak memory in MB."""
    text = (folder / ".command.trace").read_text(encoding="utf-8")
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    wall = float(fields["realtime"]) / 1000
    return {"cpu_s": float(fields["%cpu"]) / 1000 * wall, "wall_s": wall, "peak_mb": float(fields["peak_rss"]) / 1024}


def before(folder: Path, process: str, names: dict[Path, tuple[str, str]]) -> set[str]:
    """Return the processes whose files a task reads: those of the folders that its links point into."""
    targets = [path.resolve() for path in folder.rglob("*") if path.is_symlink()]
    found = {names[parent][0] for target in targets for parent in target.parents if parent in names}
    return found | ({AS_TEXT[process]} if process in AS_TEXT else set())


def coefficients(tasks: pd.DataFrame, column: str) -> list[float]:
    """Fit a column by cells and values, relative errors alike at all sizes; [a, b, c].

    Growth costs a little (`GROWTH`): where runs are of one size, or of sizes that do not tell a constant from growth,
    the task is taken to be constant.
    """
    from scipy.optimize import nnls

    y = np.maximum(tasks[column].to_numpy(float), 1e-3)
    relative = design(tasks) / y[:, None]
    penalty = np.diag([0.0, *(GROWTH * relative[:, 1:].mean(axis=0))]) * np.sqrt(len(y))
    solution, _ = nnls(np.vstack([relative, penalty]), np.concatenate([np.ones(len(y)), np.zeros(3)]))
    return [round(float(value), 4) for value in solution]


def per_of(process: str) -> str:
    """Return what a process has a task for each of, from the tag of its module."""
    room, step = process.lower().split("_", 1)
    text = (ROOT / "modules" / room / f"{step}.nf").read_text(encoding="utf-8")
    tag = re.search(r"^    tag ['\"](.*)['\"]", text, re.MULTILINE)
    return PER.get(tag[1], "cohort") if tag else "cohort"


def fit(tasks: pd.DataFrame) -> dict[str, Any]:
    """Return the content of assets/resources.json."""
    contrasts = set(tasks["name"][tasks["process"] == "COMPARE_EXPRESSION"])
    processes = {
        str(process): fit_process(str(process), group, contrasts) for process, group in tasks.groupby("process")
    }
    kept = round(float(tasks["kept"].median()), 3)
    return {"margin": MARGIN, "values_per_cell": VALUES_PER_CELL, "kept": kept, "processes": processes}


def fit_process(process: str, tasks: pd.DataFrame, contrasts: set[str]) -> dict[str, Any]:
    """Return the entry of a process; `bytes_per_value` where its requests follow its input."""
    per = per_of(process)
    names, after = set(tasks["name"]), sorted(set().union(*tasks["after"]) - {process})
    tasks = tasks if tasks["skipped"].all() else tasks[~tasks["skipped"]]
    cores = int(tasks["cores"].max())
    used = (tasks["cpu_s"] / tasks["wall_s"]).max()
    entry: dict[str, Any] = {
        "per": per,
        "also": sorted(names - contrasts) if per == "contrast" else [],
        "size": {FILES: "files", LARGEST: "largest"}.get(SIZE.get(process, ""), per),
        "after": after,
        "cores": cores,
        "cores_used": round(float(np.clip(used, 1, cores)), 2),
        **{name: coefficients(tasks, column) for name, column in UNITS.items()},
    }
    if process in SIZE:
        entry["bytes_per_value"] = round(float((tasks["bytes"] / tasks["values"]).median()), 2)
    return entry


def main(
    works: Annotated[list[Path], typer.Argument(help="work folders of finished runs", exists=True)],
    output: Annotated[Path | None, typer.Option(help="write the fitted coefficients")] = None,
    check: Annotated[Path | None, typer.Option(help="compare with these coefficients instead of fitting")] = None,
) -> None:
    """Fit, or check, what tasks take."""
    tasks = pd.concat([measured(work.resolve()) for work in works], ignore_index=True)
    found = json.loads(check.read_text(encoding="utf-8")) if check else fit(tasks)
    for process, group in tasks.groupby("process"):
        for name, column in (("memory_mb", "predicted_mb"), ("cpu_s", "predicted_s")):
            tasks.loc[group.index, column] = predict(found["processes"][process][name], group)
    tasks["factor"] = (tasks["peak_mb"] / tasks["predicted_mb"]).round(2)
    shown = ["process", "cells", "values", "cpu_s", "predicted_s", "peak_mb", "predicted_mb", "factor"]
    print(tasks.sort_values(["process", "values"])[shown].round(1).to_string(index=False))
    print("measured / predicted memory:", tasks["factor"].min(), "to", tasks["factor"].max())
    if output:
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(typer.run(main))
