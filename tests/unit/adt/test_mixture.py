"""Two-component mixtures of many rows at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from sscite.adt.mixture import Mixtures, fit_rows


def plain_em(x: np.ndarray) -> tuple[float, float]:
    """Mean of the lower component and gain in BIC, by mclust's rules, written plainly."""
    n, fits = len(x), []
    for equal in (True, False):
        z, before = (x < np.median(x)).astype(float), np.inf
        while True:
            share = np.array([z.sum(), n - z.sum()]) / n
            mean = np.array([(z * x).sum(), ((1 - z) * x).sum()]) / (n * share)
            square = np.array([(z * (x - mean[0]) ** 2).sum(), ((1 - z) * (x - mean[1]) ** 2).sum()])
            variance = np.full(2, square.sum() / n) if equal else square / (n * share)
            logs = np.log(share) - 0.5 * (np.log(2 * np.pi * variance) + (x[:, None] - mean) ** 2 / variance)
            each = logsumexp(logs, axis=1)
            z, now = np.exp(logs[:, 0] - each), each.sum()
            if abs(before - now) / (1 + abs(now)) <= 1e-5:
                break
            before = now
        if 2 * (z.mean() - share[0]) ** 2 > np.sqrt(np.finfo(float).eps):
            mean[0] = (z * x).sum() / z.sum()
        fits.append((2 * now - (4 if equal else 5) * np.log(n), mean[0]))
    best = max(fits)
    one = -n * (np.log(2 * np.pi * x.var()) + 1) - 2 * np.log(n)
    return best[1], best[0] - one


def test_the_fit_is_that_of_a_plain_implementation():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(0, 1, (12, 60)), rng.normal(4, 2, (12, 27))], axis=1)
    fits = fit_rows(rows)
    expected = np.array([plain_em(row) for row in rows])
    np.testing.assert_allclose(fits.lower_mean, expected[:, 0], rtol=0, atol=1e-7)
    np.testing.assert_allclose(fits.gain, expected[:, 1], rtol=0, atol=1e-5)


def test_two_far_groups_are_found_exactly():
    row = np.r_[np.full(5, 0.0) + np.arange(5) * 0.01, np.full(5, 10.0) + np.arange(5) * 0.01]
    fits = fit_rows(row[None])
    assert fits.lower_mean[0] == pytest.approx(0.02)
    assert fits.upper_mean[0] == pytest.approx(10.02)
    assert fits.lower_weight[0] == pytest.approx(0.5)


def test_the_number_of_threads_changes_nothing():
    rows = np.random.default_rng(1).normal(size=(31, 40))
    np.testing.assert_array_equal(fit_rows(rows, threads=1).lower_mean, fit_rows(rows, threads=5).lower_mean)


@pytest.mark.parametrize("row", [np.zeros(20), np.array([1.0, 2.0])])
def test_a_row_that_allows_no_mixture_gives_nan(row: np.ndarray):
    assert np.isnan(fit_rows(row[None]).lower_mean[0])


def test_a_rare_group_is_found_from_a_high_start():
    rng = np.random.default_rng(2)
    row = np.r_[rng.normal(0, 1, 970), rng.normal(9, 0.5, 30)][None]
    fits = fit_rows(row, splits=np.array([6.0]))
    assert fits.upper_mean[0] == pytest.approx(9, abs=0.4)
    assert 1 - fits.lower_weight[0] == pytest.approx(0.03, abs=0.005)


def test_more_values_than_a_block_do_not_overflow():
    rows = np.random.default_rng(3).normal(size=(2, 5000))
    assert np.isfinite(fit_rows(rows).gain).all()


def test_the_share_of_the_lower_component_follows_both_densities():
    fits = Mixtures(*(np.array([x]) for x in (0.0, 2.0, 1.0, 1.0, 0.5, 10.0)))
    np.testing.assert_allclose(
        fits.lower_share(np.array([[0.0, 1.0, 2.0]])), [[1 / (1 + np.exp(-2)), 0.5, 1 / (1 + np.exp(2))]]
    )
    rare = Mixtures(*(np.array([x]) for x in (0.0, 2.0, 1.0, 1.0, 0.8, 10.0)))
    np.testing.assert_allclose(rare.lower_share(np.array([[1.0]])), [[0.8]])
