"""The three ends of adt_normalize.py."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.io import write_elem
from scipy import sparse

NAMES = [*(f"CD{i}" for i in (3, 4, 8, 14, 16, 19, 56, 5, 7, 11)), "IgG1_control", "IgG2a_control"]


def table(path: Path, rows: int, *, seed: int, mean: float) -> Path:
    counts = np.random.default_rng(seed).poisson(mean, (rows, len(NAMES)))
    pd.DataFrame(counts, index=[f"cell{i}" for i in range(rows)], columns=NAMES).to_csv(path, index_label="barcode")
    return path


def h5mu(path: Path, **modalities: AnnData) -> Path:
    with h5py.File(path, "w") as file:
        write_elem(file, "obs", next(iter(modalities.values())).obs)
        for name, data in modalities.items():
            write_elem(file.require_group("mod"), name, data)
    return path


def test_done_writes_a_table_like_the_one_given(script, tmp_path: Path):
    cells = table(tmp_path / "cells.csv.gz", 60, seed=0, mean=30)
    empties = table(tmp_path / "empty.csv.gz", 120, seed=1, mean=5)
    arguments = ["--cells", cells, "--empty-droplets", empties, "--isotypes", "IgG1_control,IgG2a_control"]
    done = script("adt_normalize.py", *arguments, "--method", "dsb", "--output", "norm.csv.gz")
    assert done.returncode == 0, done.stderr
    values = pd.read_csv(tmp_path / "norm.csv.gz", index_col="barcode")
    assert values.shape == (60, 12)
    assert values.index[0] == "cell0"
    assert np.isfinite(values.to_numpy()).all()
    facts = json.loads((tmp_path / "library.adt_normalize.json").read_text())
    assert facts["numbers"]["empty_droplets"] == 120
    assert facts["numbers"]["technical_slopes"] == "over all cells"
    assert {figure["name"] for figure in facts["figures"]} == {"distributions", "antibodies", "noise"}


def test_skipped_without_antibodies_writes_empty_files_and_the_reason(script, tmp_path: Path):
    rna = AnnData(sparse.csr_matrix(np.ones((3, 2))), obs=pd.DataFrame(index=["L:a", "L:b", "L:c"]))
    done = script("adt_normalize.py", "--id", "L", "--library", h5mu(tmp_path / "L.h5mu", rna=rna))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "L.adt_normalize.json").read_text())["reason"] == "no_antibodies"
    assert pd.read_parquet(tmp_path / "L.adt_normalize.parquet").shape == (0, 0)
    assert pd.read_csv(tmp_path / "L.adt_panel.csv").columns[:2].tolist() == ["feature", "protein"]
    assert len(pd.read_parquet(tmp_path / "L.adt_cells.parquet")) == 0


def test_negative_and_missing_counts_are_the_users_error(script, tmp_path: Path):
    path = tmp_path / "bad.csv"
    path.write_text("barcode,CD3,CD4\na,1,-2\nb,,4\n")
    done = script("adt_normalize.py", "--cells", path, "--method", "clr_cell")
    assert done.returncode == 2
    assert "negative" in done.stderr
    assert "missing" in done.stderr
    assert "Traceback" not in done.stderr
