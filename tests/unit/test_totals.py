"""Sums of cells are those of the dense matrix."""

import numpy as np
from scipy import sparse

from sscite.totals import per_cell


def test_rows_are_summed_in_64_bits_the_empty_ones_too():
    dense = np.array([[0, 0], [2**31 - 1, 2], [0, 0], [0, 5], [0, 0]], dtype=np.int32)
    found = per_cell(sparse.csr_matrix(dense))
    assert found.tolist() == [0, 2**31 + 1, 0, 5, 0] and found.dtype == np.int64


def test_fractions_stay_fractions_and_no_values_sum_to_zero():
    assert per_cell(sparse.csr_matrix([[0.25, 0.5]])).tolist() == [0.75]
    assert per_cell(sparse.csr_matrix((2, 3), dtype=np.int32)).tolist() == [0, 0]
