"""Thresholds of positive cells."""

from __future__ import annotations

import numpy as np
import pytest

from sscite.adt.positivity import thresholds


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    values = np.column_stack([
        np.r_[rng.normal(0, 1, 1000), rng.normal(8, 1, 1000)],  # halves
        np.r_[rng.normal(0, 1, 1960), rng.normal(10, 1, 40)],  # two percent
        rng.normal(0, 1, 2000),  # nothing
        rng.normal(0, 1, 2000),  # isotype
    ])  # fmt: skip
    return thresholds(values, np.array([3]), rng=rng)


def test_equal_halves_are_cut_in_the_middle_and_the_interval_holds_it(table):
    assert table["threshold"][0] == pytest.approx(4, abs=0.2)
    assert table["threshold_low"][0] <= table["threshold"][0] <= table["threshold_high"][0]
    assert table["positive_fraction"][0] == pytest.approx(0.5, abs=0.01)


def test_a_rare_population_is_found(table):
    assert table["bimodal"][1]
    assert table["positive_fraction"][1] == pytest.approx(0.02, abs=0.002)


def test_a_single_population_takes_its_threshold_from_the_isotypes(table):
    assert not table["bimodal"][2]
    assert table["threshold_source"][2] == "isotypes"
    assert table["threshold"][2] == pytest.approx(2.33, abs=0.2)


def test_without_isotypes_a_single_population_has_no_threshold():
    values = np.random.default_rng(0).normal(size=(500, 1))
    found = thresholds(values, np.array([], dtype=int), rng=np.random.default_rng(0))
    assert found["threshold"].isna().all()
    assert found["positive_fraction"].isna().all()
