"""A tissue against blood: pairs, residency, and what stress explains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from unit.compare.bulks import people, pseudobulk

from sscite.compare.statistics import dissociation_stress
from sscite.compare.tissue_blood import differences, findings, report
from sscite.errors import Skipped


def compared(samples: pd.DataFrame, **options: float) -> pd.DataFrame:
    comparison, tested = differences.choose("lung", "blood", samples, min_donors=3)
    data = pseudobulk(samples, **options)
    table = differences.compare_subsets(data, comparison, tested=tested, min_cells=10, min_donors=3)
    return differences.flag(table)


def test_residency_is_found_within_donors_and_not_laid_to_stress():
    table = compared(people(), resident=4)
    genes = table[(table["kind"] == "expression") & (table["fdr"] < 0.05) & (table["subset"] == "A")].set_index(
        "feature"
    )
    assert genes.loc["CD69", "effect"] == pytest.approx(2, abs=0.6)
    assert genes.loc["SELL", "effect"] == pytest.approx(-2, abs=0.6)
    assert (genes.loc[["CD69", "SELL"], "stress_flag"] == "").all()
    programme = table[(table["kind"] == "programme") & (table["subset"] == "A")].iloc[0]
    assert programme["p_value"] < 0.001


def test_stress_genes_that_rise_are_flagged_and_the_score_rises():
    table = compared(people(), stressed=4)
    found = table[(table["kind"] == "expression") & (table["fdr"] < 0.05)]
    assert len(found) > 20
    assert (found["stress_flag"] != "").mean() > 0.9
    assert (table.loc[table["kind"] == "stress", "p_value"] < 0.01).all()


def test_two_pairs_are_described_without_a_p_value():
    table = compared(people(donors=2), resident=4)
    genes = table[(table["kind"] == "expression") & (table["subset"] == "A")].set_index("feature")
    assert genes.loc["CD69", "effect"] > 1
    assert table["p_value"].isna().all()


def test_a_single_tissue_is_skipped():
    blood = people().query("tissue == 'blood'")
    with pytest.raises(Skipped, match="one tissue"):
        differences.choose("lung", "blood", blood, min_donors=3)


def test_score_and_tissue_that_cannot_be_told_apart_are_not_adjusted_for():
    design = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    apart = np.array([0.0, 0.01, 0.02, 1.0, 1.01, 1.02])
    mixed = np.array([0.0, 1.0, 0.5, 0.2, 0.9, 0.6])
    assert dissociation_stress.adjusted(design, apart) is None
    assert dissociation_stress.adjusted(design, mixed).shape == (6, 3)


def test_a_subset_that_blood_has_in_numbers_is_not_reported_as_a_state_of_the_tissue():
    cells = pd.DataFrame(
        {"tissue": ["lung"] * 60 + ["blood"] * 30, "lineage": "mono", "donor": "d", "counterpart": "CD14",
         "subset": ["CD16"] * 30 + ["Mac"] * 30 + ["CD16"] * 30, "counterpart_share": 1.0, "counterpart_distance": 3.0,
         "relative_distance": [3.0] * 60 + [np.nan] * 30}
    )  # fmt: skip
    table = differences.states(cells, "lung", "blood").set_index("subset")
    assert table["without_counterpart"].to_dict() == {"Mac": True, "CD16": False}
    assert table["effect"].tolist() == [3.0, 3.0]


def test_the_figure_of_genes_draws_a_bar_of_each_kind_with_its_length():
    genes = pd.DataFrame(
        {"level": "subset", "subset": "A", "fdr": 0.01, "effect": [1, 1, 1, 1, 1, -1, -1, -1.0],
         "stress_flag": ["", "", "stress gene", "stress gene", "stress gene", "", "", "stress gene"]}
    )  # fmt: skip
    figure = report.gene_bars(genes, tested=True)
    bars = [(bar.get_x(), bar.get_width(), bool(bar.get_hatch())) for bar in figure.axes[0].patches]
    assert bars == [(0, 2, False), (2, 3, True), (0, -2, False), (-2, -1, True)]


def test_a_tissue_reports_its_states_and_its_differences_but_no_mitochondrial_gene():
    samples = people()
    comparison, _ = differences.choose("lung", "blood", samples, min_donors=3)
    table = compared(samples, resident=4)
    state = {"kind": "state", "level": "subset", "subset": "Mac", "feature": "CD14", "effect": 3.1,
             "donors_tissue": 4, "without_counterpart": True, "quality": ""}  # fmt: skip
    table = pd.concat([table, pd.DataFrame([state])], ignore_index=True)
    table.loc[table["feature"] == "SELL", "quality"] = "mitochondrial"
    found = findings.of_tissue(table, comparison)
    assert found[0].feature == "Mac"
    assert found[0].kind == "tissue_state"
    genes = [finding for finding in found if finding.kind == "gene"]
    assert genes
    assert "SELL" not in [finding.feature for finding in genes]
    assert all(finding.worst_p is not None for finding in genes)


def test_the_range_of_a_proteins_effect_is_that_without_each_donor():
    rows = pd.DataFrame({"donor": list("abcdefgh"), "group": [0] * 4 + [1] * 4})
    values = np.random.default_rng(0).normal(0, 0.1, (8, 6))
    values[7, 0] += 5
    score = np.full(8, np.nan)
    row = differences.compare_values(values, pd.Index(list("uvwxyz")), rows, score, paired=False, tested=True).loc[0]
    means = [
        values[[i for i in range(4, 8) if i != d], 0].mean() - values[[i for i in range(4) if i != d], 0].mean()
        for d in range(8)
    ]
    assert row["lowest_effect"] == pytest.approx(min(means))
    assert row["highest_effect"] == pytest.approx(max(means))
    assert row["worst_p"] > 0.5
    assert row["influential_donor"] in {"h", "e", "f", "g"}


def test_a_tissue_with_few_cells_does_not_raise_rare_subsets():
    """log(cells + 1/2) would call all rare subsets raised where a biopsy has 150 cells and blood 6,000."""
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        {"donor": [f"d{i}" for i in range(8)] * 2, "tissue": ["blood"] * 8 + ["kidney"] * 8, "library": "L"}
    )
    people["sample"] = people["donor"] + people["tissue"]
    share = np.array([0.6, 0.36, 0.01, 0.01, 0.01, 0.01])
    rows = []
    for sample, total in zip(people["sample"], [6000] * 8 + [150] * 8, strict=True):
        own = share * np.exp(rng.normal(0, 0.3, 6))
        drawn = rng.multinomial(total, own / own.sum())
        rows += [(sample, "T", f"S{j}", n, total) for j, n in enumerate(drawn)]
    counted = pd.DataFrame(rows, columns=["sample", "parent", "subset", "cells", "parent_cells"]).assign(level="subset")
    comparison = differences.choose("kidney", "blood", people, min_donors=3)[0]
    scores = pd.DataFrame({"T": 0.0, "B": 0.0}, index=people["sample"])
    table = differences.compare_composition(counted, comparison, scores, tested=True)
    assert (table["fdr"] > 0.05).all()
    assert table.set_index("subset")["effect"][["S2", "S3", "S4", "S5"]].mean() < 0.3
