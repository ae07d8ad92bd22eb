"""The ends of compare_trajectory: a trajectory to a kidney-specific state, one tissue alone, an unknown lineage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

QUESTION = "questions:\n  trajectories:\n    - {lineage: %s, root: {up: [START]}}\n"
LINEAGE = (
    "lineages:\n  mono:\n    lineages: [monocyte/DC]\n"
    "    subsets: {early: {up: [START]}, late: {up: [END]}, own: {up: [END]}}\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Write four donors whose blood has early and late cells, whose kidney also has its own, reached from late."""
    from anndata import AnnData
    from mudata import MuData

    rng = np.random.default_rng(0)
    place = np.tile(np.linspace(0, 1, 150), 4)
    kidney = place > 0.5
    table = pd.DataFrame(
        {"sample": np.where(kidney, "k", "b"), "donor": np.repeat(list("wxyz"), 150), "lineage": "mono",
         "tissue": np.where(kidney, "kidney", "blood"),
         "subset": np.select([place < 0.4, place < 0.75], ["early", "late"], "own"),
         "doublet": False, "qc_pass": True, "excluded": "", "counterpart": "late", "counterpart_share": 1.0,
         "counterpart_distance": 1.0, "relative_distance": np.where(place < 0.75, 1.0, 4.0),
         "umap_1": place, "umap_2": 0.0},
        index=[f"c{i}" for i in range(len(place))],
    )  # fmt: skip
    genes = sparse.csr_matrix(np.column_stack([1 - place, place, np.ones(len(place))]).astype(np.float32))
    rna = AnnData(genes, obs=table[["donor"]], var=pd.DataFrame(index=["START", "END", "SAME"]))
    rna.layers["counts"] = rna.X.copy()
    MuData({"rna": rna}).write(tmp_path / "cohort.h5mu")
    axes = np.column_stack([10 * place, *rng.normal(0, 0.1, (2, len(place)))]).astype(np.float32)
    pd.DataFrame(axes, table.index, ["embedding_1", "embedding_2", "embedding_3"]).to_parquet(tmp_path / "axes.parquet")
    table.to_parquet(tmp_path / "cells.parquet")
    table[~kidney].to_parquet(tmp_path / "blood.parquet")
    (tmp_path / "subsets.yaml").write_text(LINEAGE + QUESTION % "mono")
    (tmp_path / "wrong.yaml").write_text(LINEAGE + QUESTION % "monocytes")
    return tmp_path


def ask(script, cells: str, subsets: str):
    shared = ["--cohort", "cohort.h5mu", "--embedding", "axes.parquet"]
    return script("compare_trajectory.py", *shared, "--cells", cells, "--subsets", subsets)


def test_the_trajectory_is_written_with_its_genes_and_cells(script, files: Path):
    done = ask(script, "cells.parquet", "subsets.yaml")
    assert done.returncode == 0, done.stderr
    found = json.loads((files / "kidney_own.compare_trajectory.json").read_text())
    assert found["numbers"]["path"] == "early → late → own"
    along = pd.read_csv(files / "kidney_own" / "trajectory.csv").set_index("feature")["correlation"]
    assert along["END"] > 0.9
    assert along["START"] < -0.9
    assert len(pd.read_csv(files / "kidney_own" / "trajectory_cells.csv")) == 600


def test_one_tissue_is_skipped_with_its_reason(script, files: Path):
    done = ask(script, "blood.parquet", "subsets.yaml")
    assert done.returncode == 0, done.stderr
    assert json.loads((files / "tissues.compare_trajectory.json").read_text())["reason"] == "one_tissue"


def test_a_lineage_with_a_slash_and_without_a_terminal_state_is_skipped_with_its_reason(script, files: Path):
    cells = pd.read_parquet(files / "cells.parquet").assign(lineage="mono/DC", relative_distance=1.0)
    cells.to_parquet(files / "alike.parquet")
    (files / "slash.yaml").write_text(LINEAGE.replace("  mono:", "  mono/DC:") + QUESTION % "mono/DC")
    done = ask(script, "alike.parquet", "slash.yaml")
    assert done.returncode == 0, done.stderr
    found = json.loads((files / "kidney_mono_DC.compare_trajectory.json").read_text())
    assert found["id"] == "kidney_mono/DC"
    assert "mono/DC in kidney" in found["detail"]
    assert (files / "kidney_mono_DC" / "trajectory.csv").is_file()


def test_a_question_about_an_unknown_lineage_is_the_user_s_error(script, files: Path):
    ended = ask(script, "cells.parquet", "wrong.yaml")
    assert ended.returncode == 2
    assert "lineage 'monocytes' is not defined in this file" in ended.stderr
