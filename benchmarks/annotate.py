#!/usr/bin/env python3
"""CellTypist's prediction, theirs and ours, side by side: labels, probabilities, time, memory beyond the input."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def resampled(source: Path, cells: int, genes: int, seed: int):
    """Draw cells with replacement from real counts, and add rare genes until there are as many as requested."""
    import anndata
    import numpy as np
    from scipy import sparse

    real = anndata.read_h5ad(source)
    rng = np.random.default_rng(seed)
    matrix = sparse.csr_matrix(real.X).astype(np.int32)[rng.integers(0, real.n_obs, cells)]
    rare = sparse.random(cells, max(genes - real.n_vars, 0), density=0.005, format="csr", rng=rng)
    rare.data = np.ones(len(rare.data))
    names = [*real.var_names, *(f"RARE{i}" for i in range(rare.shape[1]))]
    return sparse.hstack([matrix, rare.astype(np.int32)], format="csr"), names


def status(field: str) -> float:
    """Read a memory figure of this process in GB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024**2


def measure(tool: str, folder: Path, model: Path, out: Path) -> None:
    """Run one tool in this process and write its labels, probabilities, seconds and GB beyond the input."""
    import numpy as np
    import pandas as pd
    from scipy import sparse

    counts = sparse.load_npz(folder / "counts.npz")
    genes = (folder / "genes.txt").read_text().split("\n")
    cells = pd.Index([f"c{i}" for i in range(counts.shape[0])])
    run = {"celltypist": _celltypist, "sscite": _sscite, "sscite_voting": _voting}[tool](counts, cells, genes, model)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, start = status("VmRSS"), time.perf_counter()
    labels, probabilities = run()
    seconds, gigabytes = time.perf_counter() - start, status("VmHWM") - before
    figures = {"tool": tool, "seconds": round(seconds, 2), "gb": round(gigabytes, 3), "input_gb": round(before, 2)}
    np.savez(out, labels=np.asarray(labels, dtype=str), probabilities=probabilities)
    print(json.dumps(figures))


def _celltypist(counts, cells, genes, model):
    """Prepare CellTypist's input as its users do; importing and normalising are not counted."""
    import anndata
    import celltypist
    import numpy as np
    import scanpy as sc

    celltypist.logger.set_level(40)
    data = anndata.AnnData(counts.astype(np.float32))
    data.obs_names, data.var_names = cells, genes
    sc.pp.normalize_total(data, target_sum=1e4)
    sc.pp.log1p(data)
    loaded = celltypist.models.Model.load(str(model.resolve()))

    def run():
        found = celltypist.annotate(data, model=loaded)
        return found.predicted_labels["predicted_labels"], found.probability_matrix.to_numpy()

    return run


def _sscite(counts, _cells, genes, model):
    """Predict from raw counts; normalising is counted."""
    import numpy as np
    import pandas as pd

    from sscite.annotate.genes import match
    from sscite.annotate.model_file import load
    from sscite.annotate.predict import predict

    features = pd.DataFrame({"gene_id": ""}, index=genes)

    def run():
        loaded = load(model)
        overlap = match(features, loaded.genes, np.abs(loaded.coefficients).sum(axis=0), symbols={})
        scores = predict(counts, overlap, loaded)
        return scores.best_match(), scores.probability()

    return run


def _voting(counts, cells, genes, model):
    """Annotate from raw counts to lineages, with majority voting."""
    import faiss  # noqa: F401 imports apart
    import igraph  # noqa: F401
    import numpy as np
    import pandas as pd

    from sscite.annotate import celltypist
    from sscite.annotate.model_file import load

    features = pd.DataFrame({"gene_id": ""}, index=genes)

    def run():
        found = celltypist.annotate(counts, cells, features, load(model))
        return found.cells["cell_type"], np.empty(0)

    return run


def main(
    cells: Annotated[int, typer.Option(help="cells, drawn with replacement from real ones")] = 50_000,
    genes: Annotated[int, typer.Option(help="genes; beyond the real ones rare ones are added")] = 20_000,
    model: Annotated[Path, typer.Option(help="a CellTypist model")] = DATA / "celltypist" / "Immune_All_Low.pkl",
    source: Annotated[Path, typer.Option(help="real raw counts, .h5ad")] = DATA / "rna" / "pbmc_facs_3774.h5ad",
    tools: Annotated[
        str, typer.Option(help="comma-separated: celltypist, sscite, sscite_voting")
    ] = "celltypist,sscite",
    one: Annotated[str, typer.Option(hidden=True)] = "",
    folder: Annotated[Path | None, typer.Option(hidden=True)] = None,
    seed: Annotated[int, typer.Option(help="of the drawing")] = 0,
) -> None:
    """CellTypist's prediction, theirs and ours, side by side: labels, probabilities, time, memory beyond the input."""
    import numpy as np
    from scipy import sparse

    if one and folder:
        measure(one, folder, model, folder / f"{one}.npz")
        return
    with tempfile.TemporaryDirectory() as name:
        matrix, symbols = resampled(source, cells, genes, seed)
        sparse.save_npz(Path(name) / "counts.npz", matrix, compressed=False)
        (Path(name) / "genes.txt").write_text("\n".join(symbols))
        del matrix
        rows = {}
        for tool in tools.split(","):
            command = [sys.executable, __file__, "--one", tool, "--folder", name, "--model", str(model)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr[-2000:])
            rows[tool] = json.loads(done.stdout.strip().splitlines()[-1])
            print(f"{tool:14} {rows[tool]['seconds']:8.2f} s {rows[tool]['gb']:8.3f} GB beyond the input")
        summary: dict[str, object] = {
            "cells": cells,
            "genes": genes,
            **{f"{t}_{k}": r[k] for t, r in rows.items() for k in ("seconds", "gb")},
        }
        if {"celltypist", "sscite"} <= rows.keys():
            theirs, ours = (np.load(Path(name) / f"{tool}.npz") for tool in ("celltypist", "sscite"))
            summary["labels_equal"] = bool((theirs["labels"] == ours["labels"]).all())
            summary["largest_difference"] = float(np.abs(theirs["probabilities"] - ours["probabilities"]).max())
            summary["time_ratio"] = round(rows["sscite"]["seconds"] / rows["celltypist"]["seconds"], 3)
            summary["memory_ratio"] = round(rows["sscite"]["gb"] / rows["celltypist"]["gb"], 3)
    print(json.dumps(summary))


if __name__ == "__main__":
    typer.run(main)
