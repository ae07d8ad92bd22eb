"""Surface proteins between groups of donors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import stats
from unit.compare.bulks import people, pseudobulk

from sscite.command import Facts
from sscite.compare.contrast.contrast import Comparison, Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.compare.expression import proteins
from sscite.compare.expression.values import draw_effects

PANEL = [f"P{i}" for i in range(12)]
CONTRAST = Contrast("SSc against HD", "ssc_hd", "disease", ("HD",), ("SSc",), ("blood",))


def measured(raised: dict[str, float], *, donors: int = 12) -> tuple[AnnData, Comparison]:
    """Draw protein of twelve donors, P0 in subset A higher by a number in some samples."""
    samples = people(donors)
    data = pseudobulk(samples)
    values = np.random.default_rng(4).normal(2, 0.2, (data.n_obs, len(PANEL)))
    chosen = (data.obs["name"] == "A").to_numpy()
    for sample, change in raised.items():
        values[chosen & (data.obs["sample"] == sample).to_numpy(), 0] += change
    data.obsm["prot"], data.uns["prot"] = values, np.array(PANEL)
    return data, compare(CONTRAST, samples)


def of_donors(data: AnnData, comparison: Comparison) -> pd.DataFrame:
    return proteins.test_contrast(data, comparison, min_cells=10, min_donors=3)


ILL = {f"blood{i}": 1.0 for i in range(6)}


def test_a_protein_that_all_ill_donors_have_more_of_is_the_first_finding():
    data, comparison = measured(ILL)
    table = of_donors(data, comparison)
    found = proteins.of_contrast(table, comparison)[0]
    assert (found.feature, found.subset, found.direction, found.kind) == ("P0", "A", "up", "protein")
    assert found.low < 1 < found.high
    assert found.worst_p < 0.05
    assert found.concerns == []


def test_effect_is_the_difference_of_means_and_p_close_to_students_t_of_many_alike_proteins():
    data, comparison = measured(ILL)
    row = of_donors(data, comparison).set_index(["subset", "protein"]).loc[("A", "P1")]
    blood = (data.obs["name"] == "A").to_numpy() & (data.obs["tissue"] == "blood").to_numpy()
    values = pd.Series(data.obsm["prot"][blood, 1], index=data.obs["donor"][blood])
    ill = values.index.isin([f"d{i}" for i in range(6)])
    assert row["effect"] == pytest.approx(values[ill].mean() - values[~ill].mean())
    assert row["p_value"] == pytest.approx(stats.ttest_ind(values[ill], values[~ill]).pvalue, abs=0.15)
    without = [values[ill].drop(d).mean() - values[~ill].mean() for d in values[ill].index]
    without += [values[ill].mean() - values[~ill].drop(d).mean() for d in values[~ill].index]
    assert (row["lowest_effect"], row["highest_effect"]) == pytest.approx((min(without), max(without)))


def test_a_protein_that_one_donor_carries_names_them():
    data, comparison = measured({"blood0": 8.0, "blood1": 0.05})
    row = of_donors(data, comparison).set_index(["subset", "protein"]).loc[("A", "P0")]
    assert row["influential_donor"] != ""
    assert row["lowest_effect"] < 0.3 < row["highest_effect"]
    assert row["worst_p"] > 0.05


def test_without_proteins_there_is_an_empty_table_and_no_number(tmp_path: Path):
    samples = people(12)
    comparison = compare(CONTRAST, samples)
    table = of_donors(pseudobulk(samples), comparison)
    facts = Facts("compare_expression", "x", seed=None, folder=tmp_path)
    proteins.describe(facts, table)
    assert list(table.columns) == proteins.COLUMNS
    assert table.empty
    assert proteins.of_contrast(table, comparison) == []
    assert list(tmp_path.iterdir()) == []


def test_the_step_summary_has_the_number_the_table_and_a_figure_of_a_row_per_protein(tmp_path: Path):
    data, comparison = measured(ILL)
    facts = Facts("compare_expression", "x", seed=None, folder=tmp_path)
    table = of_donors(data, comparison)
    proteins.describe(facts, table)
    assert facts.content["numbers"]["proteins_fdr_5_over_all_subsets"] == (table["fdr_contrast"] < 0.05).sum()
    assert facts.content["tables"][0]["records"][0][2] == "P0"
    assert [path.name for path in tmp_path.glob("*.png")] == ["x.compare_expression.proteins.png"]
    axes = draw_effects(table[table["subset"] == "A"], "protein", "difference").axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()][-1] == "P0"
    assert len(axes.collections[0].get_offsets()) == len(PANEL)
