import numpy as np
import pandas as pd
import pytest
from unit.demux.pools import pool

from sscite.demux import figures
from sscite.demux.call import demultiplex, unexpected_hashtags
from sscite.errors import Skipped, UserError


def rows(*hashtags: str) -> pd.DataFrame:
    return pd.DataFrame({"hashtag": hashtags, "sample": [f"S{i}" for i in range(len(hashtags))]})


@pytest.mark.parametrize(
    ("hashtags", "reason"), [(("",), "it holds one sample"), (("", "", ""), "its 3 samples are assigned by genotype")]
)
def test_a_library_without_hashtags_is_skipped_and_the_reason_depends_on_its_samples(tmp_path, hashtags, reason):
    with pytest.raises(Skipped, match=reason):
        demultiplex(tmp_path / "not_read.csv", rows(*hashtags))


def test_a_hashtag_of_no_sample_that_many_droplets_have_is_reported(tmp_path):
    counts, truth = pool(tags=3, droplets=400)
    counts.rename_axis("barcode").to_csv(tmp_path / "counts.csv")
    result, meaning, _ = demultiplex(tmp_path / "counts.csv", rows("T00", "T01"))
    assert list(meaning) == ["T00", "T01"]
    (sentence,) = unexpected_hashtags(result, meaning)
    assert "hashtag 'T02' belongs to no sample" in sentence
    assert (result.calls["hto_call"] == truth).mean() > 0.95
    assert np.isclose(result.posteriors.sum(axis=1), 1).all()
    drawn = figures.counts(result).axes[0]  # the model is fitted once for both
    assert [label.get_text() for label in drawn.get_xticklabels()][:3] == ["1", "10", "100"]


def test_a_hashtag_of_the_sheet_that_the_counts_lack_is_refused(tmp_path):
    pool(tags=2, droplets=60)[0].rename_axis("barcode").to_csv(tmp_path / "counts.csv")
    with pytest.raises(UserError, match="'T09' of the samplesheet"):
        demultiplex(tmp_path / "counts.csv", rows("T00", "T09"))
