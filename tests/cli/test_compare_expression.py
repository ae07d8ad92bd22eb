"""The scripts on genes: expression, enrichment, tissue and blood; done, skipped and the user's error."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from unit.compare import bulks

CONTRASTS = "contrast,contrast_id,variable,reference,target,tissue,subset,block,covariates\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Six donors in blood and lung; residency genes differ between the tissues."""
    people = bulks.people()
    bulks.pseudobulk(people, resident=4).write_h5ad(tmp_path / "pseudobulk.h5ad")
    people.to_csv(tmp_path / "samples.csv", index=False)
    rows = [
        [s, d, t, "subset", "T", n, 50, 100, 100]
        for s, d, t in people[["sample", "donor", "tissue"]].to_numpy()
        for n in "AB"
    ]
    columns = ["sample", "donor", "tissue", "level", "parent", "subset", "cells", "parent_cells", "total_cells"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "composition.csv", index=False)
    people[["sample", "donor", "tissue"]].assign(subset="A", lineage="T").to_parquet(tmp_path / "cells.parquet")
    (tmp_path / "contrasts.csv").write_text(
        CONTRASTS + "lung against blood,lung,tissue,blood,lung,,,donor,\nno kidney,none,tissue,blood,kidney,,,donor,\n"
    )
    (tmp_path / "subsets.yaml").write_text(
        "lineages:\n  T:\n    lineages: [T]\n    subsets: {A: {up: [X]}, B: {up: [Y]}}\n"
        "questions:\n  gene_sets:\n    - {subset: A, sets: [RESIDENT]}\n    - {subset: B, sets: [RESIDENT, OTHER]}\n"
    )
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "own.gmt").write_text("RESIDENT\tours\tCD69\tITGAE\tZNF683\tITGA1\tCXCR6\tPDCD1\n")
    return tmp_path


def facts(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text())


def test_expression_then_enrichment_answer_one_contrast_and_skip_the_other(script, files: Path):
    shared = ["--pseudobulk", "pseudobulk.h5ad", "--contrasts", "contrasts.csv"]
    done = script("compare_expression.py", *shared, "--samples", "samples.csv", "--min-cells-per-donor", 10)
    assert done.returncode == 0, done.stderr
    genes = pd.read_csv(files / "lung" / "expression.csv")
    assert genes.loc[genes["gene"] == "CD69", "fdr"].max() < 0.05
    assert facts(files, "none.compare_expression")["reason"] == "too_few_donors"
    assert pd.read_csv(files / "none" / "expression.csv").empty
    (files / "tables").mkdir()
    (files / "lung" / "expression.csv").rename(files / "tables" / "expression.csv")
    done = script(
        "compare_enrichment.py",
        *shared,
        "--samples",
        "samples.csv",
        "--expression",
        "tables/expression.csv",
        "--gene_sets",
        "sets",
        "--subsets",
        "subsets.yaml",
    )
    assert done.returncode == 0, done.stderr
    found = facts(files, "lung.compare_enrichment")
    assert "RESIDENT in A: yes (p = " in found["summary"]
    assert "RESIDENT, OTHER in B: yes (RESIDENT, p = " in found["summary"]
    assert {"question_1_smallest_p", "question_2_smallest_p"} <= set(found["numbers"])
    sets = pd.read_csv(files / "lung" / "enrichment.csv")
    assert (sets["p_value"] < 0.001).all()
    assert {(f["feature"], f["subset"]) for f in found["findings"]} == {("RESIDENT", "A"), ("RESIDENT", "B")}
    assert all(f["worst_p"] < 0.05 and f["influential_donor"].startswith("d") for f in found["findings"])
    assert facts(files, "none.compare_enrichment")["status"] == "skipped"


def test_tissue_and_blood_are_compared_within_donors(script, files: Path):
    done = script(
        "compare_tissue_blood.py", "--pseudobulk", "pseudobulk.h5ad", "--composition", "composition.csv",
        "--cells", "cells.parquet", "--samples", "samples.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = facts(files, "lung.compare_tissue_blood")
    assert found["numbers"]["paired"] is True
    assert "residency programme is higher" in found["summary"]
    assert {"composition", "expression", "programme", "stress"} <= set(
        pd.read_csv(files / "lung/tissue_blood.csv")["kind"]
    )


def test_a_contrast_on_a_column_that_is_not_there_is_the_users_error(script, files: Path):
    (files / "contrasts.csv").write_text(CONTRASTS + "x,x,stage,a,b,,,,\n")
    done = script(
        "compare_expression.py", "--pseudobulk", "pseudobulk.h5ad", "--samples", "samples.csv",
        "--contrasts", "contrasts.csv",
    )  # fmt: skip
    assert done.returncode == 2
    assert "no column stage in the samplesheet" in done.stderr
    assert "Traceback" not in done.stderr
