"""The annotation scripts: done, skipped, refused."""

import json
import pickle

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

MARKERS = {"B cells": "MS4A1", "Monocytes": "LYZ", "T cells": "CD3E"}


@pytest.fixture
def folder(tmp_path):
    """Sixty cells of three types, and a model fitted to them."""
    rng = np.random.default_rng(0)
    genes = [*MARKERS.values(), *(f"GENE{i}" for i in range(40))]
    kind = np.arange(60) % 3
    counts = rng.poisson(1, (60, len(genes)))
    counts[np.arange(60), kind] += 60
    write(tmp_path / "cells.h5ad", counts, genes)
    log = np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)
    scaler = StandardScaler().fit(log)
    classifier = LogisticRegression().fit(scaler.transform(log), np.array(list(MARKERS))[kind])
    classifier.features = np.array(genes, dtype=object)
    (tmp_path / "mine.pkl").write_bytes(pickle.dumps({"Model": classifier, "Scaler_": scaler, "description": {}}))
    return tmp_path


def write(path, counts, genes):
    cells = pd.DataFrame(index=[f"c{i}" for i in range(len(counts))])
    anndata.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=cells, var=pd.DataFrame(index=genes)).write_h5ad(
        path
    )


def facts(folder, step, id="cells"):
    return json.loads((folder / f"{id}.{step}.json").read_text())


def test_a_bare_run_writes_labels_and_the_protein_witness_reads_them(script, folder):
    done = script("annotate_celltypist.py", "--counts", "cells.h5ad", "--model", "mine.pkl", "--output", "labels.csv")
    assert done.returncode == 0, done.stderr
    labels = pd.read_csv(folder / "labels.csv", index_col="cell")
    assert list(labels.columns) == ["cell_type", "confidence", "lineage"]
    assert list(labels["lineage"].iloc[:3]) == ["B", "monocyte/DC", "other T"]
    assert labels["confidence"].between(0.5, 1).all()
    assert {figure["name"] for figure in facts(folder, "annotate_celltypist")["figures"]} == {
        "labels",
        "markers",
        "map",
    }

    pd.DataFrame(index=labels.index).to_parquet(folder / "none.parquet")
    done = script("annotate_protein.py", "--labels", "cells.annotate_celltypist.parquet", "--proteins", "none.parquet")
    assert done.returncode == 0, done.stderr
    assert facts(folder, "annotate_protein")["reason"] == "no_antibodies"
    passed = pd.read_parquet(folder / "cells.annotate_protein.parquet")
    assert list(passed["lineage"]) == list(labels["lineage"])
    assert set(passed["protein_support"]) == {"no protein"}


def test_genes_that_the_model_does_not_know_skip_the_step_with_an_empty_table(script, folder):
    write(folder / "mouse.h5ad", np.ones((3, 3)), ["Cd3e", "Ms4a1", "Lyz2"])
    done = script("annotate_celltypist.py", "--counts", "mouse.h5ad", "--model", "mine.pkl", "--output", "labels.csv")
    assert done.returncode == 0, done.stderr
    found = facts(folder, "annotate_celltypist")
    assert (found["status"], found["reason"]) == ("skipped", "low_gene_overlap")
    assert "mouse" in found["detail"]
    assert (folder / "labels.csv").read_text() == "cell,cell_type,confidence,lineage\n"
    assert pd.read_parquet(folder / "cells.annotate_celltypist.parquet").empty


def test_normalised_counts_are_the_users_error(script, folder):
    write(folder / "log.h5ad", np.log1p(np.arange(12.0)).reshape(3, 4), ["CD3E", "MS4A1", "LYZ", "X"])
    done = script("annotate_celltypist.py", "--counts", "log.h5ad", "--model", "mine.pkl")
    assert done.returncode == 2
    assert "fractional" in done.stderr
    assert "Traceback" not in done.stderr


def test_models_are_gathered_with_their_checksums_and_a_hostile_one_is_refused(script, folder):
    done = script("annotate_model.py", "--model", "kidney=mine.pkl,./mine.pkl")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(folder / "models" / "models.csv", keep_default_na=False)
    assert list(table["tissue"]) == ["kidney", ""]
    assert all((folder / "models" / file).is_file() for file in table["file"])

    (folder / "samples.csv").write_text("library_id,library,sample,tissue\nL1,L1,s1,kidney\n")
    done = script(
        "annotate_celltypist.py",
        "--counts",
        "cells.h5ad",
        "--model",
        "models",
        "--samples",
        "samples.csv",
        "--id",
        "L1",
    )
    assert done.returncode == 0, done.stderr
    assert facts(folder, "annotate_celltypist", "L1")["numbers"]["model_tissue"] == "kidney"

    (folder / "evil.pkl").write_bytes(b"cposix\nsystem\n(S'touch ran'\ntR.")
    done = script("annotate_model.py", "--model", "./mine.pkl,blood=./evil.pkl", "--sha256", f"{'0' * 64},{'0' * 64}")
    assert done.returncode == 2
    assert done.stderr.count("is expected") == 2
    done = script("annotate_model.py", "--model", "evil.pkl")
    assert done.returncode == 2
    assert "posix.system" in done.stderr
    assert not (folder / "ran").exists()


def test_without_a_model_the_steps_are_skipped(script, folder):
    assert script("annotate_model.py").returncode == 0
    assert facts(folder, "annotate_model", "cohort")["reason"] == "not_requested"
    done = script("annotate_celltypist.py", "--counts", "cells.h5ad", "--model", "models")
    assert done.returncode == 0, done.stderr
    assert facts(folder, "annotate_celltypist")["reason"] == "not_requested"
