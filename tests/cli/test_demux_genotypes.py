import json

import h5py
import numpy as np
import pandas as pd
import pytest

CELLS = [f"L:{'ACGT'[i % 4] * 8}{'ACGT'[i // 4 % 4] * 8}{'ACGT'[i // 16] * 4}-1" for i in range(60)]


@pytest.fixture
def library(tmp_path):
    """Write a library of one sample without hashtags: its cells, and the empty tables of demux_call."""
    from anndata.io import write_elem

    with h5py.File(tmp_path / "L.h5mu", "w") as file:
        write_elem(file, "obs", pd.DataFrame({"library": "L"}, index=CELLS))
    empty = pd.DataFrame(
        columns=["hto_call", "hto_confidence", "hto_joint"], index=pd.Index([], name="cell"), dtype=str
    )
    empty.to_parquet(tmp_path / "calls.parquet")
    empty.to_parquet(tmp_path / "posteriors.parquet")
    (tmp_path / "samples.csv").write_text(
        "library_id,library,sample,donor,tissue,hashtag,genotype_donor\nL,L,S1,D1,blood,,0\nL,L,S2,D2,lung,,1\n"
    )
    return ["--id", "L", "--library", "L.h5mu", "--calls", "calls.parquet", "--posteriors", "posteriors.parquet",
            "--samples", "samples.csv"]  # fmt: skip


def test_genotypes_alone_tell_samples_apart(script, tmp_path, library):
    donors = np.arange(60) % 2
    table = pd.DataFrame({"barcode": [c[2:] for c in CELLS], "status": "singlet", "assignment": donors,
                          "log_prob_singleton": -1.0, "log_prob_doublet": -30.0})  # fmt: skip
    table.to_csv(tmp_path / "clusters.tsv", sep="\t", index=False)
    done = script("demux_genotypes.py", *library, "--genotypes", "clusters.tsv")
    assert done.returncode == 0, done.stderr
    frame = pd.read_parquet(tmp_path / "L.demux_genotypes.parquet")
    assert frame["sample"].tolist() == [f"S{donor + 1}" for donor in donors]
    assert frame.index.tolist() == CELLS


def test_a_table_of_cells_and_samples_is_taken_as_it_is(script, tmp_path, library):
    samples = ["S1", "S2", "unassigned"] * 20
    table = pd.DataFrame({"cell": [c[2:] for c in CELLS], "sample": samples})
    table.iloc[:59].to_csv(tmp_path / "cells.tsv.gz", sep="\t", index=False)
    done = script("demux_genotypes.py", *library, "--cell-samples", "cells.tsv.gz")
    assert done.returncode == 0, done.stderr
    frame = pd.read_parquet(tmp_path / "L.demux_genotypes.parquet")
    assert frame["sample"].tolist() == ["S1", "S2", ""] * 20
    assert frame["donor"].tolist() == ["D1", "D2", ""] * 20
    assert frame["tissue"].tolist() == ["blood", "lung", ""] * 20
    assert (frame["genotype_call"] == "").all()
    facts = json.loads((tmp_path / "L.demux_genotypes.json").read_text())
    assert facts["summary"] == (
        "40 of 60 cells are assigned to one of 2 samples by the table of cells and samples; 1 cell has no row in it "
        "and 19 cells have a row without a sample."
    )


def test_two_samples_that_nothing_tells_apart_are_refused(script, library):
    done = script("demux_genotypes.py", *library)
    assert done.returncode == 2
    assert "neither hashtags nor genotype calls tell them apart" in done.stderr
