"""dsb, both steps."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sscite.adt import dsb


def counts(*rows: list[int]) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.array(rows))


def test_step_one_is_the_distance_from_the_ambient_mean_in_its_deviations():
    background = dsb.ambient(counts([0, 5], [10, 25]))
    logs = np.log(np.array([[10, 15], [20, 35]]))
    np.testing.assert_allclose(background.mean, logs.mean(axis=0))
    np.testing.assert_allclose(background.sd, logs.std(axis=0, ddof=1))
    expected = (np.log(np.array([[10, 110]])) - logs.mean(axis=0)) / logs.std(axis=0, ddof=1)
    np.testing.assert_allclose(dsb.correct(counts([0, 100]), background), expected)


def test_without_standardising_the_unit_is_the_natural_log():
    background = dsb.ambient(counts([0, 5], [10, 25]))
    values = dsb.correct(counts([10, 5]), background, standardize=False)
    np.testing.assert_allclose(values, np.log([[20, 15]]) - background.mean)


def test_a_protein_that_is_constant_in_the_empty_droplets_borrows_the_usual_spread():
    background = dsb.ambient(counts([0, 5, 1], [0, 25, 4], [0, 6, 9]))
    assert background.flat.tolist() == [True, False, False]
    assert background.sd[0] == np.median(background.sd[1:])


def test_regressing_out_subtracts_slope_times_the_covariate_itself():
    covariate = np.array([1.0, 2.0, 3.0])
    values = np.column_stack([2 * covariate + 5, [1.0, 0.0, 1.0]])
    np.testing.assert_allclose(dsb.regress_out(values, covariate), [[5, 1], [5, 0], [5, 1]], atol=1e-12)


def test_given_slopes_are_taken_instead_of_those_over_all_cells():
    values = np.array([[5.0, 1.0], [7.0, 1.0]])
    found = dsb.regress_out(values, np.array([1.0, 2.0]), slopes=np.array([3.0, -0.5]))
    np.testing.assert_allclose(found, [[2, 1.5], [1, 2]])


def test_a_constant_covariate_changes_nothing():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(dsb.regress_out(values, np.array([7.0, 7.0])), values)


def test_the_noise_rises_with_the_background_and_ignores_constant_isotypes():
    rng = np.random.default_rng(0)
    level = rng.normal(size=50)
    values = level[:, None] + np.c_[rng.normal(0, 0.5, (50, 20)), rng.normal(6, 0.5, (50, 10))]
    values[:, 3] = 0
    found = dsb.technical(values, np.array([0, 1, 3]))
    assert found.isotypes.tolist() == [0, 1]
    assert np.corrcoef(found.noise, level)[0, 1] > 0.9


def test_one_isotype_works_as_several_do():
    values = np.random.default_rng(0).normal(size=(40, 30))
    found = dsb.technical(values, np.array([2]))
    scaled = [(x - x.mean()) / x.std(ddof=1) for x in (values[:, 2], found.background)]
    sign = np.sign(np.corrcoef(*scaled)[0, 1])
    np.testing.assert_allclose(np.abs(found.noise), np.abs(scaled[0] * sign + scaled[1]) / np.sqrt(2), atol=1e-9)


def test_a_cell_without_a_mixture_takes_the_mean_of_its_lower_half():
    values = np.random.default_rng(0).normal(size=(30, 12))
    values[4] = 3.0
    found = dsb.technical(values, np.array([], dtype=int))
    assert found.unfitted == 1
    assert found.background[4] == 3.0


def test_clipping_limits_each_protein_to_its_own_quantiles():
    values = np.column_stack([np.arange(101.0), 2 * np.arange(101.0)])
    clipped = dsb.clip(values, 0.05, 0.95)
    assert clipped.min(axis=0).tolist() == [5, 10]
    assert clipped.max(axis=0).tolist() == [95, 190]


def test_a_background_from_the_cells_is_that_of_the_negative_cells():
    rng = np.random.default_rng(0)
    low, high = rng.poisson(20, (300, 2)), rng.poisson(2000, (200, 2))
    found = dsb.ambient_of_cells(sparse.csr_matrix(np.r_[low, high]), rng=rng)
    np.testing.assert_allclose(found.mean, np.log(low + 10).mean(axis=0), atol=0.02)
