"""Exits of samples_load.py: done, or the user's error where a limit cannot be read."""

import json

SAMPLES = "library_id,library,sample,donor,tissue,hashtag,genotype_donor\nL,the L,s,d,blood,,\n"


def test_both_exits(script, tmp_path):
    (tmp_path / "samples.csv").write_text(SAMPLES)
    (tmp_path / "counts.csv").write_text("barcode,CD3E,CD3_TotalSeqB\nAAACCCAA,1,5\nAAACCCAC,0,2\n")
    arguments = ("--id", "L", "--samples", "samples.csv", "--counts", "counts.csv")
    wrong = script("samples_load.py", *arguments, "--max-pct-mt", "blood=lots")
    assert wrong.returncode == 2 and "'blood=lots' is not a valid limit" in wrong.stderr
    assert not (tmp_path / "L.h5mu").exists()
    run = script("samples_load.py", *arguments)
    assert run.returncode == 0, run.stderr
    facts = json.loads((tmp_path / "L.samples_load.json").read_text())
    assert (facts["numbers"]["cells"], facts["numbers"]["antibodies"]) == (2, 1)
    assert (tmp_path / "L.h5mu").exists() and (tmp_path / "L.droplets.h5mu").exists()
