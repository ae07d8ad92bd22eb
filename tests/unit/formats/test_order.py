"""Values of a droplet are put in order, however many there are."""

import numpy as np
import pytest
from scipy import sparse

from sscite.formats import order


def shuffled(rows: int, columns: int, dtype: type) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return a matrix whose rows list their values backwards, and its dense form."""
    dense = np.random.default_rng(0).integers(0, 4, (rows, columns)).astype(dtype)
    dense[1] = 0
    matrix = sparse.csr_matrix(dense)
    for row in range(rows):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        matrix.indices[part], matrix.data[part] = matrix.indices[part][::-1].copy(), matrix.data[part][::-1].copy()
    matrix.has_sorted_indices = False
    return matrix, dense


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
@pytest.mark.parametrize("block", [50, 10_000])
def test_rows_of_many_values_are_put_in_order(dtype, block, monkeypatch):
    monkeypatch.setattr(order, "BLOCK", block)
    matrix, dense = shuffled(7, 300, dtype)
    order.put_in_order(matrix)
    rows, columns = np.nonzero(dense)
    assert matrix.indices.tolist() == columns.tolist()
    assert matrix.data.tolist() == dense[rows, columns].tolist()


def test_counts_of_31_bits_and_negative_ones_keep_their_value(monkeypatch):
    monkeypatch.setattr(order, "FEW", 1)
    data = np.array([2**31 - 1, 0, 5], dtype=np.int32)
    for values in (data, -data):
        matrix = sparse.csr_matrix((values.copy(), np.array([900, 899, 3]), np.array([0, 3])), shape=(1, 1000))
        order.put_in_order(matrix)
        assert matrix.indices.tolist() == [3, 899, 900] and matrix.data.tolist() == values[::-1].tolist()
