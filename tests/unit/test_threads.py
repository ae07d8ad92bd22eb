"""Numbers do not depend on the number of threads: what is sensitive to rounding is computed on four and on one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from sscite.annotate import vote
from sscite.embedding import neighbours, pca
from sscite.samples import scrublet


def counts(cells: int = 5000, genes: int = 600) -> sparse.csr_matrix:
    rng = np.random.default_rng(0)
    rates = rng.gamma(0.3, 3, (4, genes))[rng.integers(0, 4, cells)]
    return sparse.csr_matrix(rng.poisson(rates).astype(np.float32))


def voted(matrix: sparse.csr_matrix) -> np.ndarray:
    space = vote.components(matrix)
    return np.column_stack([space, vote.over_cluster(vote.neighbour_graph(space), seed=0)])


WORK: dict[str, Callable[[sparse.csr_matrix], np.ndarray]] = {
    "clusters that vote": voted,
    "doublet scores": lambda matrix: np.concatenate(scrublet.doublet_scores(matrix, 0.05, seed=0)),
    "components": lambda matrix: pca.fit(matrix, components=20).project(matrix),
    "neighbours": lambda matrix: neighbours.among_themselves(matrix[:, :50].toarray(), 15, seed=0)[1],
}


@pytest.mark.parametrize("what", WORK)
def test_four_threads_give_the_numbers_of_one(what: str, monkeypatch: pytest.MonkeyPatch):
    matrix = counts()
    found = []
    for threads in (1, 4):
        monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
        with threadpool_limits(threads):
            found.append(WORK[what](matrix))
    assert np.array_equal(*found)
