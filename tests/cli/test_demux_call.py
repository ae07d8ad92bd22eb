import gzip

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def counts() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    tag = rng.integers(0, 3, 300)
    values = rng.poisson(5, (300, 3))
    values[np.arange(300), tag] += rng.poisson(200, 300)
    barcodes = ["".join(rng.choice(list("ACGT"), 16)) + "-1" for _ in range(300)]
    return pd.DataFrame(values, index=pd.Index(barcodes, name="barcode"), columns=["A", "B", "C"])


def test_a_bare_table_gives_calls_posteriors_and_witnesses(script, tmp_path, counts):
    counts.to_csv(tmp_path / "counts.csv.gz")
    done = script("demux_call.py", "--hashtag-counts", "counts.csv.gz", "--output", "calls.csv")
    assert done.returncode == 0, done.stderr
    calls = pd.read_csv(tmp_path / "calls.csv", index_col=0)
    posteriors = [f"posterior_{state}" for state in ("A", "B", "C", "Doublet", "Negative")]
    expected = ["call", "confidence", *posteriors, "joint", "hashsolo", "ambient"]
    assert list(calls) == expected
    assert (calls["call"] == counts.idxmax(axis=1)).mean() > 0.98


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace(",", ",-", 4), "negative"),
        (lambda text: text.replace("\n", "\nAAAA,nan,1,2\n", 1), "non-numeric values"),
        (lambda text: text.replace("\n", "\nAAAACCCCGGGGTTTT,1.5,1,2\n", 1), "fractional"),
        (lambda text: text + text.splitlines()[1] + "\n", "more than once"),
        (lambda text: "\n".join(text.splitlines()[:30]) + "\n", "at least 50"),
    ],
    ids=["negative", "NaN", "fractional", "duplicate barcodes", "few droplets"],
)
def test_bad_counts_are_one_message_and_exit_2(script, tmp_path, counts, spoil, said):
    with gzip.open(tmp_path / "bad.csv.gz", "wt") as file:
        file.write(spoil(counts.to_csv()))
    done = script("demux_call.py", "--hashtag-counts", "bad.csv.gz", "--output", "calls.csv")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "calls.csv").exists()


def test_a_library_without_hashtags_is_skipped_with_empty_tables(script, tmp_path, counts):
    (tmp_path / "samples.csv").write_text(
        "library_id,library,sample,donor,tissue,hashtag,genotype_donor\nL,L,S,D,blood,,\n"
    )
    counts.to_csv(tmp_path / "counts.csv")
    done = script("demux_call.py", "--hashtag-counts", "counts.csv", "--id", "L", "--samples", "samples.csv")
    assert done.returncode == 0, done.stderr
    assert '"reason": "no_hashtags"' in (tmp_path / "L.demux_call.json").read_text()
    assert len(pd.read_parquet(tmp_path / "L.demux_call.parquet")) == 0
