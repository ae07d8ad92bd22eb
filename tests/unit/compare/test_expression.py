"""Pseudobulk expression: which rows enter, which design, which genes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from unit.compare.bulks import people, pseudobulk

from sscite.compare.contrast.contrast import Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.compare.expression import differential
from sscite.errors import Skipped

PAIRED = Contrast("lung", "lung", "tissue", ("blood",), ("lung",), block="donor")


def test_a_donor_with_two_samples_in_a_group_is_one_row_with_summed_counts():
    samples = people()
    again = samples.iloc[[0]].assign(sample="again", library="again")
    samples = pd.concat([samples, again], ignore_index=True)
    data = pseudobulk(samples)
    comparison = compare(PAIRED, samples)
    bulk = differential.collect(data, comparison, "subset", "A", min_cells=10)
    assert len(bulk.rows) == 12
    row = bulk.rows.index[(bulk.rows["donor"] == "d0") & (bulk.rows["group"] == 0)][0]
    names = ["blood0|subset|A", "again|subset|A"]
    assert bulk.counts[row].tolist() == np.asarray(data[names].X.sum(axis=0)).ravel().tolist()


def test_a_pair_with_too_few_cells_on_one_side_leaves_whole():
    samples = people()
    data = pseudobulk(samples)
    data.obs.loc["lung2|subset|A", "n_cells"] = 3
    bulk = differential.collect(data, compare(PAIRED, samples), "subset", "A", min_cells=10)
    assert "d2" not in set(bulk.rows["donor"])
    assert len(bulk.rows) == 10


def test_the_paired_design_has_a_column_per_donor_and_the_group_last():
    rows = pd.DataFrame({"donor": ["a", "a", "b", "b"], "group": [0, 1, 0, 1]})
    design = differential.design_matrix(rows, [], paired=True)
    assert design.tolist() == [[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]]


def test_a_covariate_that_became_constant_is_dropped_from_the_design():
    rows = pd.DataFrame({"donor": list("abcd"), "group": [0, 0, 1, 1], "sex": ["f"] * 4})
    assert differential.design_matrix(rows, ["sex"], paired=False).shape == (4, 2)


def test_genes_seen_in_fewer_donors_than_the_smaller_group_are_left_out():
    counts = np.tile([[100, 100, 0]], (6, 1))
    counts[:2, 2] = 50
    assert differential.expressed(counts, np.array([0, 0, 0, 1, 1, 1])).tolist() == [True, True, False]


def test_planted_differences_are_found_within_donors_and_summed_up_by_subset():
    samples = people()
    data = pseudobulk(samples, resident=4)
    genes, tested = differential.test_contrast(data, compare(PAIRED, samples), min_cells=10, min_donors=3)
    found = set(genes.loc[(genes["level"] == "subset") & (genes["fdr_contrast"] < 0.05), "gene"])
    assert {"CD69", "ITGAE", "SELL", "KLF2"} <= found
    assert not any(name.startswith("G1") for name in found)
    assert tested.set_index(["level", "subset"]).loc[("subset", "A"), "donors_target"] == 6


def test_a_contrast_without_enough_cells_anywhere_is_skipped():
    samples = people()
    with pytest.raises(Skipped, match="too few cells"):
        differential.test_contrast(pseudobulk(samples), compare(PAIRED, samples), min_cells=1000, min_donors=3)


def test_four_significant_digits_are_kept():
    table = differential.rounded(pd.DataFrame({"p": [0.000123456, np.nan, 0.0], "n": [123456, 1, 2]}))
    assert table["p"].iloc[0] == 0.0001235
    assert table["n"].tolist() == [123456, 1, 2]
