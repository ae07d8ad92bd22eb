"""bin/simulate_cohort.py: done, and the user's error. It has nothing to skip."""

import pandas as pd


def test_it_writes_a_cohort_that_its_samplesheet_names(script, tmp_path):
    done = script(
        "simulate_cohort.py", "--outdir", "cohort", "--cells", 400, "--genes", 600, "--donors", "HD=2,SRC=2",
        "--kidney", 2, "--lung", 0, "--seed", 4,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sheet = pd.read_csv(tmp_path / "cohort" / "samplesheet.csv")
    assert all((tmp_path / "cohort" / name).is_file() for name in [*sheet["counts"], *sheet["raw_counts"]])
    assert len(pd.read_parquet(tmp_path / "cohort" / "truth" / "cells.parquet")) == 400
    for name in ("contrasts.csv", "gene_sets.gmt", "truth/samples.csv", "truth/effects.csv"):
        assert (tmp_path / "cohort" / name).stat().st_size > 0


def test_wrong_options_are_all_told_at_once(script, tmp_path):
    ended = script(
        "simulate_cohort.py", "--outdir", "cohort", "--donors", "HD=2,XY=1", "--effects", "nope=2", "--lung", 3
    )
    assert ended.returncode == 2
    assert "XY=1" in ended.stderr
    assert "nope=2" in ended.stderr
    assert "--lung 3" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "cohort").exists()
