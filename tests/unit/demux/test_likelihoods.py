import numpy as np
import pytest
from scipy import stats

from sscite.demux import likelihoods
from sscite.demux.likelihoods import Tags


@pytest.fixture
def one_tag() -> Tags:
    values = {"background": 5.0, "size": 4.0, "tail": 1e-9, "mu": 4.0, "beta": 0.5, "sd": 0.6}
    return Tags(**{name: np.array([value]) for name, value in values.items()})


def test_the_negative_binomial_is_that_of_scipy():
    x = np.array([0.0, 3.0, 50.0])
    expected = stats.nbinom.logpmf(x, 4.0, 4.0 / (4.0 + 7.0))
    assert likelihoods.negative_binomial(x, np.float64(7.0), np.float64(4.0)) == pytest.approx(expected)


def test_background_probabilities_of_all_counts_sum_to_one(one_tag):
    table, _ = likelihoods.background_table(np.arange(2000.0), np.array([0.5, 2.0]), one_tag)
    assert np.exp(table).sum(axis=1)[0] == pytest.approx([1, 1], abs=1e-6)


def test_the_signal_is_the_negative_binomial_averaged_over_a_lognormal(one_tag):
    level = 2.0
    z = np.random.default_rng(0).normal(size=200_000)
    mean = 5.0 * level + np.exp(4.0 + 0.5 * np.log(level) + 0.6 * z)
    expected = np.exp(likelihoods.negative_binomial(np.float64(80.0), mean, np.float64(4.0))).mean()
    found = np.exp(likelihoods.signal_table(np.array([80.0]), np.array([level]), one_tag)[0][0, 0, 0])
    assert found == pytest.approx(expected, rel=0.01)


def test_a_count_at_or_below_its_background_never_speaks_for_the_tag(one_tag):
    tables = likelihoods.tables(np.arange(11.0), np.array([2.0]), one_tag)
    assert (tables.alone[0, :, 0] <= 1).all()


def test_ratios_of_huge_counts_stay_finite_even_multiplied(one_tag):
    tables = likelihoods.tables(np.array([1e6]), np.array([0.1]), one_tag)
    assert np.isfinite(tables.alone * tables.paired).all()
    assert tables.alone[0, 0, 0] > 1e100


def test_small_counts_have_bins_of_their_own_and_large_ones_share():
    counts = np.array([[0, 7], [40, 1000], [41, 1001]])
    bins = likelihoods.used_bins(counts)
    assert bins.values[bins.codes][:2, 0].tolist() == [0, 40]
    assert bins.codes[1, 1] == bins.codes[2, 1]
    assert bins.values[bins.codes[1, 1]] == pytest.approx(1000, rel=0.04)
