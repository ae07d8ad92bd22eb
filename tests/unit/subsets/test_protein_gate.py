"""A gate on proteins: which cells are inside, and when RNA confirms them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.subsets.cluster import cluster_lineage, protein_gate
from sscite.subsets.definitions.subsets import Lineage, Subset, load_definitions

TREG = Subset("Treg", "CD4 T", ("FOXP3",), proteins_up=("CD25",), proteins_down=("CD127",), needs=("FOXP3",), gate=True)
GATED = np.arange(100) < 6


def proteins() -> pd.DataFrame:
    """A hundred cells on a regular grid around 0, the first six with high CD25 and low CD127.

    The next two have only high CD25 or only low CD127.
    """
    grid = np.linspace(-1, 1, 10)
    values = np.array([(x, y) for x in grid for y in grid])
    values[:6] = [4, -4]
    values[6:8] = [[4, 0.5], [-0.5, -4]]
    return pd.DataFrame(values, columns=["CD25", "CD127"])


def obs(libraries: int = 1) -> pd.DataFrame:
    library = [f"L{i % libraries}" for i in range(100)]
    return pd.DataFrame({"library": library, "donor": library})


def counts(inside: int, outside: int) -> pd.DataFrame:
    """FOXP3 once in so many of the six gated and of the 94 other cells."""
    found = np.zeros(100)
    found[:inside] = found[6 : 6 + outside] = 1
    return pd.DataFrame({"FOXP3": found})


def gate(protein: pd.DataFrame | None, rna: pd.DataFrame, subset: Subset = TREG) -> protein_gate.Gate | None:
    return protein_gate.gate_cells(subset, protein, rna, np.full(100, 1000.0), obs())


def test_cells_far_off_on_both_proteins_are_inside_and_those_off_on_one_are_not():
    found = protein_gate.inside(proteins(), ["CD25"], ["CD127"], np.repeat("L", 100))
    assert found.tolist() == GATED.tolist()


def test_libraries_that_stain_more_or_less_have_the_same_cells_inside():
    libraries = np.tile(["L0", "L1"], 50)
    shifted = proteins() + 5.0 * (libraries == "L1")[:, None]
    assert protein_gate.inside(shifted, ["CD25"], ["CD127"], libraries).tolist() == GATED.tolist()


def test_without_a_group_apart_no_cell_is_inside():
    grid = np.linspace(-1, 1, 10)
    even = pd.DataFrame([(x, y) for x in grid for y in grid], columns=["CD25", "CD127"])
    assert not protein_gate.inside(even, ["CD25"], ["CD127"], np.repeat("L", 100)).any()


def test_the_needed_gene_confirms_the_gated_cells_and_its_share_is_stated():
    found = gate(proteins(), counts(inside=6, outside=4))
    # 6 counts in 6 cells, 4 in 94: ratio 1 / (4 / 94) = 23.5
    assert found.confirmed
    assert found.proteins == "CD25 high, CD127 low"
    assert found.evidence.startswith("FOXP3 100% (x23.5, at least x")


@pytest.mark.parametrize(
    "rna", [counts(inside=0, outside=4), counts(inside=1, outside=10), pd.DataFrame({"CD4": np.ones(100)})]
)
def test_cells_without_the_needed_gene_or_with_it_no_more_often_than_the_rest_are_not_confirmed(rna):
    assert not gate(proteins(), rna).confirmed


def test_a_needed_gene_that_is_not_counted_in_the_gated_cells_has_no_ratio():
    assert gate(proteins(), counts(inside=0, outside=4)).evidence == "FOXP3 in none of them"


def test_there_is_no_gate_where_a_protein_is_missing_in_the_panel_or_in_some_cells():
    some = proteins()
    some.loc[50:, "CD127"] = np.nan
    for protein in (None, proteins()[["CD25"]], some):
        assert gate(protein, counts(inside=6, outside=0)) is None


@pytest.mark.parametrize(("confirmed", "name"), [(True, "Treg"), (False, "naive")])
def test_gated_cells_take_the_name_only_if_rna_confirms_them(confirmed: bool, name: str):
    scores = pd.DataFrame({"naive": np.ones(100), "Treg": np.zeros(100)})
    table = pd.DataFrame({"lineage": ["CD4 T"], "cluster": [0], "subset": ["naive"]})
    found = protein_gate.Gate("Treg", "CD25 high", GATED, "", confirmed)
    can = pd.DataFrame(True, index=scores.index, columns=scores.columns)
    cells = cluster_lineage.name_cells(scores, can, np.zeros(100, int), table, [found])
    assert (cells.loc[GATED, "subset"] == name).all()
    assert (cells.loc[GATED, "subset_by_cell"] == name).all()
    assert (cells.loc[~GATED, "subset"] == "naive").all()


@pytest.mark.parametrize(("clusters_named", "gated"), [(["naive"], ["Treg"]), (["naive", "Treg"], [])])
def test_a_subset_that_names_a_cluster_is_not_gated(monkeypatch, clusters_named: list[str], gated: list[str]):
    """Four hundred cells of two kinds; the clusters' names are given."""
    rng = np.random.default_rng(0)
    kind = np.arange(400) % 2
    rate = np.ones((400, 40))
    rate[:, :6] += 5 * (kind[:, None] == np.repeat([0, 1], 3))
    genes = pd.Index(["FOXP3", *(f"G{i}" for i in range(1, 40))])
    every = pd.DataFrame({"library": "L", "donor": "D", "tissue": "blood"}, index=[f"c{i}" for i in range(400)])
    protein = pd.concat([proteins()] * 4, ignore_index=True).set_axis(every.index)
    data = cluster_lineage.LineageCells(
        sparse.csr_matrix(np.log1p(rng.poisson(rate)).astype(np.float32)), genes, every, protein
    )
    monkeypatch.setattr(
        cluster_lineage, "name_clusters",
        lambda data, expression, scores, clusters, lineage, sought: pd.DataFrame(
            {"cluster": np.unique(clusters), "subset": np.resize(clusters_named, len(np.unique(clusters)))}
        ),
    )  # fmt: skip
    lineage = Lineage("CD4 T", ("CD4 T",), (), (TREG, Subset("naive", "CD4 T", ("G1",))))
    found = cluster_lineage.cluster_lineage(data, lineage, resolution=0.5, seed=0)
    assert [gate.subset for gate in found.gates] == gated


def test_the_default_file_gates_regulatory_t_cells(root):
    subsets = load_definitions(root / "assets" / "subsets.yaml").subsets
    assert [name for name, subset in subsets.items() if subset.gate] == ["CD4_Treg"]
