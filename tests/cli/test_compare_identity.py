"""Exits of compare_identity.py: without a sample it is skipped with a header; with samples each has a row."""

import json

import pandas as pd
from unit.compare.bulks import people, pseudobulk

from sscite.compare.pseudobulk.run import NOTHING


def identify(script, tmp_path, root, data):
    data.write_h5ad(tmp_path / "pseudobulk.h5ad")
    people().to_csv(tmp_path / "samples.csv", index=False)
    pd.DataFrame({"library": [], "sample": [], "donor": []}).to_parquet(tmp_path / "cells.parquet")
    genes = root / "assets" / "genes" / "human"
    run = script("compare_identity.py", "--pseudobulk", "pseudobulk.h5ad", "--cells", "cells.parquet",
                 "--samples", "samples.csv", "--genes", genes)  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads((tmp_path / "cohort.compare_identity.json").read_text()), pd.read_csv(tmp_path / "identity.csv")


def test_no_sample_is_skipped_with_a_header(script, tmp_path, root):
    facts, table = identify(script, tmp_path, root, NOTHING)
    assert facts["reason"] == "too_few_cells"
    assert table.empty and "sex_expressed" in table


def test_genes_that_were_not_measured_call_nothing_and_doubt_nobody(script, tmp_path, root):
    data = pseudobulk(people())
    facts, table = identify(script, tmp_path, root, data)
    assert facts["status"] == "done"
    assert table["sample"].tolist() == people()["sample"].tolist()
    assert table["sex_expressed"].isna().all() and table["doubt"].isna().all()
