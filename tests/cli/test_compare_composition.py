"""The scripts on numbers of cells: design, composition, calibration, stage; done, skipped and the user's error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from unit.compare import cohorts

CONTRASTS = "contrast,contrast_id,variable,reference,target,tissue,subset,block,covariates\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Nine HD and eight SSc donors; S0 is five times as frequent in SSc; one donor sampled at two stages."""
    people = cohorts.samples(9, 8).assign(stage="")
    people.loc[16, ["donor", "stage"]] = ["d15", "after"]
    people.loc[15, "stage"] = "before"
    counted = cohorts.counted(cohorts.random_cells(17, raised=8, fold=5.0), people)
    people.to_csv(tmp_path / "samples.csv", index=False)
    counted.to_csv(tmp_path / "composition.csv", index=False)
    rows = counted.drop_duplicates(["sample", "level", "parent", "subset"]).rename(columns={"subset": "name"})
    obs = rows[["sample", "donor", "tissue", "level", "name", "parent"]].assign(n_cells=rows["cells"])
    genes = pd.DataFrame(index=["EGR1", *[f"G{i}" for i in range(29)]])
    counts = np.random.default_rng(0).poisson(50, (len(obs), 30))
    summed = AnnData(sparse.csr_matrix(counts), obs=obs.set_axis([str(i) for i in range(len(obs))]), var=genes)
    summed.write_h5ad(tmp_path / "pseudobulk.h5ad")
    cells = people[["sample"]].assign(lineage="mono", subset="S0", qc_pass=True, signature_X=1.0)
    cells.to_parquet(tmp_path / "cells.parquet")
    (tmp_path / "contrasts.csv").write_text(
        CONTRASTS + "SSc against HD,ssc_hd,disease,HD,SSc,blood,,,\nin lung,lung,disease,HD,SSc,lung,,,\n"
    )
    return tmp_path


def facts(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text())


def options(*names: str) -> list[str]:
    given = {"composition": "composition.csv", "pseudobulk": "pseudobulk.h5ad", "samples": "samples.csv",
             "contrasts": "contrasts.csv", "cells": "cells.parquet"}  # fmt: skip
    return [part for name in names for part in (f"--{name}", given[name])]


def test_composition_answers_each_contrast_and_skips_the_one_without_donors(script, files: Path):
    done = script("compare_composition.py", *options("composition", "samples", "contrasts"), "--permutations", 200)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(files / "ssc_hd" / "composition.csv")
    assert set(table.loc[table["subset"] == "S0", "finding"]) == {"up"}
    assert "S0 up" in facts(files, "ssc_hd.compare_composition")["summary"]
    assert len(facts(files, "ssc_hd.compare_composition")["figures"]) == 3
    skipped = facts(files, "lung.compare_composition")
    assert (skipped["status"], skipped["reason"]) == ("skipped", "too_few_donors")
    assert list(pd.read_csv(files / "lung" / "composition.csv").columns) == list(table.columns)


def test_without_contrasts_every_question_is_skipped_with_its_reason(script, files: Path):
    (files / "contrasts.csv").write_text(CONTRASTS)
    done = script("compare_design.py", *options("composition", "samples", "contrasts"))
    assert done.returncode == 0, done.stderr
    assert facts(files, "cohort.compare_design")["reason"] == "no_contrast"


def test_a_contrast_on_a_column_that_the_samplesheet_lacks_ends_with_one_message(script, files: Path):
    (files / "contrasts.csv").write_text(CONTRASTS + "A,a,weight,low,high,,,,\n")
    done = script("compare_design.py", *options("composition", "samples", "contrasts"))
    assert done.returncode == 2
    assert "no column weight" in done.stderr
    assert "Traceback" not in done.stderr


def test_design_calibration_and_stage_write_their_tables_and_figures(script, files: Path):
    done = script("compare_design.py", *options("composition", "samples", "contrasts"))
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(files / "ssc_hd" / "design.csv")) == 16
    assert facts(files, "ssc_hd.compare_design")["numbers"]["donors_target"] == 7

    done = script(
        "compare_calibration.py", *options("composition", "pseudobulk", "samples", "contrasts"), "--permutations", 100
    )
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(files / "ssc_hd" / "calibration.csv").set_index("statistic")
    assert table.loc["composition: permutation", "observed"] >= 1
    assert table.loc["expression: genes", "observed"] == 0

    done = script(
        "compare_stage.py", *options("composition", "pseudobulk", "cells", "samples"), "--stage-features", "EGR1,NONE"
    )
    assert done.returncode == 0, done.stderr
    changes = pd.read_csv(files / "stage" / "stage_changes.csv")
    assert set(changes["stage"]) == {"after"}
    assert changes["p"].isna().all()
    assert any("'NONE'" in warning for warning in facts(files, "cohort.compare_stage")["warnings"])
