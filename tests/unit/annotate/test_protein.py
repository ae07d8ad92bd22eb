"""The protein check: cuts, gates, support, and when protein decides."""

import numpy as np
import pandas as pd
import pytest

from sscite.annotate import protein_decision, protein_gates

# what a cell of each lineage carries
CARRIED = {
    "CD4 T": ("CD3", "CD4"), "CD8 T": ("CD3", "CD8"), "B": ("CD19",), "monocyte/DC": ("CD14", "CD11c"),
    "NK": ("CD56", "CD16"),
}  # fmt: skip
PROTEINS = ["CD3", "CD4", "CD8", "CD14", "CD11c", "CD19", "CD56", "CD16"]


def library(each: int = 20, *, low: float = 0.0, high: float = 8.0, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells of five lineages and their proteins, on a scale of choice."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(list(CARRIED), each)
    level = np.array([[high if name in CARRIED[kind] else low for name in PROTEINS] for kind in truth])
    cells = pd.Index([f"L:{i}" for i in range(len(truth))])
    values = pd.DataFrame(
        level + rng.normal(scale=0.08 * (high - low), size=level.shape), index=cells, columns=PROTEINS
    )
    labels = pd.DataFrame(
        {"cell_type": truth, "cell_type_fine": truth, "cell_type_confidence": 0.9, "lineage": truth,
         "lineage_margin": 5.0,
         "vote_cluster": np.repeat(np.arange(5), each), "marker_lineage": "", "set_aside": ""}, index=cells,
    ).astype({"lineage": object, "set_aside": object})  # fmt: skip
    return labels, values


@pytest.mark.parametrize(("low", "high"), [(0.0, 8.0), (-0.4, 1.1), (-1.0, 60.0)])
def test_every_lineage_is_found_on_any_scale(low, high):
    labels, values = library(low=low, high=high)
    frame, cuts = protein_decision.check_by_protein(labels, values)
    assert set(cuts) == set(PROTEINS)
    clear = frame["protein_lineage"] != ""
    assert clear.mean() > 0.9
    assert (frame["protein_lineage"] == labels["lineage"])[clear].all()
    assert set(frame["protein_support"][clear]) == {"supported"}
    assert (frame["lineage"] == labels["lineage"]).all()


def test_a_cut_survives_a_third_of_wrong_labels():
    labels, values = library(each=30)
    wrong = labels["lineage"].to_numpy().copy()
    wrong[:10], wrong[60:70] = "B", "CD4 T"
    cut = protein_gates.cuts(values, pd.Series(wrong, index=labels.index))["CD3"]
    assert 1 < cut.value < 7


def test_a_protein_that_does_not_separate_the_lineages_is_not_used():
    labels, values = library()
    values["CD56"] = np.random.default_rng(1).normal(size=len(values))
    assert "CD56" not in protein_gates.cuts(values, labels["lineage"])


def test_a_confident_rna_label_stands_and_is_contradicted():
    labels, values = library()
    labels.loc[labels.index[40:44], "lineage"] = "NK"  # B cells by protein
    frame, _ = protein_decision.check_by_protein(labels, values)
    found = frame.iloc[40:44]
    assert set(found["protein_lineage"]) <= {"B", ""}
    assert "contradicted" in set(found["protein_support"])
    assert set(found["lineage"]) == {"NK"}


def test_protein_decides_where_rna_is_in_doubt_or_silent():
    labels, values = library()
    labels.loc[labels.index[40], ["lineage", "lineage_margin"]] = ["NK", 0.2]
    labels.loc[labels.index[41], ["lineage", "lineage_margin"]] = ["unassigned", np.nan]
    values.iloc[40:42] = values.iloc[45].to_numpy()
    frame, _ = protein_decision.check_by_protein(labels, values)
    assert list(frame["lineage"].iloc[40:42]) == ["B", "B"]
    assert list(frame["protein_support"].iloc[40:42]) == ["contradicted", "no protein"]


def test_t_cells_that_rna_does_not_part_are_parted_by_cd4_and_cd8_if_these_have_two_modes():
    labels, values = library(each=30)
    truth = labels["lineage"].copy()
    t_cell = truth.isin(["CD4 T", "CD8 T"]).to_numpy()
    labels.loc[t_cell, ["lineage", "marker_lineage"]] = ["unassigned", "other T"]
    frame, cuts = protein_decision.check_by_protein(labels, values)
    assert {"CD4", "CD8"} <= set(cuts)
    clear = t_cell & (frame["protein_lineage"] != "").to_numpy()
    assert clear.sum() > 50 and (frame["lineage"] == truth)[clear].all()
    values[["CD4", "CD8"]] = np.random.default_rng(2).normal(4, 1, (len(values), 2))
    frame, cuts = protein_decision.check_by_protein(labels, values)
    assert not {"CD4", "CD8"} & set(cuts)
    assert set(frame["lineage"][t_cell]) <= {"other T", "unassigned"}


def test_cd4_and_cd8_are_found_apart_by_protein_but_named_kinds_stay():
    labels, values = library()
    labels.loc[labels.index[:3], "lineage"] = ["CD8 T", "other T", "other T"]
    labels.loc[labels.index[1:3], "cell_type"] = ["T cells", "MAIT cells"]
    values.iloc[:3] = values.iloc[10].to_numpy()  # CD4 T cells by protein
    frame, _ = protein_decision.check_by_protein(labels, values)
    assert list(frame["lineage"].iloc[:3]) == ["CD4 T", "CD4 T", "other T"]


def test_cells_with_proteins_of_two_lineages_are_set_aside():
    labels, values = library()
    values.iloc[0, :] = values.iloc[0:1].to_numpy() + values.iloc[45].to_numpy()  # T and B
    frame, _ = protein_decision.check_by_protein(labels, values)
    assert list(frame["set_aside"].iloc[:3]) == ["doublet", "", ""]
    assert frame["protein_lineage"].iloc[0] == ""


def test_a_platelet_stays_set_aside_unless_its_proteins_show_another_lineage():
    labels, values = library()
    labels.loc[labels.index[:2], ["lineage", "set_aside"]] = "platelet"
    values.iloc[0] = 0.0  # carries none of the proteins; the second is a T cell by protein
    frame, _ = protein_decision.check_by_protein(labels, values)
    assert list(frame["set_aside"].iloc[:2]) == ["platelet", ""]
    assert list(frame["lineage"].iloc[:2]) == ["platelet", "CD4 T"]


def test_unassigned_cells_place_the_cuts_by_their_marker_genes():
    labels, values = library()
    truth = labels["lineage"].copy()
    labels["marker_lineage"] = truth.replace({"CD4 T": "other T", "CD8 T": "other T"})
    labels["lineage"], labels["lineage_margin"] = "unassigned", np.nan
    frame, cuts = protein_decision.check_by_protein(labels, values)
    assert {"CD3", "CD4", "CD8", "CD14", "CD19", "CD56"} <= set(cuts)
    clear = frame["lineage"] != "unassigned"
    assert clear.mean() > 0.9
    assert (frame["lineage"] == truth)[clear].all()


def test_a_contradicted_cluster_is_listed():
    labels, _ = library()
    labels.loc[labels.index[40:60], "vote_cluster"] = 7
    frame = protein_decision.unchecked(labels)
    frame["protein_lineage"], frame["protein_support"] = "NK", "supported"
    frame.loc[frame.index[40:55], "protein_support"] = "contradicted"
    table = protein_decision.contradicted_clusters(labels, frame)
    assert table.to_numpy().tolist() == [["7", "B", "B", 20, 20, 15, "NK"]]


def test_a_panel_without_gating_proteins_leaves_the_labels_as_they_are():
    labels, values = library()
    frame, cuts = protein_decision.check_by_protein(labels, values[[]].assign(CD99=1.0))
    assert cuts == {}
    assert (frame["lineage"] == labels["lineage"]).all()
    assert set(frame["protein_support"]) == {"no protein"}
