"""Ambient RNA in pseudobulk: what is expected of it, and which differences between tissues it predicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from unit.compare.bulks import people, pseudobulk

from sscite.compare.contrast import eligibility
from sscite.compare.expression import differential
from sscite.compare.ligand_receptor import liana
from sscite.compare.pseudobulk import ambient
from sscite.compare.statistics.ambient_share import predicted_share
from sscite.compare.tissue_blood import differences


def test_the_share_of_a_difference_that_ambient_rna_predicts_by_hand():
    # two reference and two target rows of 1,000 counts: the first gene rises by 40 per 1,000, of which 30 are ambient;
    # the second by 40 with 4 ambient; the third falls although more ambient RNA is expected; the fourth does not differ
    counts = np.array([[10, 10, 50, 5]] * 2 + [[50, 50, 20, 5]] * 2, float)
    counts = np.column_stack([counts, 1000 - counts.sum(axis=1)])
    soup = np.array([[0, 0, 0, 1, 0]] * 2 + [[30, 4, 10, 3, 0]] * 2, float)
    share = predicted_share(counts, soup, np.array([0, 0, 1, 1]))
    assert share[:4] == pytest.approx([0.75, 0.1, 0, 0])


def test_expected_ambient_counts_by_hand(tmp_path):
    # cells of 1,000 and 500 counts in library A with 10% and 20% ambient, one of 2,000 counts in B with 5%
    cells = pd.DataFrame(
        {"library": ["A", "A", "B"], "n_counts": [1000, 500, 2000], "ambient_fraction": [0.1, 0.2, 0.05]}
    )
    member = sparse.csr_array(np.array([[1, 1, 0], [0, 0, 1]]))
    genes = pd.Index(["UMOD", "CD3E", "ACTB"])
    for name, share in (("A", [0.6, 0.4]), ("B", [0.1, 0.9])):
        table = pd.DataFrame({"library": name, "share": share}, index=pd.Index(["UMOD", "ACTB"], name="gene"))
        table.to_parquet(tmp_path / f"{name}.ambient_profile.parquet")
    profiles = ambient.read_profiles(sorted(tmp_path.glob("*.parquet")), genes)
    data = pseudobulk(people(donors=2))[:2, :3].copy()
    data.obsm["ambient"] = ambient.expected_by_library(member, cells, profiles.columns)
    data.varm["ambient"] = profiles.to_numpy()
    assert ambient.expected(data, np.arange(2)) == pytest.approx(np.array([[120, 0, 80], [10, 0, 90]]))
    assert ambient.expected(pseudobulk(people(donors=2)), np.arange(2)) is None


def with_soup(contamination: float, seed: int = 0):
    """Blood and lung of six donors; 30% of the lung's ambient RNA is of G0, which no cell expresses."""
    samples = people()
    data = pseudobulk(samples, seed=seed)
    lung = (data.obs["tissue"] == "lung").to_numpy()
    counts, rng = (
        np.asarray(data.X.todense() if sparse.issparse(data.X) else data.X, float),
        np.random.default_rng(seed),
    )
    g0, g1 = data.var_names.get_indexer(["G0", "G1"])
    counts[:, g0] = 0
    soup = np.where(lung, contamination, contamination / 3) * counts.sum(axis=1)
    profile = counts.sum(axis=0) / counts.sum() * 0.7
    profile[g0] = 0.3
    in_blood = np.where(np.arange(len(profile)) == g0, 0, profile) / 0.7
    counts[lung, g1] *= 4  # planted
    free = np.where(lung[:, None], soup[:, None] * profile, soup[:, None] * in_blood)
    data.X = sparse.csr_matrix(counts + rng.poisson(free))
    data.obsm["ambient"] = np.column_stack([np.where(lung, 0, soup), np.where(lung, soup, 0)])
    data.varm["ambient"] = np.column_stack([in_blood, profile])
    return samples, data


@pytest.mark.parametrize("contamination", [0.05, 0.15])
def test_a_gene_of_the_soup_is_flagged_in_a_tissue_and_a_planted_one_is_not(contamination):
    samples, data = with_soup(contamination)
    comparison, tested = differences.choose("lung", "blood", samples, min_donors=3)
    table = differences.compare_subsets(data, comparison, tested=tested, min_cells=10, min_donors=3)
    found = differences.flag(table).query("kind == 'expression' and fdr < 0.05 and level == 'subset'")
    of_gene = {gene: set(found.loc[found["feature"] == gene, "ambient_flag"]) for gene in ("G0", "G1")}
    assert of_gene == {"G0": {"explained by ambient RNA"}, "G1": {""}}


def test_contamination_estimated_at_two_thirds_still_flags():
    samples, data = with_soup(0.15)
    data.obsm["ambient"] = data.obsm["ambient"] * 2 / 3
    comparison, _ = differences.choose("lung", "blood", samples, min_donors=3)
    bulk = differential.collect(data, comparison, "subset", "A", min_cells=10)
    share = differential.ambient_share(bulk)[data.var_names.get_loc("G0")]
    assert share == pytest.approx(2 / 3, abs=0.02)


def test_without_an_estimate_nothing_is_flagged_and_the_share_is_unknown():
    samples = people()
    comparison = eligibility.compare(differences.contrast_of("lung", "blood"), samples)
    bulk = differential.collect(pseudobulk(samples), comparison, "subset", "A", min_cells=10)
    assert np.isnan(differential.ambient_share(bulk)).all()
    table = differences.compare_subsets(pseudobulk(samples), comparison, tested=True, min_cells=10, min_donors=3)
    assert (differences.flag(table)["ambient_flag"] == "").all()


def test_genes_that_are_mostly_ambient_in_a_subset_of_a_tissue_are_listed():
    _, data = with_soup(0.15)
    table = ambient.mostly_ambient(data)
    assert set(map(tuple, table[["tissue", "subset", "gene"]].to_numpy())) == {("lung", "A", "G0"), ("lung", "B", "G0")}
    assert ambient.mostly_ambient(pseudobulk(people())).empty


def test_a_pair_says_which_of_its_genes_is_ambient():
    pairs = pd.DataFrame({"sender": ["T", "Mac", "T"], "receiver": ["Mac", "T", "T"],
                          "ligand": ["SPP1", "SPP1", "SPP1"], "receptor": ["ITGA4_CD44", "CD44", "CD44"]})  # fmt: skip
    soup = pd.DataFrame({"tissue": ["kidney", "kidney", "blood"], "subset": ["T", "Mac", "Mac"],
                         "gene": ["SPP1", "CD44", "SPP1"]})  # fmt: skip
    assert liana.mark_ambient(pairs, soup, "kidney") == ["ligand, receptor", "", "ligand"]
