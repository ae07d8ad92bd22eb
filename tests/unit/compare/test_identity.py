"""Sex, donor, genotype and outliers of samples: planted exchanges are found, clean cohorts raise nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from sscite.command import Facts
from sscite.compare.identity import donors, outliers, report, sex
from sscite.compare.identity.run import COLUMNS, check
from sscite.subsets.signatures import gene_sets

LINEAGES = ("CD4 T", "CD8 T", "NK", "B", "monocyte/DC")


@pytest.fixture(scope="module")
def lists(root) -> dict[str, list[str]]:
    return gene_sets.read([root / "assets" / "genes" / "human"])


def cohort(lists: dict[str, list[str]], seed: int = 0) -> tuple[AnnData, pd.DataFrame]:
    """Ten donors, blood of all and kidney of the first four; half women; each lacks about half of twenty genes."""
    rng = np.random.default_rng(seed)
    polymorphic = [gene for name, genes in lists.items() if name.startswith("POLYMORPHIC") for gene in genes][:20]
    genes = [*lists["FEMALE"], *lists["MALE"][:3], *polymorphic, *(f"G{i}" for i in range(300))]
    has = rng.random((10, 20)) < 0.5
    people = pd.DataFrame(
        [
            (f"d{i}_{tissue}", f"d{i}", tissue, tissue, "F" if i % 2 else "male")
            for tissue, number in (("blood", 10), ("kidney", 4))
            for i in range(number)
        ],
        columns=["sample", "donor", "tissue", "library", "sex"],
    )  # fmt: skip
    base = {name: np.exp(rng.normal(5, 1, len(genes))) for name in LINEAGES}
    rows, obs = [], []
    for person in people.itertuples():
        own = np.exp(rng.normal(0, 0.15, len(genes)))
        for name in LINEAGES:
            rate = base[name] * own
            number = int(person.donor[1:])
            rate[:4] = [0, 40, 40, 40] if person.sex == "male" else [120, 2, 2, 2]
            rate[4:24] = np.where(has[number], 60, 3)
            rows.append(rng.poisson(rate * rng.uniform(1, 4)))
            obs.append((person.sample, person.donor, person.tissue, "lineage", name, "all", 200))
    table = pd.DataFrame(obs, columns=["sample", "donor", "tissue", "level", "name", "parent", "n_cells"])
    table.index = table.index.astype(str)
    return AnnData(sparse.csr_matrix(np.array(rows)), obs=table, var=pd.DataFrame(index=genes)), people


def exchange(data: AnnData, first: str, second: str) -> AnnData:
    names = data.obs["sample"].replace({first: second, second: first})
    return AnnData(data.X, obs=data.obs.assign(sample=names), var=data.var)


NO_CALLS = donors.genotypes(pd.DataFrame())


def test_a_clean_cohort_raises_no_doubt(lists):
    data, people = cohort(lists)
    table = check(data, people, lists, NO_CALLS)
    assert (table["doubt"] == "").all()
    assert table["sex_expressed"].tolist() == table["sex_recorded"].tolist()
    assert (table["same_donor"].dropna() > 5).all() and table["same_donor"].notna().sum() == 8
    assert table.columns.tolist() == COLUMNS


def test_exchanged_samples_of_a_man_and_a_woman_are_both_named(lists):
    data, people = cohort(lists)
    table = check(exchange(data, "d6_blood", "d7_blood"), people, lists, NO_CALLS).set_index("sample")
    assert table.index[table["doubt"].str.contains("sex")].tolist() == ["d6_blood", "d7_blood"]
    assert sex.exchanged(table.reset_index()) == [("d6_blood", "d7_blood")]


def test_exchanged_samples_of_one_sex_are_found_by_their_other_samples(lists):
    data, people = cohort(lists)
    table = check(exchange(data, "d0_blood", "d2_blood"), people, lists, NO_CALLS).set_index("sample")
    assert (table.loc[["d0_blood", "d0_kidney", "d2_blood", "d2_kidney"], "doubt"] == "donor").all()
    assert table.loc["d0_kidney", "resembles"] == "d2_blood"
    assert (table["doubt"] != "").sum() == 4


def test_samples_of_a_donor_with_two_sexes_are_named_without_a_sex_column(lists):
    data, people = cohort(lists)
    table = check(exchange(data, "d0_blood", "d9_blood"), people.drop(columns="sex"), lists, NO_CALLS).set_index(
        "sample"
    )
    assert table.index[table["doubt"].str.contains("sex of donor")].tolist() == ["d0_blood", "d0_kidney"]
    assert (table["sex_recorded"] == "").all()


def test_the_sex_of_a_pool_with_a_tenth_of_the_other_is_called_and_a_half_is_unclear():
    totals = np.full(4, 1e6)
    female = np.array([100, 90, 10, 50])
    male = np.array([15, 20, 180, 100])
    assert sex.expressed_sex(female, male, totals)["sex_expressed"].tolist() == ["female", "female", "male", "unclear"]


def test_y_genes_alone_call_both_sexes_once_a_man_is_there_and_none_otherwise():
    none, totals = np.zeros(2), np.array([1e6, 1e6])
    assert sex.expressed_sex(none, np.array([0, 150]), totals)["sex_expressed"].tolist() == ["female", "male"]
    assert sex.expressed_sex(none, np.array([0, 3]), totals)["sex_expressed"].tolist() == ["", ""]


def test_few_counts_call_no_sex():
    found = sex.expressed_sex(np.array([100, 0]), np.array([0, 0]), np.array([1e6, 1e4]))
    assert found["sex_expressed"].tolist() == ["female", ""]


def test_recorded_sexes_are_read_in_several_spellings():
    values = pd.Series(["F", "male ", "Woman", "XY", "", "unknown", "w"])
    assert sex.recorded(values).tolist() == ["female", "male", "female", "male", "", "", "female"]


def test_a_sample_unlike_all_others_is_an_outlier_and_a_batch_is_none():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.2, (12, 500))
    values[:4] += rng.normal(0, 0.15, 500)  # a library
    values[11] = rng.normal(0, 0.8, 500)
    table = outliers.outlying(pd.DataFrame(values, index=[f"s{i}" for i in range(12)])).set_index("sample")
    assert table.index[table["outlier"]].tolist() == ["s11"]
    assert not outliers.outlying(pd.DataFrame(values[7:], index=list("abcde")))["outlier"].any()


def composition(log_ratios: list[float], cells: int = 10_000) -> pd.DataFrame:
    """Samples of one tissue with lineages A and B, of a given log ratio of A to B."""
    rows = []
    for i, ratio in enumerate(log_ratios):
        a = round(cells / (1 + np.exp(-ratio)))
        rows += [(f"s{i}", "blood", "A", a), (f"s{i}", "blood", "B", cells - a)]
    return pd.DataFrame(rows, columns=["sample", "tissue", "name", "n_cells"])


def test_the_distance_of_a_composition_is_that_of_centred_log_proportions_from_the_median():
    # of two lineages the centred log proportions are half the log ratio and its negative
    found = outliers.unusual_composition(composition([-2, -1, -1, 0, 1, 1, 2, 4.5])).set_index("sample")
    distance = np.array([2.5, 1.5, 1.5, 0.5, 0.5, 0.5, 1.5, 4]) / 1.5  # median log ratio 0.5, median distance 1.5
    assert found["composition_distance"].to_numpy() == pytest.approx(distance, rel=0.01)
    assert (found["unusual_lineage"] == "").all()
    found = outliers.unusual_composition(composition([-1, -1, 0, 0, 1, 1, 6])).set_index("sample")
    assert found.index[found["unusual_lineage"] != ""].tolist() == ["s6"]
    assert found.loc["s6", "unusual_lineage"] in ("A 100% (median 50%)", "B 0% (median 50%)")


def test_few_samples_or_cells_have_no_composition_to_compare():
    assert outliers.unusual_composition(composition([0, 0, 1, 1, 6])).empty
    assert outliers.unusual_composition(composition([0, 0, 0, 1, 1, 6], cells=90)).empty


def test_a_sample_of_another_tissue_is_named_with_the_lineage_that_differs(lists, tmp_path):
    data, people = cohort(lists)
    rows = data.obs["sample"].isin(["d3_blood"]) & (data.obs["name"] == "B")
    strange = data.obs.assign(n_cells=np.where(rows, 20_000, data.obs["n_cells"] + 20 * (np.arange(len(data.obs)) % 3)))
    table = check(AnnData(data.X, obs=strange, var=data.var), people, lists, NO_CALLS).set_index("sample")
    assert table.index[table["doubt"] != ""].tolist() == ["d3_blood"]
    assert table.loc["d3_blood", "doubt"] == "composition"
    facts = Facts("compare_identity", "cohort", seed=None, folder=tmp_path)
    report.describe(facts, table.reset_index(), [])
    assert facts.content["warnings"][0].startswith(
        "Sample d3_blood has lineages in other proportions than the other samples of blood: B 96% (median 2"
    )


def calls(rows: list[tuple[str, str, str, str, int]]) -> pd.DataFrame:
    columns = ["library", "sample", "donor", "genotype_call"]
    return pd.DataFrame([row[:4] for row in rows for _ in range(row[4])], columns=columns)


def test_a_donor_with_two_genotypes_and_a_genotype_with_two_donors_are_named():
    table = donors.genotypes(
        calls([("L1", "a1", "A", "P1", 50), ("L1", "a1", "A", "P2", 5), ("L2", "a2", "A", "P2", 40),
               ("L2", "b2", "B", "P2", 30), ("L2", "c2", "C", "unassigned", 30), ("L2", "e2", "E", "P9", 9)])
    )  # fmt: skip
    assert table[["sample", "genotype", "cells"]].to_numpy().tolist() == [
        ["a1", "P1", 55],
        ["a2", "P2", 40],
        ["b2", "P2", 30],
    ]
    assert donors.genotype_conflicts(table) == [
        "Samples of different donors have the same genotype P2: a2 (A), b2 (B).",
        "Samples of donor A have different genotypes: a1 P1, a2 P2.",
    ]


def test_names_that_count_the_genotypes_of_a_library_are_not_compared_between_libraries():
    table = donors.genotypes(
        calls([("L1", "a1", "A", "donor0", 50), ("L2", "b1", "B", "donor0", 50), ("L2", "a2", "A", "donor1", 50)])
    )
    assert donors.genotype_conflicts(table) == []


def test_warnings_say_what_was_found_and_that_nothing_was_excluded(lists, tmp_path):
    data, people = cohort(lists)
    table = check(exchange(data, "d6_blood", "d7_blood"), people, lists, NO_CALLS)
    facts = Facts("compare_identity", "cohort", seed=None, folder=tmp_path)
    report.describe(facts, table, ["Samples of donor A have different genotypes: a1 P1, a2 P2."])
    said = facts.content["warnings"]
    assert said[0].startswith("Sample d6_blood is recorded as male, but its expression is female (XIST ")
    assert said[0].endswith("It was not excluded.")
    assert said[2:] == [
        "Samples d6_blood and d7_blood of one library may have been exchanged.",
        "Samples of donor A have different genotypes: a1 P1, a2 P2.",
    ]
    assert facts.content["ranks"] == dict.fromkeys(said, "critical")
    assert {figure["name"] for figure in facts.content["figures"]} == {"sex", "pca"}
    assert facts.content["summary"].endswith("2 do not fit.")


@pytest.mark.needs_data
def test_the_tissues_of_a_real_patient_have_one_sex_and_endometrial_cancer_is_of_women(data, lists):
    from anndata import read_h5ad

    cells = read_h5ad(
        data / "rna/wu2020_200_tcells_blood_kidney_lung.h5ad"
    )  # T cells of blood, normal tissue and tumours
    keys = [cells.obs["patient"].astype(str), cells.obs["source"].astype(str)]
    male = np.asarray(cells[:, cells.var_names.isin(lists["MALE"])].X.sum(axis=1)).ravel()
    sums = (
        pd.DataFrame({"male": male, "total": np.asarray(cells.X.sum(axis=1)).ravel()})
        .groupby([k.to_numpy() for k in keys])
        .sum()
    )
    found = sex.expressed_sex(np.zeros(len(sums)), sums["male"].to_numpy(), sums["total"].to_numpy()).set_index(
        sums.index
    )
    called = found.loc[found["sex_expressed"] != "", "sex_expressed"]
    patients = called.groupby(level=0).agg(set)
    assert len(called) >= 15 and (patients.map(len) == 1).all()
    assert patients[patients.index.str.startswith("Endo")].map(min).eq("female").all()
    assert called.xs("Renal3", level=0).tolist() == ["male"] * 3
