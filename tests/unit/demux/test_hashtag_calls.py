import numpy as np
import pandas as pd
import pytest
from unit.demux.pools import mean_f, pool

from sscite.demux import summary
from sscite.demux.hashtag_calls import call, level_shift


def test_calls_posteriors_and_comparison_methods_are_reported_together():
    counts, truth = pool()
    found = call(counts)
    assert list(found.calls) == ["hto_call", "hto_confidence", "hto_joint", "hto_hashsolo", "hto_ambient"]
    assert list(found.posteriors) == [*counts.columns, "Doublet", "Negative"]
    assert found.posteriors.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(counts)))
    assert mean_f(found.calls["hto_call"], truth) > 0.98


def test_the_chosen_method_decides_and_the_joint_model_stays_beside_it():
    counts, _ = pool(fold=5)
    found = call(counts, method="hashsolo")
    assert (found.calls["hto_call"] == found.calls["hto_hashsolo"]).all()
    assert (found.calls["hto_joint"] != found.calls["hto_call"]).any()


@pytest.mark.parametrize("shape", [{"absent": (1, 4)}, {"tags": 3, "absent": (0,)}, {"tags": 2, "absent": (1,)}])
def test_absent_hashtags_are_found_and_harm_no_other(shape):
    counts, truth = pool(seed=2, **shape)
    found = call(counts)
    quality_of = found.hashtags.set_index("hashtag")["quality"]
    absent = [f"T{h:02d}" for h in shape["absent"]]
    assert set(quality_of.index[quality_of == "absent"]) == set(absent)
    assert not found.calls["hto_call"].isin(absent).any()
    assert mean_f(found.calls["hto_call"], truth) > 0.98


def test_a_weak_hashtag_is_reported_and_does_not_drag_the_others_down():
    counts, truth = pool(seed=3, weak={2: 1.0}, droplets=3000)
    found = call(counts)
    assert found.hashtags.set_index("hashtag")["quality"]["T02"] in ("weak", "absent")
    others = ~np.isin(truth, ["T02"])
    assert mean_f(found.calls["hto_call"].to_numpy()[others], truth[others]) > 0.95
    assert any("T02" in sentence for sentence in summary.warnings(found))


def test_an_all_zero_hashtag_and_a_constant_one_are_absent():
    counts, truth = pool()
    found = call(counts.assign(zero=0, constant=7))
    assert found.hashtags.set_index("hashtag")["quality"][["zero", "constant"]].tolist() == ["absent", "absent"]
    assert (found.posteriors[["zero", "constant"]] == 0).all(axis=None)
    assert mean_f(found.calls["hto_call"], truth) > 0.98


def test_a_droplet_without_counts_is_negative():
    counts, _ = pool()
    counts.iloc[5] = 0
    found = call(counts)
    assert found.calls["hto_call"].iloc[5] == "Negative"
    assert found.posteriors["Negative"].iloc[5] == 1


def test_one_hashtag_tells_hashed_from_unhashed_cells_and_warns_that_doublets_are_not_visible():
    counts, truth = pool(tags=1, negatives=0.5, doublets=0)
    found = call(counts)
    assert (found.calls["hto_call"].to_numpy() == truth).mean() > 0.97
    assert (found.calls["hto_hashsolo"] == "").all()
    assert any("doublets are not visible" in sentence for sentence in summary.warnings(found))


def test_depth_helps_where_one_hashtag_cannot_tell_the_background():
    rng = np.random.default_rng(0)
    genes = np.exp(rng.normal(7.5, 0.8, 3000))
    hashed = rng.random(3000) < 0.5
    mean = 40 * np.sqrt(genes / 1800) * np.where(hashed, 5, 1) * np.exp(rng.normal(0, 0.25, 3000))
    counts = pd.DataFrame({"tag": rng.poisson(mean)})
    right = [((call(counts, depth=depth).calls["hto_call"] == "tag") == hashed).mean() for depth in (None, genes)]
    assert right[1] > right[0] + 0.02


@pytest.fixture(scope="module")
def pool_with_stray_tags():
    """A pool in which 8% of the single cells carry a weaker second tag without RNA; two cells add their depths."""
    counts, truth = pool(seed=2, droplets=3000)
    rng = np.random.default_rng(1)
    depth = np.exp(rng.normal(7.5, 0.4, 3000)) + np.where(truth == "Doublet", np.exp(rng.normal(7.5, 0.4, 3000)), 0)
    single = np.flatnonzero(~np.isin(truth, ["Doublet", "Negative"]))
    strayed = rng.choice(single, 240, replace=False)
    signals = {tag: counts.loc[truth == tag, tag].to_numpy() for tag in counts}
    for row in strayed:
        tag = rng.choice([tag for tag in counts if tag != truth[row]])
        counts.iloc[row, counts.columns.get_loc(tag)] += int(rng.choice(signals[tag]) * rng.beta(1, 2))
    return counts, truth, depth


def test_depth_separates_two_cells_from_a_cell_with_a_stray_tag(pool_with_stray_tags):
    counts, truth, depth = pool_with_stray_tags
    plain, informed = (call(counts, depth=each).calls["hto_call"].to_numpy() == "Doublet" for each in (None, depth))
    wrong = [(called & (truth != "Doublet")).sum() for called in (plain, informed)]
    assert wrong[1] < 0.85 * wrong[0]
    assert informed[truth == "Doublet"].mean() > plain[truth == "Doublet"].mean()


def test_depth_without_relation_to_doublets_changes_few_calls(pool_with_stray_tags):
    counts, _, depth = pool_with_stray_tags
    shuffled = np.random.default_rng(3).permutation(depth)
    plain, shuffled = (call(counts, depth=each).calls["hto_call"].to_numpy() for each in (None, shuffled))
    assert (plain == shuffled).mean() > 0.97


def test_a_sample_of_cells_with_much_rna_is_not_taken_for_doublets():
    counts, truth = pool(seed=4, droplets=3000, doublets=0.1)
    rng = np.random.default_rng(5)
    typical = np.where(truth == "T00", 3000, 1000) * np.where(truth == "Doublet", 2, 1)
    found = call(counts, depth=typical * np.exp(rng.normal(0, 0.3, 3000))).calls["hto_call"].to_numpy()
    assert (found[truth == "T00"] == "T00").mean() > 0.95


def test_background_follows_the_square_root_of_depth():
    assert level_shift(np.array([100.0, 400.0, 1600.0])) == pytest.approx([-np.log(2), 0, np.log(2)])


def test_a_pool_on_which_the_methods_disagree_widely_is_flagged():
    counts, _ = pool(fold=1.5)
    assert any("low agreement" in sentence for sentence in summary.warnings(call(counts)))


def test_a_good_pool_is_summarised_in_one_sentence_without_warnings():
    found = call(pool(seed=6, droplets=8000, doublets=0.06)[0])
    warned = summary.warnings(found)
    assert warned == []
    assert summary.sentence(found, warned).endswith("good quality.")


@pytest.mark.parametrize(("fold", "estimable"), [(30, True), (6, True), (1.5, False)])
def test_the_doublet_rate_of_a_pool_of_weak_tags_is_not_estimable(fold, estimable):
    found = call(pool(seed=5, droplets=3000, fold=fold)[0])
    assert found.doublets_estimable is estimable
    assert (summary.numbers(found)["doublet_rate"] is None) is not estimable
    assert any("not estimable" in sentence for sentence in summary.warnings(found)) is not estimable
    assert ("not estimable" in summary.sentence(found, [])) is not estimable
