from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sscite.compare.statistics import donor_tests

# Hollander and Wolfe (1973), p. 116: mucociliary efficiency; R's kruskal.test example gives H = 0.77143, p = 0.68
NORMAL, OBSTRUCTED, ASBESTOSIS = [2.9, 3.0, 2.5, 2.6, 3.2], [3.8, 2.7, 4.0, 2.4], [2.8, 3.4, 3.7, 2.2, 2.0]


def test_kolmogorov_smirnov_agrees_with_scipy_where_sizes_differ_and_values_tie():
    rng = np.random.default_rng(0)
    values, group = np.round(rng.normal(size=(21, 40)), 1), np.array([0] * 17 + [1] * 4)
    expected = [stats.ks_2samp(values[group == 0, j], values[group == 1, j], method="exact") for j in range(40)]
    distance = donor_tests.ks_distance(values, group)
    assert distance == pytest.approx([found.statistic for found in expected])
    assert donor_tests.ks_p(distance, 17, 4) == pytest.approx([found.pvalue for found in expected])


def test_kolmogorov_smirnov_with_ties_is_conditional_on_them_as_in_r():
    # R 4.2.2: ks.test(c(0,0,0,1,5), c(0,2,2,5,7,9), exact = TRUE) p 0.1429; the other 0.04166667
    for one, other, p in (
        ([0, 0, 0, 1, 5], [0, 2, 2, 5, 7, 9], 0.1429),
        ([0, 0, 0, 0, 0.1], [0, 0.2, 0.3, 0.3, 0.5, 0.9, 0], 0.04166667),
    ):
        values, group = np.array([*one, *other])[:, None], np.repeat([0, 1], [len(one), len(other)])
        distance = donor_tests.ks_distance(values, group)
        assert donor_tests.ks_p(distance, len(one), len(other), values)[0] == pytest.approx(p, abs=5e-5)
        all_labels = [
            np.isin(np.arange(len(values)), chosen) * 1 for chosen in combinations(range(len(values)), len(other))
        ]
        reached = [donor_tests.ks_distance(values, label)[0] >= distance[0] - 1e-9 for label in all_labels]
        assert np.mean(reached) == pytest.approx(p, abs=5e-5)


def test_complete_separation_of_4_and_6_donors_gives_the_smallest_kolmogorov_smirnov_p():
    assert donor_tests.ks_p(np.array([1.0]), 6, 4)[0] == pytest.approx(2 / 210)


def test_kruskal_and_dunn_give_the_published_example_and_a_hand_computed_z():
    values = np.array(NORMAL + OBSTRUCTED + ASBESTOSIS)
    levels = np.array(["normal"] * 5 + ["obstructed"] * 4 + ["asbestosis"] * 5)
    found = donor_tests.kruskal_dunn(values, levels, [("normal", "obstructed"), ("normal", "asbestosis")])
    assert found["kruskal_h"][0] == pytest.approx(0.77143, abs=1e-5)
    assert found["kruskal_p"][0] == pytest.approx(0.68, abs=0.001)
    # no ties; ranks sum to 36 of 5, 36 of 4, 33 of 5: z = (7.2 - 9) / sqrt(14 * 15 / 12 * (1/5 + 1/4))
    assert found["dunn_z"][0] == pytest.approx((7.2 - 9.0) / np.sqrt(17.5 * 0.45))
    assert found["dunn_z"][1] == pytest.approx((7.2 - 6.6) / np.sqrt(17.5 * 0.40))
    assert found["dunn_p_adjusted"][1] == pytest.approx(min(1, 2 * 2 * stats.norm.sf(0.6 / np.sqrt(7.0))))


def test_dunn_corrects_for_ties():
    values, levels = np.array([1.0, 1, 2, 2, 2, 3]), np.array(list("aabbbb"))
    # ranks 1.5 1.5 4 4 4 6; tie term (8 - 2) + (27 - 3) = 30; variance 6*7/12 - 30/(12*5) = 3
    found = donor_tests.kruskal_dunn(values, levels, [("b", "a")])
    assert found["dunn_z"][0] == pytest.approx((4.5 - 1.5) / np.sqrt(3.0 * (1 / 4 + 1 / 2)))


def test_adjusted_p_values_agree_with_statsmodels_and_pass_over_missing_ones():
    p = np.random.default_rng(1).uniform(size=30) ** 3
    assert donor_tests.benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    with_gap = np.insert(p, 4, np.nan)
    assert np.delete(donor_tests.benjamini_hochberg(with_gap), 4) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert donor_tests.bonferroni(np.array([0.01, np.nan, 0.4, 0.6])) == pytest.approx(
        [0.03, np.nan, 1, 1], nan_ok=True
    )


def test_without_borrowing_the_moderated_t_is_the_t_test():
    rng = np.random.default_rng(2)
    values, group = rng.normal(size=(12, 2)), np.array([0] * 8 + [1] * 4)
    found = donor_tests.moderated_t(values, group, np.ones((12, 1)))  # two columns: too few to borrow from
    expected = stats.ttest_ind(values[group == 1], values[group == 0])
    assert found.t == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval()
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


def test_with_an_indicator_per_donor_the_moderated_t_is_the_paired_t_test():
    rng = np.random.default_rng(3)
    values, group = rng.normal(size=(10, 1)), np.array([0] * 5 + [1] * 5)
    found = donor_tests.moderated_t(values, group, np.vstack([np.eye(5)] * 2))
    expected = stats.ttest_rel(values[5:, 0], values[:5, 0])
    assert [found.t[0], found.p[0]] == pytest.approx([expected.statistic, expected.pvalue])


def test_the_prior_of_variances_is_recovered_from_scaled_inverse_chi_squared_draws():
    rng = np.random.default_rng(4)
    truth = 6.0, 0.5
    variances = truth[0] * truth[1] / rng.chisquare(truth[0], 20_000)
    observed = variances * rng.chisquare(9, 20_000) / 9
    assert donor_tests.squeeze_prior(observed, 9) == pytest.approx(truth, rel=0.05)


def test_equal_variances_are_all_drawn_to_their_common_value():
    rng = np.random.default_rng(5)
    observed = rng.chisquare(4, 5) / 4
    prior = donor_tests.squeeze_prior(np.full(5, 2.0), 4)
    assert np.isinf(prior[0])
    assert donor_tests.shrink(observed, 4, prior) == pytest.approx(np.full(5, prior[1]))
