"""The ends of adt_method.py."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from anndata.io import write_elem
from scipy import sparse


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two libraries; only L1 has empty droplets."""
    rng = np.random.default_rng(0)
    paths = []
    for name, rows in (("L1", 300), ("L2", 0)):
        obs = pd.DataFrame({"n_counts": np.full(50, 2000)}, index=[f"{name}:{i}" for i in range(50)])
        cells = AnnData(sparse.csr_matrix(rng.poisson(300, (50, 8))), obs=obs)
        empties = AnnData(sparse.csr_matrix(rng.poisson(9, (rows, 8))))
        empties.obs = pd.DataFrame(
            {"rna_counts": np.full(rows, 20), "prot_counts": np.asarray(empties.X.sum(axis=1)).ravel().astype(int)},
            index=[f"{name}:e{i}" for i in range(rows)],
        )
        for suffix, data in ((".h5mu", cells), (".droplets.h5mu", empties)):
            paths.append(tmp_path / f"{name}{suffix}")
            with h5py.File(paths[-1], "w") as file:
                write_elem(file, "obs", data.obs)
                write_elem(file.require_group("mod"), "prot", data)
    return paths


def test_one_library_without_empty_droplets_decides_for_both(script, tmp_path: Path, files: list[Path]):
    done = script("adt_method.py", *files)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "adt_method.csv")
    assert table[["library_id", "method"]].to_numpy().tolist() == [["L1", "clr_protein"], ["L2", "clr_protein"]]


def test_dsb_asked_for_where_it_cannot_be_is_the_users_error(script, files: list[Path]):
    done = script("adt_method.py", *files, "--method", "dsb")
    assert done.returncode == 2
    assert "library 'L2': 0 empty droplets" in done.stderr
    assert "L1" not in done.stderr
