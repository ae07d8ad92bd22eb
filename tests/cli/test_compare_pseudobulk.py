from __future__ import annotations

import json
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from sscite.cohort import writer
from sscite.compare.pseudobulk import sums
from sscite.compare.pseudobulk.files import read_pseudobulk


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Six cells of two samples with two genes and one protein."""
    obs = pd.DataFrame({
        "sample": list("aaabbb"), "donor": list("xxxyyy"), "tissue": "blood", "lineage": "mono",
        "subset": list("AABAAB"), "qc_pass": [True] * 5 + [False], "doublet": False,
    }, index=[f"L:{i}" for i in range(6)])  # fmt: skip
    counts = sparse.csr_matrix(np.arange(1, 13).reshape(6, 2).astype(np.float32))
    protein = AnnData(counts[:, :1], obs=obs[[]], var=pd.DataFrame(index=["CD14"]))
    protein.layers["dsb"] = np.arange(6, dtype=np.float32)[:, None]
    cohort = writer.CohortWriter(tmp_path / "cohort.h5mu", 2)
    cohort.append(counts, np.log1p(counts.data))
    cohort.finish(obs, pd.DataFrame(index=["G1", "G2"]), protein=protein, uns={})
    obs.rename_axis("cell").to_parquet(tmp_path / "cells.parquet")
    return tmp_path


def test_raw_counts_and_protein_of_good_cells_are_summed_and_averaged(script, cohort: Path):
    done = script("compare_pseudobulk.py", "--cohort", "cohort.h5mu", "--cells", "cells.parquet")
    assert done.returncode == 0, done.stderr
    rows = anndata.read_h5ad(cohort / "pseudobulk.h5ad")
    assert rows["a|subset|mono|A"].X.toarray().tolist() == [[1 + 3, 2 + 4]]
    assert rows["b|lineage|all|mono"].X.toarray().tolist() == [[7 + 9, 8 + 10]]
    assert rows["a|subset|mono|A"].obsm["prot"].tolist() == [[0.5]]
    assert list(rows.uns["prot"]) == ["CD14"]
    read = read_pseudobulk(cohort / "pseudobulk.h5ad")  # without anndata
    assert read.X.toarray().tolist() == rows.X.toarray().tolist()
    pd.testing.assert_frame_equal(read.obs, rows.obs)
    assert list(read.var_names) == list(rows.var_names)
    assert (read.obsm["prot"].tolist(), list(read.uns["prot"])) == (rows.obsm["prot"].tolist(), ["CD14"])
    assert pd.read_csv(cohort / "composition.csv")["cells"].sum() == 2 * 5


def test_a_cohort_without_a_good_cell_is_skipped_with_empty_tables(script, cohort: Path):
    cells = pd.read_parquet(cohort / "cells.parquet").assign(qc_pass=False)
    cells.to_parquet(cohort / "cells.parquet")
    done = script("compare_pseudobulk.py", "--cohort", "cohort.h5mu", "--cells", "cells.parquet")
    assert done.returncode == 0, done.stderr
    assert json.loads((cohort / "cohort.compare_pseudobulk.json").read_text())["reason"] == "too_few_cells"
    assert pd.read_csv(cohort / "composition.csv").empty
    assert anndata.read_h5ad(cohort / "pseudobulk.h5ad").n_obs == 0
    rows = read_pseudobulk(cohort / "pseudobulk.h5ad")  # what the questions read: no subset, and no error
    assert (rows.X.shape, list(rows.obs)) == ((0, 0), sums.ROW)


def test_a_missing_file_is_the_users_error(script):
    done = script("compare_pseudobulk.py", "--cohort", "absent.h5mu", "--cells", "absent.parquet")
    assert done.returncode == 2
    assert "absent.h5mu" in done.stderr
