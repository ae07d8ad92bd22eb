"""Droplets that are not called cells, and all droplets of another lane, are refused by their counts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from sscite.formats import Counts, read_counts
from sscite.formats.features import feature_frame
from sscite.samples.cells import empty_droplet_problem, full_cell, other_lane_problem, shared_counts

rng = np.random.default_rng(0)
CELLS = rng.poisson(8, (200, 300))


def counts(values, barcodes):
    frame = feature_frame([f"G{i}" for i in range(values.shape[1])], "", "Gene Expression")
    return Counts(sparse.csr_matrix(values), np.array(barcodes), frame)


def test_a_full_cell_is_near_the_top_of_the_cells_whatever_the_number_of_empty_droplets():
    totals = CELLS.sum(axis=1)
    assert full_cell(np.r_[totals, np.ones(50_000)]) == pytest.approx(np.quantile(totals, 0.99), rel=0.01)


def test_all_droplets_are_not_called_cells():
    empty = rng.binomial(1, 0.01, (5000, 300))
    everything = np.vstack([CELLS, empty])
    problem = empty_droplet_problem(counts(everything, range(len(everything))))
    assert "5,000 of its 5,200 droplets" in problem[0]
    assert "give filtered_feature_bc_matrix as counts and this file as raw_counts" in problem[0]


@pytest.mark.parametrize("platelets", [0, 40, 100])
def test_called_cells_of_very_different_sizes_pass(platelets):
    sizes = np.r_[rng.lognormal(9, 0.7, 200 - platelets), rng.lognormal(6, 0.4, platelets)]
    assert empty_droplet_problem(counts(rng.poisson(sizes[:, None] / 300, (200, 300)), range(200))) == []


def test_the_same_barcodes_with_other_counts_are_those_of_another_lane():
    barcodes = [f"B{i}" for i in range(200)]
    called = counts(CELLS, barcodes)
    everything = np.vstack([CELLS, rng.binomial(1, 0.01, (1000, 300))])
    raw = counts(everything, [*barcodes, *(f"E{i}" for i in range(1000))])
    rows = np.arange(200)
    assert shared_counts([called], raw, rows) == 1
    assert other_lane_problem([called], raw, rows) == ([], [])
    assert other_lane_problem([counts(np.maximum(CELLS - 1, 0), barcodes)], raw, rows) == ([], [])  # ambient removed
    problems, _ = other_lane_problem([called], raw, rows + 500)
    assert "the two files are of different lanes or runs" in problems[0]


@pytest.mark.needs_data
@pytest.mark.parametrize("name", ["rna/kang_pbmc_ifnb_2000.h5ad", "adt/dsb_tsang/cells_counts.csv.gz"])
def test_real_lanes_that_were_swapped_are_refused_although_every_barcode_is_a_cell_in_both(data, name):
    whole = read_counts(data / name)
    order = np.random.default_rng(0).permutation(len(whole.barcodes) // 2 * 2).reshape(2, -1)
    first, second = (replace(whole, matrix=whole.matrix[rows], barcodes=whole.barcodes[order[0]]) for rows in order)
    rows = np.arange(order.shape[1])
    assert other_lane_problem([first], first, rows) == ([], [])
    problems, _ = other_lane_problem([first], second, rows)
    assert "different lanes or runs" in problems[0]
