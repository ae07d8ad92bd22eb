"""The joint model on real pools with genetic or hand-gated truth; the pairing of hashtag and donor is learned."""

import numpy as np
import pandas as pd
import pytest

from sscite.demux.hashtag_calls import call

pytestmark = pytest.mark.needs_data


def scores(calls: np.ndarray, truth: np.ndarray) -> list[float]:
    """F of each hashtag against the donor that most of its droplets have."""
    table = pd.crosstab(calls, truth)
    found = []
    for tag in set(calls) - {"Doublet", "Negative"}:
        donor = table.loc[tag].drop(["Doublet", "Negative"]).idxmax()
        called, true = calls == tag, truth == donor
        found.append(2 * (called & true).sum() / (called.sum() + true.sum()))
    return found


@pytest.fixture(scope="module")
def lavage(data):
    pools = []
    for capture in ("c1", "c2"):
        folder = data / "hto" / f"bal_batch1_{capture}"
        counts = pd.read_csv(folder / "hto_counts.csv.gz", index_col=0)
        truth = pd.read_csv(folder / "genetic_donor.csv.gz", index_col=0)["genetic_donor"].reindex(counts.index)
        pools.append((call(counts), truth.to_numpy()))
    return pools


def test_lavage_pools_reach_a_mean_f_of_9475(lavage):
    calls = np.concatenate([found.calls["hto_call"].to_numpy(dtype=str) for found, _ in lavage])
    assert np.mean(scores(calls, np.concatenate([truth for _, truth in lavage]))) >= 0.9475


def test_as_many_doublets_are_found_in_lavage_pools_as_by_genotype_within_a_factor_of_1_3(lavage):
    for found, truth in lavage:
        ratio = (found.calls["hto_call"] == "Doublet").mean() / (truth == "Doublet").mean()
        assert 1 / 1.3 < ratio < 1.3


def test_doublet_posteriors_from_six_to_eight_tenths_are_within_eight_hundredths_of_the_genotypes(lavage):
    posterior = np.concatenate([found.posteriors["Doublet"].to_numpy() for found, _ in lavage])
    doublet = np.concatenate([truth == "Doublet" for _, truth in lavage])
    for low, high in ((0.6, 0.7), (0.7, 0.8)):
        band = (posterior > low) & (posterior <= high)
        assert doublet[band].mean() == pytest.approx(posterior[band].mean(), abs=0.08)


def test_the_joint_model_has_a_higher_f_than_both_comparison_methods_on_lavage(lavage):
    for found, truth in lavage:
        joint, *others = (
            np.mean(scores(found.calls[f"hto_{m}"].to_numpy(dtype=str), truth))
            for m in ("joint", "hashsolo", "ambient")
        )
        assert joint > max(others)


def test_posteriors_of_one_hashtag_above_six_tenths_are_within_eight_hundredths_of_the_genotypes(lavage):
    for found, truth in lavage:
        table = pd.crosstab(found.calls["hto_call"], truth).drop(columns=["Doublet", "Negative"])
        donor_of = table.drop(["Doublet", "Negative"]).idxmax(axis=1)
        single = found.posteriors.drop(columns=["Doublet", "Negative"])
        confidence = single.max(axis=1).to_numpy()
        right = single.idxmax(axis=1).map(donor_of).to_numpy() == truth
        for low, high in ((0.6, 0.8), (0.8, 0.9), (0.9, 0.99), (0.99, 1)):
            band = (confidence > low) & (confidence <= high)
            assert right[band].mean() == pytest.approx(confidence[band].mean(), abs=0.08)


def test_most_hand_gated_doublets_are_found_and_few_singles_are_lost(data):
    folder = data / "hto" / "pbmc_hand_gated"
    counts = pd.read_csv(folder / "hto_counts.csv", index_col=0)
    doublets, singles = (
        {line.strip().split("-")[0] for file in files for line in file.read_text().split()}
        for files in ((folder / "cell_types" / "Doublets").glob("*.txt"), (folder / "cell_types").glob("*.txt"))
    )
    barcode = counts.index.str.split("-").str[0]
    called = call(counts).calls["hto_call"] == "Doublet"
    assert called[barcode.isin(doublets)].mean() >= 0.71
    assert called[barcode.isin(singles - doublets)].mean() <= 0.09


def test_hashed_blood_and_unhashed_csf_agree_with_certain_genotypes(data):
    table = pd.read_csv(data / "hto" / "csf_pbmc" / "csf_2590.csv", index_col=0)
    found = call(table[["HTO"]], depth=table["NumGenes"].to_numpy()).calls["hto_call"]
    sure = (np.exp(table["freemuxlet.prob"]) >= 0.999) & table["freemuxlet"].isin(["0,0", "1,1"])
    assert ((found == "HTO") == (table["freemuxlet"] == "0,0"))[sure].mean() >= 0.955
