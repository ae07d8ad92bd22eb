from __future__ import annotations

import numpy as np
import pytest
from unit.compare import cohorts

from sscite.compare.calibration import relabelling
from sscite.compare.composition import effects, frequency


def test_relabellings_start_with_the_observed_and_never_repeat_it():
    comparison = cohorts.comparison(cohorts.samples(4, 3))
    arranged = relabelling.arrangements(comparison, rng=np.random.default_rng(0))
    labels = relabelling.labels(comparison, arranged)[relabelling.relabellings(comparison, arranged, number=200)]
    group = comparison.donors["group"].to_numpy()
    assert (labels[0] == group).all()
    assert len(labels) == 35  # C(7, 3)
    assert (labels.sum(axis=1) == 3).all()
    assert (labels[1:] != group).any(axis=1).all()


def test_paired_relabellings_swap_the_groups_of_donors():
    comparison = cohorts.comparison(cohorts.samples(4, 4, paired=True))
    labels = relabelling.labels(comparison, relabelling.arrangements(comparison, rng=np.random.default_rng(0)))
    assert labels[0].tolist() == [0] * 4 + [1] * 4
    assert len({tuple(row) for row in labels}) == 16
    assert (labels[:, :4] + labels[:, 4:] == 1).all()


def test_a_planted_rise_is_called_as_labelled_and_hardly_ever_when_relabelled():
    people = cohorts.samples(9, 8)
    comparison = cohorts.comparison(people)
    measures = frequency.measure(cohorts.counted(cohorts.random_cells(17, raised=8, fold=5.0), people), comparison)
    arranged = relabelling.arrangements(comparison, rng=np.random.default_rng(0))
    chosen = relabelling.relabellings(comparison, arranged, number=40)
    fitted = effects.fit(measures, comparison)
    found = relabelling.table(relabelling.composition_calls(fitted, comparison, arranged, chosen))
    primary = found.set_index("statistic").loc["composition: log_ratio"]
    assert primary["observed"] >= 1
    assert primary["chance_any"] <= 0.2
    assert primary["p"] < 0.15


def test_the_p_counts_relabellings_with_as_many_calls():
    row = dict(zip(relabelling.COLUMNS, relabelling.summarise("x", np.array([2, 0, 0, 2, 5])), strict=True))
    assert row["p"] == pytest.approx(3 / 5)
    assert row["chance_any"] == pytest.approx(0.5)
    assert row["permuted_mean"] == pytest.approx(1.75)


def test_genes_that_differ_are_counted_and_rare_genes_do_not_enter():
    rng = np.random.default_rng(1)
    counts = rng.poisson(200, (10, 50)).astype(float)
    counts[5:, :7] *= 8
    counts[:, 40:] = rng.poisson(1, (10, 10))
    group = np.array([0] * 5 + [1] * 5)
    mixed = np.array([0, 1] * 5)
    calls, tested = relabelling.expression_calls(counts, np.ones((10, 1)), np.array([group, mixed]))
    assert tested == 40
    assert calls[0] >= 7
    assert calls[1] < 7


def test_the_statistic_of_separation_is_that_of_the_separation_test():
    from sscite.compare.composition import separation

    people = cohorts.samples(6, 5)
    comparison = cohorts.comparison(people)
    scaled = separation.scaled_percents(cohorts.counted(cohorts.random_cells(11), people), comparison)
    share = separation.separation(scaled, comparison, draws=9, rng=np.random.default_rng(0))[0]
    labels = comparison.donors["group"].to_numpy()[None]
    assert relabelling.separation_statistic(scaled.to_numpy(), comparison, labels)[0] == pytest.approx(share)
