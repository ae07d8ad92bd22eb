"""Exits of samples_ambient.py: estimated, corrected, skipped; a mode that does not exist is refused."""

import json

import numpy as np
import pandas as pd
import pytest

SAMPLES = "library_id,library,sample,donor,tissue,hashtag,genotype_donor\nL,L,s,d,blood,,\n"


def estimate(script, tmp_path, counts, mode="flag"):
    (tmp_path / "samples.csv").write_text(SAMPLES)
    load = script("samples_load.py", "--id", "L", "--samples", "samples.csv", "--counts", counts)
    assert load.returncode == 0, load.stderr
    run = script("samples_ambient.py", "--id", "L", "--library", "L.h5mu", "--ambient-rna", mode)
    assert run.returncode == 0, run.stderr
    facts = json.loads((tmp_path / "L.samples_ambient.json").read_text())
    return facts, pd.read_parquet(tmp_path / "L.samples_ambient.parquet")


def test_few_cells_have_no_estimate_and_stay_as_they_are(script, tmp_path):
    (tmp_path / "counts.csv").write_text("barcode,CD3E\nAAACCCAA,1\nAAACCCAC,2\n")
    facts, cells = estimate(script, tmp_path, "counts.csv", "correct")
    assert (facts["status"], facts["reason"]) == ("skipped", "too_few_cells")
    assert cells["ambient_fraction"].isna().tolist() == [True, True]
    assert (tmp_path / "corrected/L.h5mu").read_bytes() == (tmp_path / "L.h5mu").read_bytes()


def test_an_unknown_mode_ends_with_one_message(script, tmp_path):
    (tmp_path / "L.h5mu").write_text("")
    run = script("samples_ambient.py", "--id", "L", "--library", "L.h5mu", "--ambient-rna", "remove")
    assert run.returncode == 2
    assert "allowed are none, flag, correct" in run.stderr


@pytest.mark.needs_data
def test_real_cells_are_estimated_and_corrected(script, tmp_path, data):
    import mudata

    facts, cells = estimate(script, tmp_path, data / "citeseq/citefuse_500_rna_adt_hto.h5mu", "correct")
    assert facts["status"] == "done" and facts["numbers"]["ambient_profile_from"] == "cells"
    assert len(cells) == 500 and cells["ambient_fraction"].between(0, 1).all()
    raw, clean = (mudata.read_h5mu(tmp_path / name)["rna"].X for name in ("L.h5mu", "corrected/L.h5mu"))
    removed = 1 - clean.sum() / raw.sum()
    assert removed == pytest.approx(np.average(cells["ambient_fraction"], weights=np.ravel(raw.sum(axis=1))), abs=0.02)
    assert clean.dtype == raw.dtype and (raw - clean).min() >= 0
