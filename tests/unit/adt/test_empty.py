"""Empty droplets."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sscite.adt.empty import contaminated, find_window


def test_the_window_holds_the_ambient_mode_and_neither_debris_nor_cells():
    rng = np.random.default_rng(0)
    nothing, ambient, cells = rng.poisson(3, 5000), rng.poisson(300, 2000), rng.poisson(5000, 500)
    missed = rng.poisson(4000, 50)  # cells that were not called
    protein = np.r_[nothing, ambient, missed].astype(float)
    rna = np.r_[rng.poisson(2, 5000), rng.poisson(40, 2000), rng.poisson(3000, 50)].astype(float)
    window = find_window(rna, protein, rng.poisson(3000, 500).astype(float), cells.astype(float))
    assert window.keep[5000:7000].mean() > 0.95
    assert not window.keep[:5000].any()
    assert not window.keep[7000:].any()


def test_fewer_than_a_hundred_candidates_give_no_window():
    window = find_window(np.ones(99), np.full(99, 50.0), np.full(10, 1000.0), np.full(10, 2000.0))
    assert not window.keep.any()


def test_without_rna_the_protein_counts_alone_decide():
    rng = np.random.default_rng(0)
    protein = rng.poisson(100, 500).astype(float)
    window = find_window(np.zeros(500), protein, np.zeros(50), np.full(50, 3000.0))
    assert window.keep.mean() > 0.9
    assert window.rna_high == np.inf


def test_droplets_with_a_cells_protein_are_found():
    rng = np.random.default_rng(0)
    droplets = rng.poisson(5, (200, 20))
    droplets[:10, 3] += 300
    flagged = contaminated(sparse.csr_matrix(droplets), rng=rng)
    assert flagged[:10].all()
    assert not flagged[10:].any()
