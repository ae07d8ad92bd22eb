"""How many cells of each subset a sample holds."""

import numpy as np
import pandas as pd
import pytest

from sscite import simulate


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    return simulate.design({"HD": 150, "SSc": 150, "ILD": 150, "SRC": 150}, kidney=2, lung=2)


def of_monocytes(table: pd.DataFrame) -> pd.Series:
    lineage = simulate.subsets()["lineage"]
    return table["CD14_EGR1"] / table.loc[:, lineage == "monocyte/DC"].sum(axis=1)


def test_samples_hold_the_cells_asked_for():
    design = simulate.design()
    counts = simulate.compositions(design, np.random.default_rng(0), cells=700)
    assert (counts.sum(axis=1) == 700).all()
    assert list(counts.index) == list(design["sample"])


def test_without_effects_all_blood_groups_expect_the_same():
    design = simulate.design()
    expected = simulate.expected_proportions(design, 0)
    assert np.allclose(expected, expected.iloc[0])
    assert np.allclose(expected.sum(axis=1), 1)


def test_the_planted_fold_is_found_in_the_mean_of_many_donors(many):
    share = simulate.proportions(many, np.random.default_rng(1), spread=0.2, effect={"src_egr1": 2, "ild_t2isg": 3})
    blood = many.set_index("sample").query("tissue == 'blood'")
    means = share.loc[blood.index].groupby(blood["group"]).mean()
    # 2.6 % doubled among all: 5.2 / 102.6 against 2.6 / 100; 2 % tripled: 6 / 104 against 2 / 100
    assert means.loc["SRC", "CD14_EGR1"] / means.loc["HD", "CD14_EGR1"] == pytest.approx(2 / 1.026, rel=0.15)
    assert means.loc["ILD", "CD8_TEM_T2ISG"] / means.loc["HD", "CD8_TEM_T2ISG"] == pytest.approx(3 / 1.04, rel=0.15)


def test_donors_vary_more_than_counting_explains(many):
    rng = np.random.default_rng(2)
    blood = many[many["tissue"] == "blood"]
    share = simulate.proportions(blood, rng, effect=0)
    logits = np.log(share / (1 - share))
    assert logits.std().median() == pytest.approx(0.55, abs=0.06)
    share = simulate.proportions(blood, rng, effect=0, concentration=80)["CD14_VCAN"]
    assert 0.25 < share.std() / share.mean() < 0.6
    calm = simulate.proportions(blood, rng, effect=0, concentration=1e6)["CD14_VCAN"]
    assert calm.std() / calm.mean() < 0.02


def test_samples_of_one_donor_share_what_is_the_donors_own():
    design = simulate.design({"HD": 1, "SRC": 1}, stages=True)
    share = simulate.proportions(design, np.random.default_rng(3), effect=0)
    assert np.allclose(share.loc["SRC01_blood_before"], share.loc["SRC01_blood"])
    assert not np.allclose(share.loc["HD01_blood"], share.loc["SRC01_blood"])


def test_damaging_macrophages_are_in_kidney_alone_and_only_when_planted(many):
    with_effect, without = (simulate.expected_proportions(many, effect) for effect in (3, 0))
    kidney = (many["tissue"] == "kidney").to_numpy()
    assert (with_effect.loc[kidney, "THBS1_Mac"] > 0.05).all()
    assert (with_effect.loc[~kidney, "THBS1_Mac"] == 0).all()
    assert (without["THBS1_Mac"] == 0).all()


def test_stage_samples_carry_no_crisis_effect():
    design = simulate.design({"HD": 1, "SRC": 1}, stages=True)
    egr1 = of_monocytes(simulate.expected_proportions(design, {"src_egr1": 3}))
    assert egr1["SRC01_blood_before"] == pytest.approx(egr1["HD01_blood"])
    assert egr1["SRC01_blood"] > 2 * egr1["HD01_blood"]


def test_the_same_seed_gives_the_same_cohort():
    design = simulate.design()
    first, again, other = (simulate.compositions(design, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert first.equals(again)
    assert not first.equals(other)


def test_an_outlying_donor_differs_more_than_the_others():
    design = simulate.design({"HD": 40}, seed=1)
    spread = dict.fromkeys(design["donor"], 0.3) | {"HD40": 3.0}
    share = simulate.proportions(design, np.random.default_rng(4), effect=0, spread=spread)
    share = share.loc[:, share.iloc[0] > 0]
    distance = (np.log(share) - np.log(share).median()).std(axis=1)
    assert distance.idxmax() == "HD40_blood"


def test_depths_vary_tenfold_and_a_lost_subset_has_no_cell_in_its_library():
    design = simulate.design({"HD": 400}, samples_per_library=5)
    cells = simulate.depths(design, np.random.default_rng(5))
    assert cells.quantile(0.975) / cells.quantile(0.025) == pytest.approx(10, rel=0.3)
    library = design["library"].iloc[0]
    counts = simulate.compositions(design, np.random.default_rng(6), cells=cells, lost={library: "CD16"})
    inside = design.set_index("sample")["library"] == library
    assert counts.loc[inside, "CD16"].sum() == 0
    assert counts.loc[~inside, "CD16"].sum() > 0
    assert (counts.sum(axis=1) == cells).all()
