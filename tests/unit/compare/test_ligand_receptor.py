"""Ligands and receptors: donors behind a pair, the question by name, and the packaged resource."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from sscite.compare import figures_ligand_receptor, ligand_receptor
from sscite.errors import Skipped

PAIR = {"sender": "Mac", "receiver": "CD8_TEM_T2ISG", "ligand": "CXCL10", "receptor": "CXCR3"}


def tissue(*, second_donor_expresses: bool) -> AnnData:
    """Twenty macrophages and twenty T cells of two donors; macrophages make CXCL10, T cells carry CXCR3."""
    values = np.zeros((40, 2), np.float32)
    values[: 20 if second_donor_expresses else 10, 0] = 1
    values[20:, 1] = 1
    obs = pd.DataFrame({"donor": (["a"] * 10 + ["b"] * 10) * 2, "subset": ["Mac"] * 20 + ["CD8_TEM_T2ISG"] * 20})
    return AnnData(
        sparse.csr_matrix(values), obs=obs.set_index(obs.index.astype(str)), var=pd.DataFrame(index=["CXCL10", "CXCR3"])
    )


@pytest.mark.parametrize(("both", "donors"), [(True, 2), (False, 1)])
def test_the_donors_who_show_a_pair_are_counted(both: bool, donors: int):
    data = tissue(second_donor_expresses=both)
    rows, share = ligand_receptor.shares(data)
    table = ligand_receptor.support(pd.DataFrame([PAIR]), rows, share, data.var_names)
    assert table[["donors", "donors_asked"]].to_numpy().tolist() == [[donors, 2]]


def test_recruitment_is_answered_by_name_also_where_liana_has_no_rank():
    data = tissue(second_donor_expresses=True)
    empty = pd.DataFrame(columns=[*PAIR, "magnitude_rank", "specificity_rank"])
    named = ligand_receptor.asked(data, empty, *ligand_receptor.shares(data))
    assert named.iloc[0][["ligand", "sender", "receiver_donors"]].tolist() == ["CXCL10", "Mac", 2]
    assert named.iloc[0]["sender_share"] == pytest.approx(1)
    assert "possible; CXCL10 is expressed by 100% of Mac" in figures_ligand_receptor.answer(named)


def test_the_packaged_resource_has_the_chemokines_of_cxcr3():
    pairs = ligand_receptor.resource()
    found = set(pairs.loc[pairs["receptor"] == "CXCR3", "ligand"])
    assert {"CXCL9", "CXCL10", "CXCL11"} <= found


def test_one_subset_alone_is_skipped():
    cells = pd.DataFrame({"tissue": "lung", "subset": "Mac", "lineage": "x", "donor": "a"}, index=map(str, range(30)))
    with pytest.raises(Skipped, match="1 subsets"):
        ligand_receptor.choose(cells, "lung", min_cells=10, seed=0)


@pytest.mark.parametrize("names", [["ENSG00000169245", "ENSG00000186810"], ["CXCL10", "CCL5"]])
def test_without_an_expressed_pair_it_is_skipped_with_what_was_looked_for(names: list[str]):
    data = tissue(second_donor_expresses=True)
    data.var_names = names
    with pytest.raises(Skipped, match=r"no pair .* CXCR3 and others.* human gene symbols are expected"):
        ligand_receptor.consensus(data, seed=0)


def test_a_tissue_without_any_measured_gene_of_a_pair_is_skipped():
    data = tissue(second_donor_expresses=True)[:, :0].copy()
    with pytest.raises(Skipped, match="0 of the"):
        ligand_receptor.consensus(data, seed=0)


def test_one_expressed_pair_is_enough():
    found = ligand_receptor.consensus(tissue(second_donor_expresses=True), seed=0)
    assert found[["sender", "receiver", "ligand", "receptor"]].to_numpy().tolist() == [list(PAIR.values())]
