from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sscite.compare.contrast.contrast import Contrast, load, load_samples
from sscite.compare.contrast.eligibility import compare
from sscite.errors import Reason, Skipped, UserError


def people(n_reference: int = 5, n_target: int = 4, **columns: list[str]) -> pd.DataFrame:
    n = n_reference + n_target
    frame = pd.DataFrame({
        "library_id": "L", "library": [f"L{i}" for i in range(n)], "sample": [f"s{i}" for i in range(n)],
        "donor": [f"d{i}" for i in range(n)], "tissue": "blood", "hashtag": "", "genotype_donor": "",
        "disease": ["HD"] * n_reference + ["SSc"] * n_target,
    })  # fmt: skip
    return frame.assign(**columns)


def contrast(**options: object) -> Contrast:
    return Contrast("SSc against HD", "ssc_hd", "disease", ("HD",), ("SSc",), **options)


def test_the_sides_hold_the_donors_of_their_levels():
    found = compare(contrast(), people())
    assert found.counts() == (5, 4)
    assert list(found.donors["group"]) == [0] * 5 + [1] * 4
    assert found.warnings == []


def test_a_level_with_one_donor_is_skipped_with_the_counts():
    with pytest.raises(Skipped, match="SSc 1, HD 5") as error:
        compare(contrast(), people(5, 1))
    assert error.value.reason is Reason.TOO_FEW_DONORS


def test_three_samples_of_one_donor_are_one_donor():
    with pytest.raises(Skipped) as error:
        compare(contrast(), people(donor=["a", "b", "c", "d", "e", "x", "x", "x", "x"]))
    assert error.value.reason is Reason.TOO_FEW_DONORS


def test_a_donor_with_several_samples_counts_once_by_their_mean():
    found = compare(contrast(), people(5, 4, donor=["a", "b", "c", "d", "d", "w", "x", "y", "z"]))
    values = pd.DataFrame({"value": [1.0, 2, 3, 4, 6, 7, 8, 9, 10]}, index=[f"s{i}" for i in range(9)])
    assert list(found.collapse(values)["value"]) == [1, 2, 3, 5, 7, 8, 9, 10]


def test_covariates_that_determine_the_groups_are_named_and_the_innocent_are_not():
    site = ["x"] * 5 + ["y"] * 4
    with pytest.raises(Skipped, match=r"covariates: site;") as error:
        compare(contrast(covariates=("age", "site")), people(age=list("512346789"), site=site))
    assert error.value.reason is Reason.COLLINEAR_DESIGN


def test_two_covariates_that_only_together_determine_the_groups_are_both_named():
    # group = a + b of numbers
    a, b = ["1", "2", "3", "4", "5", "6", "7", "8", "9"], ["-1", "-2", "-3", "-4", "-5", "-5", "-6", "-7", "-8"]
    with pytest.raises(Skipped, match=r"covariates: a, b;"):
        compare(contrast(covariates=("a", "b")), people(a=a, b=b))


def test_donors_without_a_covariates_value_are_left_out_by_name():
    found = compare(contrast(covariates=("age",)), people(age=["50", "", "53", "61", "70", "44", "59", "", "63"]))
    assert "d1, d7" in found.warnings[0]
    assert list(found.left_out["donor"]) == ["d1", "d7"]
    assert found.counts() == (4, 3)


def test_a_redundant_covariate_is_dropped_with_a_word():
    sex = list("fmfmfmfmf")
    found = compare(contrast(covariates=("sex", "copy", "constant")), people(sex=sex, copy=sex, constant=["z"] * 9))
    assert found.covariates == ["sex"]
    assert ["'copy'" in found.warnings[0], "'constant'" in found.warnings[1]] == [True, True]


def test_a_number_is_scaled_and_a_text_gets_a_column_per_further_level():
    ages, sites = ["40", "50", "60", "40", "50", "60", "40", "50", "60"], list("abcabcbca")
    matrix, names = compare(contrast(covariates=("age", "site")), people(age=ages, site=sites)).covariate_matrix()
    assert names == ["age", "site=b", "site=c"]
    assert matrix[:, 0].mean() == pytest.approx(0)
    assert set(matrix[:, 1]) == {0, 1}


def test_a_covariate_called_group_is_not_mistaken_for_the_sides():
    found = compare(contrast(covariates=("group",)), people(group=list("abababaab")))
    assert found.covariates == ["group_covariate"]
    assert list(found.donors["group"]) == [0] * 5 + [1] * 4


def test_a_donor_in_both_groups_without_a_block_is_left_out_and_named():
    donors = [f"d{i}" for i in range(8)] + ["d0"]
    found = compare(contrast(), people(donor=donors))
    assert "both groups" in found.warnings[0]
    assert "d0" not in set(found.samples["donor"])


def tissues(both: int, blood: int = 0, lung: int = 0) -> pd.DataFrame:
    rows = [(f"p{i}", tissue) for i in range(both) for tissue in ("blood", "lung")]
    rows += [(f"b{i}", "blood") for i in range(blood)] + [(f"l{i}", "lung") for i in range(lung)]
    frame = people(len(rows), 0)
    return frame.assign(donor=[donor for donor, _ in rows], tissue=[tissue for _, tissue in rows])


TISSUE = Contrast("lung", "lung", "tissue", ("blood",), ("lung",), block="donor")


def test_tissues_are_compared_within_donors_who_have_both():
    found = compare(TISSUE, tissues(4, blood=2))
    assert found.paired
    assert found.counts() == (4, 4)
    assert "b0, b1" in found.warnings[0]


def test_too_few_pairs_are_compared_unpaired_and_said_so():
    found = compare(TISSUE, tissues(1, blood=4, lung=4))
    assert not found.paired
    assert "too few pairs" in found.warnings[0]
    assert "p0" in found.warnings[1]


def test_a_covariate_constant_within_donors_is_not_used_where_paired():
    frame = tissues(4).assign(sex=list("ffmmffmm"))
    found = compare(Contrast("l", "l", "tissue", ("blood",), ("lung",), block="donor", covariates=("sex",)), frame)
    assert found.covariates == []
    assert "within donors" in found.warnings[0]


def test_a_group_that_sits_alone_in_one_library_is_shouted_about():
    found = compare(contrast(), people(library=["A"] * 5 + ["B"] * 4))
    assert "Batch and group are confounded" in found.warnings[0]
    assert "A and B" in found.warnings[0]


@pytest.mark.parametrize("library", [list("ABABAABAB"), [f"L{i}" for i in range(9)]])
def test_mixed_libraries_and_one_library_a_donor_are_no_cause_for_shouting(library: list[str]):
    assert compare(contrast(), people(library=library)).warnings == []


def test_a_covariate_that_no_column_holds_is_the_users_error():
    with pytest.raises(UserError, match="no column weight"):
        compare(contrast(covariates=("weight",)), people())


def test_more_covariates_than_donors_allow_are_refused():
    rng = np.random.default_rng(0)
    columns = {f"c{i}": [str(v) for v in rng.normal(size=7)] for i in range(5)}
    with pytest.raises(Skipped, match="too few for the covariates") as error:
        compare(contrast(covariates=tuple(columns)), people(4, 3, **columns))
    assert error.value.reason is Reason.TOO_FEW_DONORS


def test_the_files_of_samples_validate_are_read(tmp_path: Path):
    header = "contrast,contrast_id,variable,reference,target,tissue,subset,block,covariates\n"
    (tmp_path / "contrasts.csv").write_text(header + "A,a,group,HD;none,SRC,blood,CD14_EGR1,,age;sex\n")
    contrast = load(tmp_path / "contrasts.csv")[0]
    assert (contrast.reference, contrast.subset, contrast.covariates) == (
        ("HD", "none"),
        ("CD14_EGR1",),
        ("age", "sex"),
    )
    people().assign(sample=["s0", "s0", *[f"s{i}" for i in range(1, 8)]]).to_csv(tmp_path / "samples.csv", index=False)
    samples = load_samples(tmp_path / "samples.csv")
    assert len(samples) == 8
    assert samples["library"][0] == "L0;L1"
