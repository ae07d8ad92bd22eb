"""Elements of our own files are read as anndata reads them, without its import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite import elements, io

OF_A_LIBRARY = (
    "demux.call", "demux.genotypes", "samples.doublets", "samples.ambient", "adt.method", "adt.normalize",
    "annotate.celltypist", "annotate.protein",
)  # fmt: skip
OF_A_CONTRAST = ("composition", "calibration", "expression", "enrichment")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    from anndata import AnnData

    obs = pd.DataFrame(
        {"n": [3, 1, 2], "share": [0.5, np.nan, 1.0], "kind": pd.Categorical(["b", None, "a"], categories=["b", "a"]),
         "kept": [True, False, True]},
        index=pd.Index(["c1", "c2", "c3"], name="cell"),
    )  # fmt: skip
    var = pd.DataFrame({"gene_id": ["ENSG1", ""]}, index=["α", "B"])
    counts = sparse.csr_matrix(np.array([[0, 2], [1, 0], [0, 0]], np.int32))
    path = tmp_path / "one.h5mu"
    data = AnnData(counts, obs=obs, var=var, obsm={"X_pca": np.eye(3)}, uns={"note": "text", "n": 2})
    data.layers["by_gene"] = counts.tocsc()
    with h5py.File(path, "w") as file:
        from anndata.io import write_elem

        write_elem(file.create_group("mod"), "rna", data)
        write_elem(file, "obs", obs)
    return path


def test_tables_and_matrices_are_those_that_anndata_reads(file: Path):
    from anndata.io import read_elem

    with h5py.File(file) as opened:
        expected = read_elem(opened["mod/rna"])
        for name in ("obs", "var"):
            frame = elements.read(opened[f"mod/rna/{name}"])
            pd.testing.assert_frame_equal(frame, getattr(expected, name), check_names=True)
        for name, matrix in (("X", expected.X), ("layers/by_gene", expected.layers["by_gene"])):
            found = elements.read(opened[f"mod/rna/{name}"])
            assert type(found) is type(matrix)
            assert found.dtype == matrix.dtype
            np.testing.assert_array_equal(found.toarray(), matrix.toarray())
        np.testing.assert_array_equal(elements.read(opened["mod/rna/obsm/X_pca"]), np.eye(3))
        assert elements.read(opened["mod/rna/uns"]) == {"note": "text", "n": 2}  # scalars are left to anndata


def test_a_modality_has_its_counts_cells_and_features(file: Path):
    rna = io.read_modality(file, "rna")
    assert (rna.shape, rna.n_obs, rna.n_vars, len(rna)) == ((3, 2), 3, 2, 3)
    assert list(rna.obs_names) == ["c1", "c2", "c3"]
    assert list(rna.var_names) == ["α", "B"]
    assert rna.X.toarray().tolist() == [[0, 2], [1, 0], [0, 0]]


def test_the_steps_of_a_library_and_of_a_contrast_start_without_anndata_scanpy_and_scikit_learn():
    steps = (*OF_A_LIBRARY, *(f"compare.{name}.run" for name in OF_A_CONTRAST))
    modules = ", ".join(f"sscite.{name}" for name in steps)
    code = (
        f"import sys, {modules}; print({{'anndata', 'mudata', 'scanpy', 'sklearn', 'scipy.stats'}} & {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
