from __future__ import annotations

import numpy as np
import pytest

from sscite.compare.statistics import permutation

GROUP = np.array([0, 0, 0, 1, 1])


def test_all_ten_arrangements_of_2_among_5_are_listed_once_and_the_observed_first():
    orders, exact = permutation.arrangements(GROUP, draws=3, rng=np.random.default_rng(0), exact=True)
    labels = {tuple(row) for row in GROUP[orders]}
    assert exact
    assert len(orders) == len(labels) == 10
    assert (GROUP[orders[0]] == GROUP).all()


def test_flips_of_three_pairs_are_eight_with_the_observed_first():
    signs, exact = permutation.flips(3, draws=5, rng=np.random.default_rng(0))
    assert exact
    assert len({tuple(row) for row in signs}) == 8
    assert (signs[0] == 1).all()


@pytest.mark.parametrize(("reference", "target", "p"), [(17, 4, 1 / 5985), (6, 4, 1 / 210), (3, 3, 2 / 20)])
def test_the_smallest_p_counts_arrangements(reference: int, target: int, p: float):
    assert permutation.smallest_p(reference, target, paired=False) == pytest.approx(p)


def test_the_family_p_is_the_step_down_of_westfall_and_young_by_hand():
    # rows: observed, then three arrangements; columns have equal root mean squares, so that scaling changes nothing
    t = np.array([[3.0, 2.0], [1.0, 3.0], [2.0, -1.0], [0.0, 0.0]])
    found = permutation.Permuted(t, exact=True)
    # first column 3: max of row >= 3 in rows 0 and 1 -> 2/4; second: own column >= 2 in rows 0 and 1 -> 2/4
    assert found.family_p() == pytest.approx([0.5, 0.5])
    assert found.p() == pytest.approx([0.25, 0.5])
