from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from sscite.compare.statistics import poisson_lognormal


@pytest.mark.parametrize(("count", "exposure"), [(0, 30.0), (2, 300.0), (40, 800.0), (5000, 20_000.0)])
def test_the_posterior_is_that_of_numerical_integration(count: int, exposure: float):
    mean, deviation = np.log(0.05), 0.6
    if count > 1000:
        mean = np.log(0.2)

    def density(u: float) -> float:
        return stats.poisson.pmf(count, exposure * np.exp(mean + u)) * stats.norm.pdf(u, 0, deviation)

    peak = float(np.clip(np.log((count + 0.5) / exposure) - mean, -2, 2))
    bounds = {"points": [peak], "limit": 200}
    mass, first, second = (
        integrate.quad(lambda u, k=k: density(u) * u**k, -4, 4, **bounds)[0] for k in range(3)
    )  # fmt: skip
    found = poisson_lognormal.posterior(
        np.array([[float(count)]]), np.array([[exposure]]), np.array([mean]), np.array([deviation**2])
    )
    assert found[0][0, 0] == pytest.approx(first / mass, abs=0.003)
    assert found[1][0, 0] == pytest.approx(second / mass - (first / mass) ** 2, rel=0.03)


def test_where_cells_are_many_the_value_is_the_log_of_the_frequency():
    rng = np.random.default_rng(0)
    share = 0.05 * np.exp(rng.normal(0, 0.5, (12, 5)))
    exposure = np.full((12, 5), 1e6)
    data = poisson_lognormal.fit(np.round(share * exposure), exposure)
    assert data.value == pytest.approx(np.log(share), abs=0.01)


def test_the_mean_value_of_a_rare_subset_does_not_depend_on_the_number_of_cells():
    """log((count + 1/2) / (cells + 1)) would be 1.3 higher in donors with 150 cells than in those with 8,000."""
    rng = np.random.default_rng(1)
    exposure = np.repeat([150.0, 8000.0], 400)[:, None] * np.ones((1, 4))
    counts = rng.poisson(exposure * 0.002 * np.exp(rng.normal(0, 0.6, (800, 4)))).astype(float)
    naive = np.log((counts + 0.5) / (exposure + 1))
    value = poisson_lognormal.fit(counts, exposure).value
    assert (naive[:400].mean(axis=0) - naive[400:].mean(axis=0)).min() > 0.5
    assert np.abs(value[:400].mean(axis=0) - value[400:].mean(axis=0)).max() < 0.35


def test_few_cells_weigh_less_and_no_cell_of_the_denominator_weighs_nothing():
    rng = np.random.default_rng(2)
    exposure = np.array([0.0, 100, 1000, 10_000, 10_000, 10_000])[:, None] * np.ones((1, 3))
    counts = rng.poisson(exposure * 0.02).astype(float)
    weight = poisson_lognormal.fit(counts, exposure).weight
    assert (weight[0] == 0).all()
    assert (np.diff(weight[:4], axis=0) > 0).all()
