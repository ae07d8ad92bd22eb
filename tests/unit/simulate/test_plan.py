"""Who is sampled, and how strong the effects are."""

import pytest

from sscite import simulate


def test_the_default_design_has_the_groups_of_the_study():
    design = simulate.design()
    assert design.groupby("group")["donor"].nunique().to_dict() == {"HD": 6, "SSc": 7, "ILD": 10, "SRC": 4}
    assert design["donor"].is_unique
    assert ((design["SRC"] == "yes") & (design["ILD"] == "yes")).sum() == 2


def test_tissue_is_taken_from_donors_who_gave_blood_too():
    design = simulate.design({"HD": 1, "ILD": 3, "SRC": 3}, kidney=3, lung=2)
    kidney, lung = (design[design["tissue"] == tissue] for tissue in ("kidney", "lung"))
    assert list(kidney["group"]) == ["SRC"] * 3
    assert list(lung["group"]) == ["ILD"] * 2
    assert set(kidney["donor"]) | set(lung["donor"]) <= set(design.loc[design["tissue"] == "blood", "donor"])


def test_hashtags_are_unique_in_a_library_and_absent_where_a_sample_is_alone():
    design = simulate.design({"HD": 4, "ILD": 4, "SRC": 4}, kidney=4, samples_per_library=6)
    pooled = design[design["hashtag"] != ""]
    assert not pooled.duplicated(["library", "hashtag"]).any()
    assert design["library"].value_counts().to_dict() == {"blood_1": 6, "blood_2": 6, "kidney_1": 3, "kidney_2": 1}
    assert design.loc[design["library"] == "kidney_2", "hashtag"].tolist() == [""]


def test_groups_are_spread_over_blood_libraries():
    design = simulate.design({"HD": 4, "SSc": 4, "SRC": 4}, samples_per_library=6)
    assert (design.groupby("library")["group"].nunique() == 3).all()


def test_one_donor_is_sampled_before_at_and_after_the_crisis():
    design = simulate.design({"HD": 2, "SRC": 2}, stages=True)
    staged = design[design["stage"] != ""]
    assert sorted(staged["stage"]) == ["after", "before", "onset"]
    assert staged["donor"].nunique() == 1
    assert staged.set_index("stage")["SRC"].to_dict() == {"onset": "yes", "before": "", "after": ""}
    assert design["sample"].is_unique


def test_an_effect_of_zero_is_a_fold_of_one():
    assert set(simulate.folds(0).values()) == {1.0}
    assert simulate.folds({"src_egr1": 2})["src_egr1"] == 2
    assert simulate.folds({"src_egr1": 2})["disease"] == 1


@pytest.mark.parametrize("effect", [{"no_such": 2}, {"nfkb": -1}])
def test_unknown_or_negative_effects_are_refused(effect):
    with pytest.raises(ValueError, match="effects are"):
        simulate.folds(effect)


def test_more_biopsies_than_patients_are_refused():
    with pytest.raises(ValueError, match="kidney"):
        simulate.design({"HD": 3, "SRC": 1}, kidney=2)
