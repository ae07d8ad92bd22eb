from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.compare.stage import longitudinal
from sscite.errors import Reason, Skipped


def people(donors: int = 1) -> pd.DataFrame:
    """Donors sampled before, at onset and after, and three who were sampled once."""
    rows = [(f"p{i}", name) for i in range(donors) for name in ("onset", "before", "after")] + [
        (f"q{i}", "") for i in range(3)
    ]
    return pd.DataFrame({
        "library": "L", "sample": [f"s{i}" for i in range(len(rows))], "donor": [donor for donor, _ in rows],
        "tissue": "blood", "sex": "f", "stage": [name for _, name in rows],
    })  # fmt: skip


def values(samples: pd.DataFrame, by_stage: dict[str, float]) -> pd.DataFrame:
    spread = iter([4.0, 5.0, 6.0])
    value = [by_stage[name] if name else next(spread) for name in samples["stage"]]
    return pd.DataFrame(
        {"kind": "gene", "feature": "EGR1", "unit": "mono", "sample": samples["sample"], "value": value}
    )


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        (["after", "before", "onset"], ["before", "onset", "after"]),
        (["week 12", "week 0", "week 4"], ["week 0", "week 4", "week 12"]),
        (["post-treatment", "pre-treatment"], ["pre-treatment", "post-treatment"]),
        (["second", "first"], ["second", "first"]),
    ],
)
def test_stages_are_ordered_by_number_or_word_or_as_given(given: list[str], ordered: list[str]):
    assert longitudinal.order_stages(given) == ordered


def test_the_stage_is_the_covariate_that_differs_within_a_donor():
    assert longitudinal.stage_variable(people()) == "stage"


def test_without_repeated_donors_the_step_is_skipped():
    with pytest.raises(Skipped) as error:
        longitudinal.stage_variable(people().drop_duplicates("donor"))
    assert error.value.reason is Reason.NO_STAGE


def test_one_donors_course_is_set_beside_the_others_and_has_no_p():
    samples = people()
    table = longitudinal.follow(
        values(samples, {"before": 5, "onset": 9, "after": 6}), longitudinal.select_staged(samples, "stage"), samples
    )
    assert list(table["stage"]) == ["before", "onset", "after"]
    assert table["z"].tolist() == pytest.approx([0, 4, 1])  # others 4, 5, 6: mean 5, standard deviation 1
    changes = longitudinal.summarise(table).set_index("stage")
    assert changes.loc["onset", ["mean_change", "rising", "mean_z_change"]].tolist() == pytest.approx([4, 1, 4])
    assert changes["p"].isna().all()


@pytest.mark.parametrize(("donors", "p"), [(5, np.nan), (6, 2 / 64)])
def test_a_p_is_given_from_six_donors_on(donors: int, p: float):
    samples = people(donors)
    table = longitudinal.follow(
        values(samples, {"before": 5, "onset": 9, "after": 6}), longitudinal.select_staged(samples, "stage"), samples
    )
    changes = longitudinal.summarise(table).set_index("stage")
    assert changes.loc["onset", "donors"] == donors
    assert changes.loc["onset", "p"] == pytest.approx(p, nan_ok=True)


def test_expression_is_log2_counts_per_million_of_lineages_with_enough_cells():
    obs = pd.DataFrame({
        "sample": ["a", "a", "b"], "level": ["lineage", "subset", "lineage"], "name": ["mono", "A", "mono"],
        "n_cells": [50, 50, 3],
    })  # fmt: skip
    found = longitudinal.expression(np.array([99, 1, 5]), np.array([999_999, 10, 10]), obs, "EGR1", min_cells=10)
    assert found[["unit", "sample"]].to_numpy().tolist() == [["mono", "a"]]
    assert found["value"][0] == pytest.approx(np.log2(99.5))


def test_signatures_are_averaged_over_a_samples_cells():
    cells = pd.DataFrame({"sample": ["a", "a", "b"], "lineage": "mono", "signature_NFKB": [1.0, 3.0, 9.0]})
    found = longitudinal.signature(cells, "signature_NFKB", min_cells=2)
    assert found[["sample", "value"]].to_numpy().tolist() == [["a", 2.0]]
