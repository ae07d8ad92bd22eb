"""Ambient RNA is estimated from genes that cells do not express; real cells carry a known share of it."""

import numpy as np
import pytest
from scipy import sparse

from sscite.errors import Reason, Skipped, UserError
from sscite.samples import ambient

SILENT, OWN = 40, 20  # genes of the other type, genes of the own


def two_types(fraction, cells=200, seed=0, depth=2000):
    """Two types that express 60 genes each and none of the other's; ambient RNA is the mean of both."""
    rng = np.random.default_rng(seed)
    types = np.zeros((2, 120))
    types[0, :60], types[1, 60:] = 1 / 60, 1 / 60
    soup = types.mean(axis=0)
    label = np.repeat([0, 1], cells // 2)
    rates = (1 - fraction) * types[label] + fraction * soup
    return sparse.csr_matrix(rng.poisson(depth * rates)), soup * 1e5, label


@pytest.mark.parametrize("fraction", [0.02, 0.15, 0.4])
def test_the_fraction_of_a_library_is_that_of_genes_its_types_do_not_express(fraction):
    counts, soup, label = two_types(fraction)
    found = ambient.estimate(counts, soup, label)
    assert found.library == pytest.approx(fraction, rel=0.05)
    assert found.clusters["genes"].tolist() == pytest.approx([60, 60], abs=3)
    assert found.cells.mean() == pytest.approx(fraction, rel=0.05)


def test_unexpressed_genes_by_hand():
    # expected 100 each if pure ambient; the first five genes carry 10 (10%), the sixth is expressed
    observed = np.array([10, 10, 10, 10, 10, 90.0])
    fraction, silent = ambient.unexpressed_genes(observed, np.full(6, 100.0))
    assert fraction == pytest.approx(0.1)
    assert silent.tolist() == [True] * 5 + [False]


def test_a_cluster_that_is_the_profile_itself_takes_the_fraction_of_the_others():
    counts, _, label = two_types(0.1, cells=400)
    label = np.where(np.arange(400) < 200, 0, np.where(np.arange(400) < 350, 1, 2))
    counts = counts.tolil()
    rng = np.random.default_rng(1)
    soup = np.repeat([0.1 / 60, 0.9 / 60], 60)
    counts[350:] = rng.poisson(2000 * soup, (50, 120))  # cells like the ambient RNA
    counts[200:350] = rng.poisson(2000 * (0.9 * np.repeat([1 / 60, 0], 60) + 0.1 * soup), (150, 120))
    counts[:200] = rng.poisson(2000 * (0.9 * np.repeat([1 / 60, 0], 60) + 0.1 * soup), (200, 120))
    found = ambient.estimate(counts.tocsr(), soup * 1e5, label)
    assert found.clusters["identified"].tolist() == [True, True, False]
    assert found.cells[350:].tolist() == [found.library] * 50
    assert found.library == pytest.approx(0.1, rel=0.1)


def test_a_cell_with_more_ambient_rna_has_the_higher_fraction():
    low, soup, label = two_types(0.05)
    high = two_types(0.25, seed=1)[0]
    mixed = sparse.vstack([low[:50], high[50:100], low[100:150], high[150:]], format="csr")
    found = ambient.estimate(mixed, soup, label).cells.reshape(4, 50).mean(axis=1)
    assert found[[1, 3]] == pytest.approx([0.25, 0.25], rel=0.15)
    assert found[[0, 2]] == pytest.approx([0.05, 0.05], rel=0.3)


def test_correction_removes_what_is_not_expressed_and_keeps_what_is():
    counts, soup, label = two_types(0.2)
    found = ambient.estimate(counts, soup, label)
    clean = ambient.subtract(counts, soup, found.cells, label, seed=0)
    own, other = clean[:100, :60].sum(), clean[:100, 60:].sum()
    assert (clean.toarray() <= counts.toarray()).all() and clean.dtype == counts.dtype
    assert other < 0.1 * counts[:100, 60:].sum()
    # 0.2 of the counts are ambient, half of these in the own genes: 0.8 of 2,000 remain per cell
    assert own / 100 == pytest.approx(0.8 * 2000, rel=0.03)


def test_the_profile_is_that_of_empty_droplets_where_they_hold_enough():
    counts = sparse.csr_matrix(np.array([[5, 0], [1, 2]]))
    assert ambient.profile(np.array([900, 200]), counts)[1] == "empty droplets"
    for given in (np.array([900, 99]), None):
        values, source = ambient.profile(given, counts)
        assert (values.tolist(), source) == ([6, 2], "cells")


def test_shallow_clusters_are_not_estimated():
    counts, soup, label = two_types(0.1, depth=5)
    with pytest.raises(Skipped) as skipped:
        ambient.estimate(counts, soup, label)
    assert skipped.value.reason == Reason.TOO_FEW_CELLS


def test_an_unknown_mode_is_refused():
    with pytest.raises(UserError, match="none, flag, correct"):
        ambient.check_mode("remove")


def sorted_cells_with_ambient_rna(data, fraction, seed):
    """Sorted lymphocytes and monocytes; a known share of their counts replaced by RNA of sorted CD34+ and B cells."""
    from anndata import read_h5ad

    cells = read_h5ad(data / "rna/pbmc_facs_3774.h5ad")
    kind, counts = cells.obs["celltype"].to_numpy(str), sparse.csr_matrix(cells.X).astype(np.int64)
    rng = np.random.default_rng(seed)
    # half of the sorted B cells are lysed: the other half are cells of the library
    lysed = (kind == "CD34+") | ((kind == "CD19+ B") & (rng.random(len(kind)) < 0.5))
    parts = [np.asarray(counts[lysed & (kind == name)].sum(axis=0), float).ravel() for name in ("CD34+", "CD19+ B")]
    soup = 0.7 * parts[0] / parts[0].sum() + 0.3 * parts[1] / parts[1].sum()
    library = counts[np.flatnonzero(~lysed)[::3]]
    totals = np.asarray(library.sum(axis=1)).ravel()
    of_cell = rng.beta(4, 4 / fraction - 4, library.shape[0])
    library.data = rng.binomial(library.data, np.repeat(1 - of_cell, np.diff(library.indptr)))
    added = rng.poisson(of_cell * totals)
    library = sparse.csr_matrix(library + sparse.vstack([sparse.csr_matrix(rng.multinomial(n, soup)) for n in added]))
    return library, rng.multinomial(60_000, soup), added.sum() / library.sum()


@pytest.mark.needs_data
@pytest.mark.parametrize("fraction", [0.05, 0.15])
def test_real_sorted_cells_with_a_known_share_of_ambient_rna(data, fraction):
    counts, soup, truth = sorted_cells_with_ambient_rna(data, fraction, seed=3)
    found = ambient.estimate(counts, soup, ambient.cluster_cells(counts, seed=0))
    assert found.library == pytest.approx(truth, rel=0.3)
