"""Seurat's centred log-ratio, both margins."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sscite.adt.clr import clr_cell, clr_protein

COUNTS = np.array([[0, 3, 7], [1, 0, 15], [0, 0, 0]])


def by_hand(x: np.ndarray) -> np.ndarray:
    return np.log1p(x / np.exp(np.log1p(x[x > 0]).sum() / len(x)))


def test_within_a_cell_the_mean_runs_over_its_proteins():
    np.testing.assert_allclose(clr_cell(sparse.csr_matrix(COUNTS)), [by_hand(row) for row in COUNTS])


def test_within_a_protein_the_mean_runs_over_the_cells():
    np.testing.assert_allclose(clr_protein(sparse.csr_matrix(COUNTS)).T, [by_hand(column) for column in COUNTS.T])


def test_nothing_counted_stays_zero():
    assert clr_cell(sparse.csr_matrix(COUNTS))[2].tolist() == [0, 0, 0]
