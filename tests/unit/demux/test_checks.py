import numpy as np
import pandas as pd
import pytest
from unit.demux.pools import pool

from sscite.demux import barcodes, checks
from sscite.errors import UserError


@pytest.fixture
def counts() -> pd.DataFrame:
    return pool(droplets=200, tags=4)[0]


def test_unmapped_reads_are_dropped_and_reported(counts):
    found = checks.tidy(counts.assign(unmapped=counts.sum(axis=1)), where="x")
    assert list(found.counts) == list(counts)
    assert "'unmapped' is not a hashtag and was dropped: 50%" in found.notes[0]


def test_a_column_of_genes_is_depth_and_no_hashtag(counts):
    found = checks.tidy(counts.assign(NumGenes=1500), where="x")
    assert (found.depth == 1500).all()
    assert list(found.counts) == list(counts)


def test_fewer_than_50_droplets_are_refused(counts):
    with pytest.raises(UserError, match="49 droplets; at least 50"):
        checks.tidy(counts.head(49), where="x")


def test_counts_that_never_vary_are_refused(counts):
    with pytest.raises(UserError, match="nothing can be called"):
        checks.tidy(counts * 0, where="x")


def test_droplets_without_counts_are_told(counts):
    counts.iloc[:2] = 0
    assert "2 droplets have no hashtag counts" in checks.tidy(counts, where="x").notes[0]


def test_hashtags_are_found_as_written_otherwise_spelt_or_with_their_sequence():
    found = checks.find_tags(["HTO_1", "hashtag 2", "tag3"], ["HTO_1", "Hashtag-2", "tag3-ACGTACGTACGT"], where="x")
    assert found == {"HTO_1": "HTO_1", "hashtag 2": "Hashtag-2", "tag3": "tag3-ACGTACGTACGT"}


def test_missing_hashtags_are_all_named_with_what_there_is():
    with pytest.raises(UserError) as caught:
        checks.find_tags(["HTO_9", "other"], ["HTO_1", "HTO_2"], where="x")
    assert len(caught.value.problems) == 2
    assert "'HTO_9' of the samplesheet is not among the counts; the counts have 'HTO_" in caught.value.problems[0]


def test_hashtags_that_cells_carry_together_become_one(counts):
    both = counts.assign(second=np.random.default_rng(0).poisson(counts["T00"]))
    joined, meaning, notes = barcodes.join(both, ["T00;second", "T01"], where="x")
    assert (joined["T00;second"] == both["T00"] + both["second"]).all()
    assert meaning == {"T00;second": "T00;second", "T01": "T01"}
    assert "occur together" in notes[0]


def test_alternative_hashtags_of_a_sample_stay_apart_and_mean_the_same(counts):
    joined, meaning, _ = barcodes.join(counts, ["T00;T01", "T02"], where="x")
    assert list(joined) == list(counts)
    assert meaning == {"T00": "T00;T01", "T01": "T00;T01", "T02": "T02"}


def test_a_hashtag_of_two_samples_is_refused(counts):
    with pytest.raises(UserError, match="given to two samples"):
        barcodes.join(counts, ["T00;T01", "T01"], where="x")
