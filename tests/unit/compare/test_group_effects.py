from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from sscite.compare.statistics import group_effects, permutation
from sscite.compare.statistics.poisson_lognormal import LogFrequencies


def data(values: np.ndarray, weight: np.ndarray | None = None) -> LogFrequencies:
    ones = np.ones_like(values)
    return LogFrequencies(values, ones if weight is None else weight, 100 * ones, 0 * ones, 0 * ones)


def test_the_effect_with_covariates_is_that_of_weighted_least_squares():
    rng = np.random.default_rng(0)
    values, weight, group = rng.normal(size=(11, 4)), rng.uniform(0.2, 3, (11, 4)), np.repeat([0, 1], [6, 5])
    held = np.column_stack([np.ones(11), rng.normal(size=11)])
    found = group_effects.between(data(values, weight), group, held, np.arange(11)[None])
    design = np.column_stack([held, group])
    for test in range(4):
        root = np.sqrt(weight[:, test])
        expected = np.linalg.lstsq(root[:, None] * design, root * values[:, test], rcond=None)[0][2]
        assert found.effect[0, test] == pytest.approx(expected, rel=1e-5)


def test_the_own_variance_with_equal_weights_is_that_of_welch():
    rng = np.random.default_rng(1)
    values, group = rng.normal(size=(10, 6)), np.repeat([0, 1], [6, 4])
    values[group == 1] *= 3
    found = group_effects.between(data(values), group, np.ones((10, 1)), np.arange(10)[None])
    for test in range(6):
        expected = stats.ttest_ind(values[group == 1, test], values[group == 0, test], equal_var=False)
        t = found.effect[0, test] / np.sqrt(found.own[test])
        assert t == pytest.approx(expected.statistic, rel=1e-5)
        assert found.own_df[test] == pytest.approx(expected.df, rel=1e-5)


def test_a_group_that_varies_three_times_as_much_has_a_larger_variance_in_every_test():
    rng = np.random.default_rng(2)
    group = np.repeat([0, 1], [17, 4])
    values = rng.normal(size=(21, 60)) * np.where(group == 1, 3, 1)[:, None]
    found = group_effects.between(data(values), group, np.ones((21, 1)), np.arange(21)[None])
    truth = 9 / 4 + 1 / 17
    assert np.median(found.variance[0]) == pytest.approx(truth, rel=0.25)
    assert found.variance[0].min() > 0.4 * truth


def test_signs_of_pairs_flip_the_mean_difference():
    values = np.array([[1.0], [2], [3], [4], [4], [7]])
    signs = permutation.flips(3, draws=9, rng=np.random.default_rng(0))[0]
    found = group_effects.within(data(values), np.empty((3, 0)), signs)
    assert found.effect[0, 0] == pytest.approx(3)
    assert sorted(found.effect[:, 0]) == pytest.approx(sorted(s @ [3, 2, 4] / 3 for s in signs))


def test_pairs_with_a_covariate_are_least_squares_of_the_differences():
    rng = np.random.default_rng(5)
    values, weight = rng.normal(size=(14, 3)), np.repeat(rng.uniform(0.5, 2, (7, 3)), 2, axis=0)
    weight = np.vstack([weight[0::2], weight[1::2]])
    held = rng.normal(size=(7, 1))
    signs = permutation.flips(7, draws=9, rng=rng)[0]
    found = group_effects.within(data(values, weight), held, signs)
    design = np.column_stack([held, np.ones(7)])
    for test in range(3):
        root = np.sqrt(weight[:7, test] / 2)
        difference = values[7:, test] - values[:7, test]
        expected = np.linalg.lstsq(root[:, None] * design, root * difference, rcond=None)[0][1]
        assert found.effect[0, test] == pytest.approx(expected)


def test_a_family_of_exchangeable_donors_is_wrong_in_at_most_one_of_twenty():
    """Every labelling of one data set, taken as observed in turn: the exact share below 5%."""
    rng = np.random.default_rng(6)
    values = rng.normal(size=(8, 30)) * rng.uniform(0.2, 3, size=30)
    false = []
    for chosen in combinations(range(8), 3):
        group = np.isin(np.arange(8), chosen).astype(int)
        orders = permutation.arrangements(group, draws=9, rng=rng, exact=True)[0]
        found = group_effects.between(data(values), group, np.ones((8, 1)), orders)
        p = permutation.Permuted(found.effect / np.sqrt(found.variance), exact=True).family_p()
        false.append((p <= 0.05).any())
    assert len(false) == 56
    assert 0 < np.mean(false) <= 0.05


def test_degrees_of_freedom_lie_between_those_of_one_variance_and_of_satterthwaite():
    """4 against 17 donors without a prior: 19 of one variance; 1 / (.8095^2 / 3 + .1905^2 / 16) = 4.53 of two."""
    parts, own = [np.array([[1 / 17]]), np.array([[1 / 4]])], [np.array([16.0]), np.array([3.0])]
    found = group_effects._degrees_of_freedom(parts, own, 0.0)
    assert found[0, 0] == pytest.approx(np.sqrt(19 * 4.53), rel=0.001)


def test_groups_of_equal_size_and_spread_have_the_degrees_of_freedom_of_one_variance():
    parts, own = [np.array([[0.1]])] * 2, [np.array([9.0])] * 2
    assert group_effects._degrees_of_freedom(parts, own, 0.0)[0, 0] == pytest.approx(18)
