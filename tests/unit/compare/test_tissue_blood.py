"""A tissue against blood: pairs, residency, and what stress explains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from unit.compare.bulks import people, pseudobulk

from sscite.compare.composition import frequency
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import dissociation_stress
from sscite.compare.tissue_blood import differences, findings, report, shares
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


def pairs(
    total: dict[str, int], share: np.ndarray, seed: int, *, donors: int = 8, lineages: str = "T"
) -> tuple[pd.DataFrame, Comparison]:
    """Draw cells of each lineage in blood and kidney, each tissue with its own shares: (subsets,) or (2, subsets)."""
    rng = np.random.default_rng(seed)
    tissues = np.repeat(["blood", "kidney"], donors)
    people = pd.DataFrame({"donor": [f"d{i}" for i in range(donors)] * 2, "tissue": tissues, "library": "L"})
    people["sample"] = people["donor"] + people["tissue"]
    rows = []
    for sample, tissue in zip(people["sample"], tissues, strict=True):
        for lineage in lineages:
            own = np.broadcast_to(share, (2, share.shape[-1]))[int(tissue == "kidney")]
            own = own * np.exp(rng.normal(0, 0.3, len(own)))
            drawn = rng.multinomial(total[tissue], own / own.sum())
            rows += [(sample, lineage, f"{lineage}{j}", n, total[tissue]) for j, n in enumerate(drawn)]
    counted = pd.DataFrame(rows, columns=["sample", "parent", "subset", "cells", "parent_cells"])
    counted = counted.assign(level="subset", total_cells=counted["parent_cells"] * len(lineages))
    return counted, differences.choose("kidney", "blood", people, min_donors=3)[0]


def scores_of(comparison: Comparison) -> pd.DataFrame:
    return pd.DataFrame(0.0, columns=["T", "B"], index=comparison.samples["sample"])


RARE = np.array([0.6, 0.36, 0.01, 0.01, 0.01, 0.01])


def test_a_tissue_with_few_cells_does_not_raise_rare_subsets():
    """log(cells + 1/2) would call all rare subsets raised where a biopsy has 150 cells and blood 6,000."""
    counted, comparison = pairs({"blood": 6000, "kidney": 150}, RARE, 0)
    table = shares.compare_composition(counted, comparison, scores_of(comparison), tested=True, seed=0)
    assert (table["fdr"] > 0.05).all()
    assert table.set_index("subset")["effect"][["T2", "T3", "T4", "T5"]].mean() < 0.3


def test_a_biopsy_of_four_donors_gives_no_more_findings_than_chance():
    """Expected rarefaction with an FDR in each lineage finds a share in 9 of these 10 cohorts of equal shares."""
    found = 0
    for seed in range(10):
        counted, comparison = pairs({"blood": 500, "kidney": 50}, RARE, seed, donors=4, lineages="ABCDEFGH")
        table = shares.compare_composition(counted, comparison, scores_of(comparison), tested=True, seed=seed)
        found += bool((table["fdr"] <= 0.05).any())
    assert found <= 3


def test_cells_are_kept_up_to_the_smaller_number_of_each_donor():
    counted, comparison = pairs({"blood": 3000, "kidney": 100}, RARE, 0)
    measures = frequency.measure(counted, comparison)
    parent = measures.select((measures.tests["measure"] == "parent").to_numpy())
    fitted = shares.fit(parent, comparison, seed=0)
    mean = parent.cells.sum(axis=0) / parent.whole.sum(axis=0)
    assert fitted.expected == pytest.approx(np.tile(100 * mean[100 * mean * 8 >= 10], (16, 1)))


def test_a_subset_four_times_as_frequent_in_a_biopsy_is_found_with_its_size():
    share = np.vstack([RARE, RARE * [1, 1, 4, 1, 1, 1]])
    counted, comparison = pairs({"blood": 3000, "kidney": 600}, share / share.sum(axis=1, keepdims=True), 3)
    table = shares.compare_composition(counted, comparison, scores_of(comparison), tested=True, seed=0)
    row = table.set_index("subset").loc["T2"]
    assert row["fdr"] < 0.01
    assert row["effect"] == pytest.approx(np.log(4 / 1.03), abs=0.3)
    assert row["lowest_effect"] <= row["effect"] <= row["highest_effect"]
    assert row["worst_p"] >= row["p_value"]


def test_a_lineage_that_a_donor_lacks_in_one_tissue_is_compared_in_the_others():
    counted, comparison = pairs({"blood": 3000, "kidney": 600}, RARE, 0)
    gone = counted["sample"] == "d0kidney"
    counted.loc[gone, ["cells", "parent_cells"]] = 0
    table = shares.compare_composition(counted, comparison, scores_of(comparison), tested=True, seed=0)
    assert (table["donors_tissue"] == 7).all()
    assert "d0" not in set(table["influential_donor"])


def test_two_pairs_have_effects_of_shares_without_p():
    counted, comparison = pairs({"blood": 3000, "kidney": 600}, RARE, 0)
    two = comparison.samples[comparison.samples["donor"].isin(["d0", "d1"])]
    few, tested = differences.choose("kidney", "blood", two.drop(columns=["level", "group"]), min_donors=3)
    table = shares.compare_composition(counted, few, scores_of(few), tested=tested, seed=0)
    assert not tested
    assert table["p_value"].isna().all()
    assert np.isfinite(table["effect"]).all()
