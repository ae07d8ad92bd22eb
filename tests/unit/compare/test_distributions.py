"""Tails and quantiles by scipy.special are those of scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from sscite.compare.statistics import distributions

DF = np.array([0.7, 1, 3, 12.5, 60, 1e6, np.inf])


def test_p_and_quantiles_of_t_are_those_of_scipy_stats_also_with_infinite_degrees_of_freedom():
    t = np.linspace(-40, 40, 81)[:, None]
    np.testing.assert_allclose(distributions.t_p(t, DF), 2 * stats.t.sf(np.abs(t), DF), rtol=1e-12)
    np.testing.assert_allclose(distributions.t_quantile(0.975, DF), stats.t.ppf(0.975, DF), rtol=1e-12)
    assert np.isnan(distributions.t_p(2.0, 0))
    assert distributions.t_quantile(0.975, np.inf) == pytest.approx(1.959964, abs=1e-6)


def test_welch_gives_the_p_of_scipy_stats_and_none_for_donors_who_are_all_the_same():
    a, b = np.array([27.5, 21.0, 19.0, 23.6, 17.0]), np.array([27.1, 22.0, 20.8, 23.4])
    assert distributions.welch_p(a, b) == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, rel=1e-12)
    assert np.isnan(distributions.welch_p(np.ones(3), np.ones(3)))


@pytest.mark.parametrize("share", [1 / 3, 1 / 4, 1 / 8])
def test_trimmed_means_are_those_of_scipy_stats(share):
    values = np.random.default_rng(1).normal(size=(20, 11))
    np.testing.assert_array_equal(distributions.trimmed_mean(values, share), stats.trim_mean(values, share, axis=1))
