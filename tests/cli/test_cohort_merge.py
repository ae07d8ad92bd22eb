"""The three ends of the scripts of the cohort and subsets rooms, on small files, in the order data flow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cohort_inputs import write


def merge(script, folder: Path, *options: object):
    return script(
        "cohort_merge.py", "--libraries", folder / "libraries", "--fragments", folder / "fragments", *options,
    )  # fmt: skip


def facts(folder: Path, step: str) -> dict:
    return json.loads((folder / f"cohort.{step}.json").read_text())


def test_from_libraries_to_a_finished_cohort_and_new_cells_mapped_onto_it(script, tmp_path):
    import mudata

    truth = write(tmp_path / "in", cells=240, libraries=3, tissues=("blood", "blood", "kidney"))
    merged, embedding = ["--merged", "merged.h5mu"], ["--embedding", "cohort.embedding.h5"]
    assert merge(script, tmp_path / "in").returncode == 0
    gmt = tmp_path / "own.gmt"
    gmt.write_text("EFFECTOR\tours\tG5\tG6\tG7\n")
    found = ["--subsets", "subsets.parquet"]
    chain = {
        "cohort_integrate.py": [*merged, "--hvg", 50],
        "subsets_cluster.py": [*merged, *embedding, "--subsets", tmp_path / "in" / "subsets.yaml"],
        "subsets_signatures.py": [*merged, *found, "--gene-sets", gmt],
        "subsets_tissue.py": [*merged, "--embedding", "subset_embedding.parquet", *found],
        "subsets_collect.py": [*merged, *embedding, *found, "--clusters", "cohort.clusters.parquet",
                               "--scores", "subset_scores.parquet",
                               "--signatures", "signatures.parquet", "--tissue-states", "tissue_states.parquet",
                               "--samples", tmp_path / "in" / "samples.csv"],
        "subsets_export.py": ["--cohort", "cohort.h5mu"],
        "cohort_map.py": [*merged, "--reference", "cohort.h5mu"],
    }  # fmt: skip
    for name, options in chain.items():
        ended = script(name, *options)
        assert ended.returncode == 0, ended.stderr
        assert facts(tmp_path, name.removesuffix(".py"))["status"] == "done"
    cells = pd.read_parquet(tmp_path / "cells.parquet")
    used = cells[cells["excluded"] == ""]
    assert cells["excluded"].value_counts().to_dict() == {"": 714, "low quality": 3, "no sample": 3}
    assert (used["subset"] == truth["state"].loc[used.index]).mean() > 0.95
    assert used["age"].unique().tolist() == [50, 51, 52]
    assert used.groupby("subset")["signature_EFFECTOR"].mean().idxmax() == "effector"
    cohort = mudata.read_h5mu(tmp_path / "cohort.h5mu")
    assert list(cohort.obs_names) == list(used.index)
    assert cohort["rna"].layers["counts"].sum() > 0
    assert {"X_pca", "X_harmony", "X_umap", "X_wnn_umap"} <= set(cohort["rna"].obsm)
    sixteen = cohort["prot"][:, "CD16"].X.ravel()
    assert np.isnan(sixteen[cohort["prot"].obs["library"] == "L0"]).all()
    assert {"X_prot", "X_umap", "X_wnn_umap"} <= set(cohort["prot"].obsm)
    assert cohort["prot"].obs["subset"].tolist() == used["subset"].tolist()
    mapped = pd.read_parquet(tmp_path / "mapped.parquet")
    assert (mapped["subset"] == used["subset"]).mean() > 0.95


def test_a_cohort_of_few_cells_is_merged_and_then_skipped_with_the_reason(script, tmp_path):
    write(tmp_path / "in", cells=8, libraries=1)
    assert merge(script, tmp_path / "in").returncode == 0
    assert script("cohort_integrate.py", "--merged", "merged.h5mu").returncode == 0
    assert facts(tmp_path, "cohort_integrate")["reason"] == "too_few_cells"
    ended = script(
        "subsets_cluster.py", "--merged", "merged.h5mu", "--embedding", "cohort.embedding.h5",
        "--subsets", tmp_path / "in" / "subsets.yaml",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert any("too few to look for subsets" in line for line in facts(tmp_path, "subsets_cluster")["warnings"])


def test_a_word_that_is_no_choice_ends_with_what_is_allowed(script, tmp_path):
    write(tmp_path / "in", cells=8, libraries=1)
    ended = merge(script, tmp_path / "in", "--genes", "both")
    assert ended.returncode == 2
    assert "allowed: union, intersection" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("content", ["lineages: 3\n", "a: [\n"])
def test_broken_subsets_end_with_the_file_named(script, tmp_path, content):
    from sscite.cohort.integrate import inputs
    from sscite.cohort.merge import libraries

    merged, embedding = tmp_path / "merged.h5mu", tmp_path / "e.h5"
    libraries.write_empty(merged)
    inputs.write_empty(merged, embedding, tmp_path / "c.parquet")
    (tmp_path / "mine.yaml").write_text(content)
    ended = script(
        "subsets_cluster.py", "--merged", merged, "--embedding", embedding, "--subsets", tmp_path / "mine.yaml"
    )
    assert ended.returncode == 2
    assert "mine.yaml" in ended.stderr
