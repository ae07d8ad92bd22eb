"""Rate ratios of counts between a cluster and the rest, stratified by donor."""

import numpy as np
import pytest

from sscite.subsets.cluster.rate_ratio import dispersion, rate_ratio


def test_the_ratio_is_that_of_mantel_and_haenszel():
    # donor 1: 6 counts in 2 cells against 4 in 4; donor 2: 2 in 2 against 2 in 4; each cell of depth 1
    counts = np.array([3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], dtype=float)[:, None]
    clusters = np.array([1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0])
    donors = np.repeat([0, 1], 6)
    found = rate_ratio(counts, np.ones(12), clusters, donors)
    high, low = 6 * 4 / 6 + 2 * 4 / 6, 4 * 2 / 6 + 2 * 2 / 6
    assert found.ratio[1, 0] == pytest.approx(high / low)
    spread = 2 * 4 * 10 / 36 + 2 * 4 * 4 / 36
    assert found.lower[1, 0] == pytest.approx(high / low * np.exp(-1.96 * np.sqrt(spread / (high * low))))
    assert found.detected[:, 0].tolist() == [6 / 8, 1]


def test_a_difference_between_donors_is_no_difference_between_clusters():
    donors, clusters = np.repeat([0, 1], 20), np.tile([0, 0, 0, 1], 10)
    counts = np.where(donors == 1, 5.0, 1.0)[:, None]
    found = rate_ratio(counts, np.ones(40), clusters, donors)
    assert found.ratio[:, 0] == pytest.approx([1, 1])


def test_a_gene_without_counts_has_no_ratio_and_one_without_counts_outside_a_finite_one():
    counts = np.array([[0, 2], [0, 2], [0, 0], [0, 0]], dtype=float)
    found = rate_ratio(counts, np.ones(4), np.array([1, 1, 0, 0]), np.zeros(4, dtype=int))
    assert found.ratio[1, 0] == found.lower[1, 0] == 0
    assert 1 < found.ratio[1, 1] < np.inf


def test_counts_that_vary_more_than_by_chance_widen_the_interval():
    counts = np.array([[0.0], [0], [0], [8]])
    # mean 2: squares (4 + 4 + 4 + 36) / 2 over 3 degrees of freedom
    assert dispersion(counts, np.ones(4), np.zeros(4, dtype=int)) == pytest.approx([8.0])
    assert dispersion(np.full((4, 1), 2.0), np.ones(4), np.zeros(4, dtype=int)) == pytest.approx([1.0])
