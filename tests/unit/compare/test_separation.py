from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from unit.compare import cohorts

from sscite.compare.composition import separation


def scaled(n_reference: int, n_target: int, *, paired: bool = False, **options: object):
    people = cohorts.samples(n_reference, n_target, paired=paired)
    comparison = cohorts.comparison(people)
    cells = cohorts.random_cells(n_reference + n_target, **options)
    return separation.scaled_percents(cohorts.counted(cells, people), comparison), comparison


def test_components_are_those_of_scikit_learn_on_unit_variance():
    values, comparison = scaled(8, 6)
    found = separation.components(values, comparison)
    reference = PCA(2).fit(values.to_numpy())
    assert values.to_numpy().std(axis=0, ddof=1) == pytest.approx(np.ones(8))
    assert found.explained == pytest.approx(reference.explained_variance_ratio_)
    assert np.abs(found.scores[["PC1", "PC2"]].to_numpy()) == pytest.approx(
        np.abs(reference.transform(values.to_numpy()))
    )
    assert np.abs(found.loadings["PC1"].to_numpy()) == pytest.approx(np.abs(reference.components_[0]))


def test_groups_that_differ_are_separated_and_equal_ones_are_not():
    different, comparison = scaled(6, 5, raised=5, fold=8.0)
    equal, _ = scaled(6, 5, seed=1)
    options = {"draws": 100, "rng": np.random.default_rng(0)}
    assert separation.separation(different, comparison, **options)[1] == pytest.approx(1 / 462)  # C(11, 5) arrangements
    assert separation.separation(equal, comparison, **options)[1] > 0.05


def test_the_share_between_groups_is_the_r_squared_of_the_group():
    values, comparison = scaled(6, 5)
    group = comparison.donors["group"].to_numpy()
    y = values.to_numpy()
    between = sum((group == g).sum() * ((y[group == g].mean(axis=0) - y.mean(axis=0)) ** 2).sum() for g in (0, 1))
    share = separation.separation(values, comparison, draws=10, rng=np.random.default_rng(0))[0]
    assert share == pytest.approx(between / ((y - y.mean(axis=0)) ** 2).sum())


def test_pairs_are_permuted_within_donors():
    values, comparison = scaled(6, 6, paired=True, raised=6, fold=8.0)
    assert comparison.paired
    assert separation.separation(values, comparison, draws=9, rng=np.random.default_rng(0))[1] == pytest.approx(2 / 64)
