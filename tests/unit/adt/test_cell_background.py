"""Slopes on the technical level apart from biology."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from sscite.adt import cell_background


def planted(*, slope: float, gap: float, cells: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A protein on a tenth of the cells, whose technical level is higher by 2."""
    rng = np.random.default_rng(0)
    carrier = np.arange(cells) % 10 == 0
    level = rng.normal(0, 1, cells) + 2 * carrier
    return slope * level + gap * carrier + rng.normal(0, 0.5, cells), level, carrier


def over_all(values: np.ndarray, level: np.ndarray) -> float:
    return float(np.polyfit(level, values, 1)[0])


@pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
def test_carriers_with_a_high_technical_level_do_not_make_the_slope_steeper(slope: float):
    values, level, _ = planted(slope=slope, gap=6)
    assert over_all(values, level) > slope + 0.5
    assert cell_background.slopes(values[:, None], level)[0] == pytest.approx(slope, abs=0.04)


def test_carriers_with_a_high_technical_level_still_pay_for_it():
    values, level, carrier = planted(slope=0.4, gap=6)
    left = values - cell_background.slopes(values[:, None], level)[0] * level
    assert left[carrier].mean() - left[~carrier].mean() == pytest.approx(6, abs=0.1)


def test_the_slope_is_that_of_the_largest_likelihood():
    values, level, carrier = planted(slope=0.4, gap=3, cells=400)

    def loss(theta: np.ndarray) -> float:
        slope, low, high, log_low, log_high, odds = theta
        rest, share = values - slope * level, expit(odds)
        density = share * norm.pdf(rest, high, np.exp(log_high)) + (1 - share) * norm.pdf(rest, low, np.exp(log_low))
        return -float(np.log(density).sum())

    best = minimize(loss, [0.4, 0, 3, -0.7, -0.7, -2], method="Nelder-Mead", options={"maxiter": 20_000, "xatol": 1e-6})
    assert best.success
    assert carrier.sum() == 40
    assert cell_background.slopes(values[:, None], level)[0] == pytest.approx(best.x[0], abs=0.02)


def test_a_protein_of_one_class_follows_as_over_all_cells():
    rng = np.random.default_rng(1)
    level = rng.normal(size=3000)
    values = 0.7 * level + rng.normal(0, 1, 3000)
    assert cell_background.slopes(values[:, None], level)[0] == pytest.approx(over_all(values, level), abs=0.03)


def test_a_constant_protein_and_a_constant_level_have_no_slope():
    level = np.random.default_rng(0).normal(size=50)
    assert cell_background.slopes(np.full((50, 1), 3.0), level)[0] == pytest.approx(0, abs=1e-12)
    assert cell_background.slopes(level[:, None], np.full(50, 7.0)).tolist() == [0]


def test_each_protein_has_its_own_slope_whatever_the_threads():
    first, level, _ = planted(slope=0.4, gap=6)
    both = np.column_stack([first, -1.5 * first])
    found = cell_background.slopes(both, level, threads=1)
    np.testing.assert_allclose(found, [found[0], -1.5 * found[0]], atol=0.01)
    np.testing.assert_array_equal(found, cell_background.slopes(both, level, threads=3))
