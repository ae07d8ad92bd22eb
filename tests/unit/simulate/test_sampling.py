"""Sparse negative binomial counts."""

import numpy as np

from sscite.simulate import sampling


def test_mean_and_variance_are_those_of_a_negative_binomial():
    rates, size = np.array([0.5, 0.3, 0.2]), np.array([2.0, 10.0, 1e6])
    counts = sampling.negative_binomial(rates, np.full(40_000, 20.0), size, np.random.default_rng(0)).toarray()
    mean = np.array([10, 6, 4])
    assert np.allclose(counts.mean(axis=0), mean, rtol=0.02)
    assert np.allclose(counts.var(axis=0), mean + mean**2 / size, rtol=0.05)


def test_genes_and_cells_are_independent():
    rates, size = np.array([0.5, 0.5]), np.array([1.0, 1.0])
    counts = sampling.negative_binomial(rates, np.full(20_000, 10.0), size, np.random.default_rng(1)).toarray()
    assert abs(np.corrcoef(counts.T)[0, 1]) < 0.03


def test_counts_follow_each_cells_amount():
    amounts = np.array([0.0, 1000.0, 4000.0])
    drawn = sampling.negative_binomial(np.full(50, 0.02), amounts, np.full(50, 1e4), np.random.default_rng(2))
    total = np.asarray(drawn.sum(axis=1)).ravel()
    assert total[0] == 0
    assert np.allclose(total[1:], amounts[1:], rtol=0.15)


def test_silent_genes_stay_silent_and_chunks_change_nothing_in_shape(monkeypatch):
    monkeypatch.setattr(sampling, "MOST_CLUSTERS", 100)
    drawn = sampling.negative_binomial(np.array([1.0, 0.0]), np.full(7, 60.0), np.ones(2), np.random.default_rng(3))
    assert drawn.shape == (7, 2)
    assert drawn[:, 1].sum() == 0
    assert (drawn[:, 0].toarray() > 0).sum() >= 6


def test_no_cells_give_no_rows():
    drawn = sampling.negative_binomial(np.ones(3) / 3, np.array([]), np.ones(3), np.random.default_rng(0))
    assert drawn.shape == (0, 3)
