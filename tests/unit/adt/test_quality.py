"""Which antibodies worked, and which cells carry clumps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.adt import quality

GENES = pd.Series({"CD3": "CD3E", "CD19": "CD19", "CD14": "CD14"})


def planted(order: list[int]) -> quality.RnaLink:
    """Three cell types with a gene and a protein each; the proteins' columns in the given order."""
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1, 2], 200)
    protein = rng.normal(0, 1, (600, 3)) + 5 * (kind[:, None] == np.array(order))
    rna = sparse.csr_matrix(np.c_[rng.poisson(3 * (kind[:, None] == np.arange(3)) + 0.1), np.full(600, 500)])
    frame = pd.DataFrame(protein, columns=GENES.index)
    link = quality.link_rna(frame, GENES, rna, pd.Index(["CD3E", "CD19", "CD14", "ACTB"]))
    assert link is not None
    return link


def test_exchanged_antibodies_are_found_and_the_others_left_alone():
    assert quality.swapped(planted([1, 0, 2]), GENES) == [("CD3", "CD19")]


def test_a_sound_panel_has_no_exchanged_antibodies():
    assert quality.swapped(planted([0, 1, 2]), GENES) == []


def test_few_cells_or_no_common_gene_give_no_link():
    frame = pd.DataFrame(np.ones((99, 1)), columns=["CD3"])
    rna = sparse.csr_matrix(np.ones((99, 1)))
    assert quality.link_rna(frame, GENES[:1], rna, pd.Index(["CD3E"])) is None
    many = pd.DataFrame(np.ones((200, 1)), columns=["CD3"])
    assert quality.link_rna(many, GENES[:1], sparse.csr_matrix(np.ones((200, 1))), pd.Index(["ACTB"])) is None


@pytest.mark.parametrize(
    ("row", "quality_class"),
    [
        ({}, "good"), ({"bimodal": False}, "no clear gap"), ({"above_background": False, "gene": "CD19"}, "dead"),
        ({"above_background": False, "gene": "ACTB"}, "no signal"), ({"mean_count": 0.0}, "no counts"),
        ({"is_isotype": True}, "isotype"),
    ],
)  # fmt: skip
def test_quality_classes(row: dict, quality_class: str):
    usual = {"gene": "CD3E", "is_isotype": False, "mean_count": 9.0, "bimodal": True, "above_background": True}
    table = pd.DataFrame([{**usual, **row}], index=["CD3"])
    assert quality.classify(table, planted([0, 1, 2]), [])["quality_class"].tolist() == [quality_class]


def test_a_protein_that_follows_its_rna_has_signal_however_few_cells_carry_it():
    row = {"gene": "CD3E", "is_isotype": False, "mean_count": 9.0, "bimodal": False, "above_background": False}
    table = pd.DataFrame([row], index=["CD3"])
    assert quality.classify(table, planted([0, 1, 2]), [])["quality_class"].tolist() == ["no clear gap"]


def test_signal_above_the_empty_droplets_is_told_from_background():
    rng = np.random.default_rng(0)
    cells = sparse.csr_matrix(np.c_[rng.poisson(5, 500), np.r_[rng.poisson(5, 400), rng.poisson(200, 100)]])
    empties = sparse.csr_matrix(rng.poisson(5, (500, 2)))
    assert quality.above_background(cells, empties, np.array([], dtype=int)).tolist() == [False, True]


def test_a_cell_with_too_much_of_everything_is_an_aggregate_and_a_bright_cell_is_not():
    rng = np.random.default_rng(0)
    counts = rng.poisson(20, (500, 30))
    counts[:, 0] = rng.poisson(3, 500)  # the isotype
    counts[7] = 3000
    counts[8, 1:4] = 20_000
    counts[8, 0] = 3
    flags = quality.aggregates(sparse.csr_matrix(counts), np.log1p(counts), np.array([0]))
    assert np.flatnonzero(flags).tolist() == [7]
    flags = quality.aggregates(sparse.csr_matrix(counts), np.log1p(counts), np.array([], dtype=int))
    assert np.flatnonzero(flags).tolist() == [7]
