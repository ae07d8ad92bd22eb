"""What sets clusters apart, donor by donor."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from sscite.subsets.cluster import donor_evidence

DONORS = np.repeat([0, 1, 2], 20)
CLUSTERS = np.tile(np.repeat([0, 1], 10), 3)


def values(*differences: float) -> np.ndarray:
    """A column in which cluster 1 is above cluster 0 by so much in each donor, each donor at a level of its own."""
    return (DONORS * 10 + CLUSTERS * np.array(differences)[DONORS]).astype(float)[:, None]


def test_the_median_difference_and_the_share_of_donors_with_a_positive_one():
    found = donor_evidence.cluster_vs_rest(values(1, 2, -6), CLUSTERS, DONORS)
    assert found.difference[:, 0].tolist() == pytest.approx([-1, 1])
    assert found.support[:, 0].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert found.donors.tolist() == [3, 3]


def test_sparse_and_dense_give_the_same():
    dense, sparse = (
        donor_evidence.cluster_vs_rest(made(values(1, 2, 6)), CLUSTERS, DONORS) for made in (np.asarray, sp.csr_matrix)
    )
    assert np.allclose(dense.difference, sparse.difference)
    assert np.allclose(dense.support, sparse.support)


def test_a_donor_without_measurement_is_not_heard_in_that_column():
    both = np.hstack([values(1, 2, -6), values(1, 2, -6)])
    both[DONORS == 2, 1] = np.nan
    found = donor_evidence.cluster_vs_rest(both, CLUSTERS, DONORS)
    assert found.difference[1].tolist() == pytest.approx([1, 1.5])
    assert found.support[1].tolist() == pytest.approx([2 / 3, 1])


def test_what_no_cell_has_measured_is_unknown():
    found = donor_evidence.cluster_vs_rest(np.full((60, 1), np.nan), CLUSTERS, DONORS)
    assert np.isnan(found.difference).all()
    assert found.support.max() == 0


def test_a_donor_with_fewer_than_five_cells_in_a_cluster_is_not_heard():
    kept = ~((DONORS == 2) & (CLUSTERS == 1)) | (np.arange(60) % 10 < 4)
    found = donor_evidence.cluster_vs_rest(values(1, 3, 90)[kept], CLUSTERS[kept], DONORS[kept])
    assert found.difference[1, 0] == pytest.approx(2)
    assert found.donors.tolist() == [2, 2]


def test_all_cells_are_taken_together_where_no_donor_has_enough():
    found = donor_evidence.cluster_vs_rest(np.array([[0.0], [0.0], [4.0], [2.0]]), np.array([0, 0, 1, 1]), np.arange(4))
    assert found.difference[:, 0].tolist() == pytest.approx([-3, 3])
    assert found.donors.tolist() == [0, 0]
