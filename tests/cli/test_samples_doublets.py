"""Exits of samples_doublets.py: done on real cells, skipped with empty scores on few."""

import json

import numpy as np
import pandas as pd
import pytest

SAMPLES = "library_id,library,sample,donor,tissue,hashtag,genotype_donor\nL,L,s,d,blood,,\n"


def score(script, tmp_path, counts):
    (tmp_path / "samples.csv").write_text(SAMPLES)
    load = script("samples_load.py", "--id", "L", "--samples", "samples.csv", "--counts", counts)
    assert load.returncode == 0, load.stderr
    run = script("samples_doublets.py", "--id", "L", "--library", "L.h5mu", "--seed", 0)
    assert run.returncode == 0, run.stderr
    facts = json.loads((tmp_path / "L.samples_doublets.json").read_text())
    return facts, pd.read_parquet(tmp_path / "L.samples_doublets.parquet")


def test_few_cells_are_skipped_with_a_row_each(script, tmp_path):
    (tmp_path / "counts.csv").write_text("barcode,CD3E\nAAACCCAA,1\nAAACCCAC,2\n")
    facts, scores = score(script, tmp_path, "counts.csv")
    assert (facts["status"], facts["reason"]) == ("skipped", "too_few_cells")
    assert scores.index.tolist() == ["L:AAACCCAA", "L:AAACCCAC"]
    assert not scores["doublet"].any()


@pytest.mark.needs_data
def test_real_cells_are_scored(script, tmp_path, data):
    facts, scores = score(script, tmp_path, data / "citeseq/citefuse_500_rna_adt_hto.h5mu")
    assert facts["status"] == "done"
    assert len(scores) == 500 and np.isfinite(scores["doublet_score"]).all()
    assert scores["doublet"].sum() <= 6  # three times the 0.4 % that 500 cells predict
