"""Pseudobulk expression: which rows enter, which design, which genes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from unit.compare.bulks import people, pseudobulk

from sscite.compare.contrast.contrast import Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.compare.expression import differential, findings, robustness
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
    assert sum(name.startswith("G") for name in found) <= 2  # of 20: FDR 5% allows one
    assert tested.set_index(["level", "subset"]).loc[("subset", "A"), "donors_target"] == 6


def test_a_contrast_without_enough_cells_anywhere_is_skipped():
    samples = people()
    with pytest.raises(Skipped, match="too few cells"):
        differential.test_contrast(pseudobulk(samples), compare(PAIRED, samples), min_cells=1000, min_donors=3)


def test_four_significant_digits_are_kept():
    table = differential.rounded(pd.DataFrame({"p": [0.000123456, np.nan, 0.0], "n": [123456, 1, 2]}))
    assert table["p"].iloc[0] == 0.0001235
    assert table["n"].tolist() == [123456, 1, 2]


def test_a_gene_that_one_donor_carries_has_a_large_worst_p_and_names_the_donor():
    samples = people()
    data = pseudobulk(samples, resident=4)
    column = data.var_names.get_loc("G0")
    rows = np.flatnonzero(data.obs["sample"] == "lung3")
    values = data.X.toarray()
    values[rows, column] = 60 * values[rows, column] + 500
    data.X = values
    genes, _ = differential.test_contrast(data, compare(PAIRED, samples), min_cells=10, min_donors=3)
    solid = genes[(genes["level"] == "subset") & (genes["subset"] == "A")].set_index("gene").loc["ITGAE"]
    assert solid["worst_p"] < 0.01
    assert solid["lowest_effect"] <= solid["log2_fold_change"] <= solid["highest_effect"]
    assert solid["low"] < solid["log2_fold_change"] < solid["high"]


def test_the_influence_of_donors_is_the_largest_p_and_the_range_of_the_effect():
    table = pd.DataFrame({"worst_p": [np.nan] * 2, "lowest_effect": np.nan, "highest_effect": np.nan,
                          "influential_donor": ""})  # fmt: skip
    effects, p = np.array([[1.0, 5], [2, 6], [3, 7]]), np.array([[0.01, 0.5], [0.2, np.nan], [0.03, 0.1]])
    found = robustness.write_influence(table, np.array([0, 1]), effects, p, np.array(["a", "b", "c"]))
    assert found["worst_p"].tolist() == [0.2, 0.5]
    assert found["influential_donor"].tolist() == ["b", "a"]
    assert found["lowest_effect"].tolist() == [1.0, 5.0]
    assert found["highest_effect"].tolist() == [3.0, 7.0]


def gene_table(**columns: list) -> pd.DataFrame:
    """Give a table of genes of one subset that all differ."""
    base = {"level": "subset", "subset": "A", "log2_fold_change": 2.0, "shrunken_log2_fold_change": 1.5, "low": 1.0,
            "high": 3.0, "p_value": 1e-5, "fdr": 1e-3, "fdr_contrast": 1e-3, "donors_target": 4, "donors_reference": 6,
            "quality": "", "ambient_share": np.nan, "p_given_stress": 0.01, "stress_flag": "", "worst_p": 1e-3,
            "influential_donor": "d1"}  # fmt: skip
    return pd.DataFrame({**{name: [value] * len(columns["gene"]) for name, value in base.items()}, **columns})


def test_mitochondrial_and_ribosomal_genes_are_in_no_headline():
    table = gene_table(gene=["MT-CYB", "RPL3", "CXCL8"], quality=["mitochondrial", "ribosomal", ""])
    assert [found.feature for found in findings.of_contrast(table, compare(PAIRED, people()))] == ["CXCL8"]


def test_a_finding_names_what_else_could_explain_it():
    flags = ["stress gene", "could not be adjusted", ""]
    table = gene_table(gene=["FOS", "CXCL8", "IL1B"], stress_flag=flags, worst_p=[1e-3, 1e-3, 0.3])
    found = {f.feature: [c.name for c in f.concerns] for f in findings.of_contrast(table, compare(PAIRED, people()))}
    assert found == {"FOS": ["STRESS"], "CXCL8": ["STRESS_NOT_ADJUSTABLE"], "IL1B": ["ONE_DONOR"]}


def test_the_largest_shrunken_effects_of_a_subset_are_the_headlines():
    table = gene_table(gene=list("abcd"), shrunken_log2_fold_change=[0.1, -3.0, 2.0, 1.0])
    assert set(findings.headlines(table)["gene"]) == {"b", "c", "d"}
