"""Decisive genes: a cluster changes lineage only if a rival's genes outweigh its own."""

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.annotate.refine import refine, t_cells_among_nk

GENES = pd.Index(["CD3D", "CD3E", "CD3G", "TYROBP", "FCER1G", "KLRF1"])
TYPES = np.array(["NK cells", "CTL", "Naive CD4"])
LINEAGES = {"NK cells": "NK", "CTL": "CD8 T", "Naive CD4": "CD4 T"}
T_CELL, NK_CELL = [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]


def settle(rows, labels, fine=None, genes=GENES):
    labels = np.array(labels, dtype=object)
    fine = labels if fine is None else np.array(fine, dtype=object)
    clusters = (np.arange(len(labels)) >= 2).astype(int)
    decision = np.tile([1.0, -1.0, -2.0], (len(labels), 1))
    return refine(labels, fine, clusters, decision, TYPES, LINEAGES, sparse.csr_matrix(rows), genes)


def test_cells_with_cd3_voted_nk_take_the_t_label_most_of_them_had():
    rows, labels = [T_CELL, T_CELL, NK_CELL, NK_CELL], ["NK cells"] * 4
    refined, changes = settle(rows, labels, fine=["NK cells", "Naive CD4", "NK cells", "NK cells"])
    assert list(refined) == ["Naive CD4", "Naive CD4", "NK cells", "NK cells"]
    assert changes[["cells", "from", "to"]].to_numpy().tolist() == [[2, "NK cells", "Naive CD4"]]


def test_without_own_labels_of_the_rival_its_best_score_decides():
    refined, _ = settle([T_CELL, T_CELL, NK_CELL, NK_CELL], ["NK cells"] * 4)
    assert refined[0] == "CTL"


def test_nk_cells_voted_t_become_nk():
    refined, _ = settle([NK_CELL, NK_CELL, T_CELL, T_CELL], ["CTL"] * 4)
    assert list(refined) == ["NK cells", "NK cells", "CTL", "CTL"]


def test_nothing_changes_where_the_genes_were_not_measured():
    refined, changes = settle([T_CELL, T_CELL, NK_CELL, NK_CELL], ["NK cells"] * 4, genes=pd.Index(list("abcdef")))
    assert list(refined) == ["NK cells"] * 4
    assert changes.empty


def test_a_cell_among_nk_with_two_cd3_genes_and_no_gene_of_nk_cells_is_a_t_cell():
    rows = sparse.csr_matrix([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0], [0, 1, 0, 0, 0, 0], NK_CELL])
    labels, decision = np.array(["NK cells"] * 4, dtype=object), np.tile([3.0, -2.0, -1.0], (4, 1))
    settled = t_cells_among_nk(labels, decision, TYPES, LINEAGES, rows, GENES)
    assert list(settled) == ["Naive CD4", "NK cells", "NK cells", "NK cells"]
    unmeasured = pd.Index([*GENES[:3], "a", "b", "c"])
    assert list(t_cells_among_nk(labels, decision, TYPES, LINEAGES, rows, unmeasured)) == list(labels)
