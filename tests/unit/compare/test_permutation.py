from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from sscite.compare.statistics import permutation
from sscite.compare.statistics.donor_tests import shrink, squeeze_prior

GROUP = np.array([0, 0, 0, 1, 1])


def test_all_ten_arrangements_of_2_among_5_are_listed_once_and_the_observed_first():
    orders, exact = permutation.arrangements(GROUP, draws=3, rng=np.random.default_rng(0), exact=True)
    labels = {tuple(row) for row in GROUP[orders]}
    assert exact
    assert len(orders) == len(labels) == 10
    assert (GROUP[orders[0]] == GROUP).all()


def test_a_single_test_counts_arrangements_as_extreme():
    values = np.array([[1.0], [2], [3], [8], [9]])
    found = permutation.between_donors(values, GROUP, np.ones((5, 1)), draws=9, rng=np.random.default_rng(0))
    assert found.p()[0] == pytest.approx(0.1)  # the observed arrangement alone of ten
    assert permutation.smallest_p(3, 2, paired=False) == pytest.approx(0.1)


def test_the_permutation_p_of_a_t_agrees_with_scipy_where_variances_are_not_borrowed():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(9, 2))
    group = np.array([0] * 5 + [1] * 4)
    found = permutation.between_donors(values, group, np.ones((9, 1)), draws=9, rng=rng)
    for column in range(2):
        expected = stats.permutation_test(
            (values[group == 1, column], values[group == 0, column]),
            lambda a, b: abs(stats.ttest_ind(a, b).statistic), alternative="greater",
        )  # fmt: skip
        assert found.p()[column] == pytest.approx(expected.pvalue)


def test_with_covariates_the_statistic_is_that_of_freedman_and_lane():
    rng = np.random.default_rng(2)
    values, group, held = (
        rng.normal(size=(10, 4)),
        np.array([0] * 6 + [1] * 4),
        np.column_stack([np.ones(10), rng.normal(size=10)]),
    )
    order = rng.permutation(10)
    found = permutation.label_t(values, group, held, order[None])
    residuals = values - held @ np.linalg.lstsq(held, values, rcond=None)[0]
    shuffled = residuals[np.argsort(order)]
    design = np.column_stack([held, group])
    fit, rest = np.linalg.lstsq(design, shuffled, rcond=None)[:2]
    prior = squeeze_prior((residuals**2).sum(axis=0) / 8, 8)
    error = np.sqrt(shrink(rest / 7, 7, prior) * np.linalg.inv(design.T @ design)[2, 2])
    assert found[0] == pytest.approx(fit[2] / error)


def test_flips_of_three_pairs_are_eight_with_the_observed_first():
    signs, exact = permutation.flips(3, draws=5, rng=np.random.default_rng(0))
    assert exact
    assert len({tuple(row) for row in signs}) == 8
    assert (signs[0] == 1).all()


def test_three_pairs_cannot_go_below_one_quarter():
    differences = np.array([[3.0], [2.0], [4.0]])
    found = permutation.within_donors(differences, draws=5, rng=np.random.default_rng(0))
    assert found.p()[0] == permutation.smallest_p(3, 3, paired=True) == 0.25


@pytest.mark.parametrize(("reference", "target", "p"), [(17, 4, 1 / 5985), (6, 4, 1 / 210), (3, 3, 2 / 20)])
def test_the_smallest_p_counts_arrangements(reference: int, target: int, p: float):
    assert permutation.smallest_p(reference, target, paired=False) == pytest.approx(p)


def test_the_family_p_is_the_step_down_of_westfall_and_young_by_hand():
    # rows: observed, then three arrangements; columns have equal root mean squares, so that scaling changes nothing
    t = np.array([[3.0, 2.0], [1.0, 3.0], [2.0, -1.0], [0.0, 0.0]])
    found = permutation.Permuted(t, exact=True)
    # first column 3: max of row >= 3 in rows 0 and 1 -> 2/4; second: own column >= 2 in rows 0 and 1 -> 2/4
    assert found.family_p() == pytest.approx([0.5, 0.5])
    assert found.p() == pytest.approx([0.25, 0.5])


def test_a_family_of_exchangeable_donors_is_wrong_in_at_most_one_of_twenty():
    """Every labelling of one data set, taken as observed in turn: the exact share below 5 %."""
    rng = np.random.default_rng(6)
    values = rng.normal(size=(8, 30)) * rng.uniform(0.2, 3, size=30)
    labels = sorted({tuple(row) for row in permutations([1, 1, 1, 0, 0, 0, 0, 0])})
    false = [
        (
            permutation.between_donors(values, np.array(group), np.ones((8, 1)), draws=9, rng=rng).family_p() <= 0.05
        ).any()
        for group in labels
    ]
    assert len(labels) == 56
    assert 0 < np.mean(false) <= 0.05


def test_more_tests_can_only_raise_the_family_p():
    rng = np.random.default_rng(7)
    values, group = rng.normal(size=(10, 20)), np.array([0] * 6 + [1] * 4)
    values[group == 1, 0] += 4
    found = permutation.between_donors(values, group, np.ones((10, 1)), draws=9, rng=rng)
    assert (found.family_p() >= found.p() - 1e-12).all()
