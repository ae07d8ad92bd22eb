"""Real cells: CellTypist's own result, the sorter's populations, the surface proteins."""

import warnings

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.adt.clr import clr_protein
from sscite.annotate import celltypist, model_file, protein_decision, protein_gates
from sscite.annotate.genes import match
from sscite.annotate.predict import predict

pytestmark = pytest.mark.needs_data
SORTED = {
    "T cell": celltypist.lineage.T_CELLS,
    "B cell": ["B"],
    "CD34+": ["progenitor"],
    "NK cell": ["NK"],
    "CD14+": ["monocyte/DC"],
}
MODELS = ["Immune_All_Low", "Immune_All_High", "Healthy_COVID19_PBMC", "Human_Lung_Atlas", "HuBMAP_kidney"]


def read(path):
    cells = anndata.read_h5ad(path)
    return sparse.csr_matrix(cells.X), cells, pd.DataFrame({"gene_id": ""}, index=cells.var_names.astype(str))


@pytest.fixture(scope="module")
def sorted_cells(data):
    return read(data / "rna" / "pbmc_facs_3774.h5ad")


@pytest.fixture(scope="module")
def normalised(sorted_cells):
    """A tenth of the cells as CellTypist wants them, with logarithms rounded from double precision.

    Scanpy's own float32 logarithm differs from these by up to 5e-7, which moves one of HuBMAP_kidney's 6,048
    probabilities by 7e-6.
    """
    import scanpy as sc

    counts, cells, _ = sorted_cells
    part = anndata.AnnData(counts[::10].astype(np.float32), obs=cells.obs.iloc[::10][[]], var=cells.var[[]])
    sc.pp.normalize_total(part, target_sum=1e4)
    part.X.data = np.log1p(part.X.data.astype(float)).astype(np.float32)
    part.uns["log1p"] = {"base": None}
    return part


@pytest.mark.parametrize("name", MODELS)
def test_labels_and_probabilities_are_those_of_celltypist(data, sorted_cells, normalised, name):
    import celltypist as reference

    reference.logger.set_level(40)
    path = data / "celltypist" / f"{name}.pkl"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = reference.models.Model.load(str(path))
        best = reference.annotate(normalised.copy(), model=theirs)
        several = reference.annotate(normalised.copy(), model=theirs, mode="prob match")
    counts, _, features = sorted_cells
    ours = model_file.load(path)
    overlap = match(features, ours.genes, np.abs(ours.coefficients).sum(axis=0), symbols={})
    scores = predict(counts[::10], overlap, ours)
    assert list(best.predicted_labels["predicted_labels"]) == list(scores.best_match())
    np.testing.assert_allclose(scores.probability(), best.probability_matrix.to_numpy(), rtol=0, atol=1e-9)
    # CellTypist cuts 'Unassigned' to the length of the longest label given (NumPy's fixed-width text)
    width = max(len(label) for label in several.predicted_labels["predicted_labels"])
    expected = [
        label if label != "Unassigned"[:width] else "Unassigned"
        for label in several.predicted_labels["predicted_labels"]
    ]
    assert expected == list(scores.prob_match())


@pytest.mark.parametrize("name", ["Immune_All_Low", "Immune_All_High"])
def test_sorted_populations_get_their_lineage_in_the_half_tuned_on_and_the_other(data, sorted_cells, name):
    counts, cells, features = sorted_cells
    found = celltypist.annotate(counts, cells.obs_names, features, model_file.load(data / "celltypist" / f"{name}.pkl"))
    right = np.array([a in SORTED[b] for a, b in zip(found.cells["lineage"], cells.obs["subpop"], strict=True)])
    tuned = np.random.default_rng(0).random(len(right)) < 0.5
    assert right[tuned].mean() >= 0.97
    assert right[~tuned].mean() >= 0.97


def test_sorted_t_cells_of_three_thousand_genes_are_t_cells(data):
    counts, cells, features = read(data / "rna" / "wu2020_200_tcells_blood_kidney_lung.h5ad")
    found = celltypist.annotate(
        counts, cells.obs_names, features, model_file.load(data / "celltypist" / "Immune_All_Low.pkl")
    )
    assert found.cells["lineage"].isin(celltypist.lineage.T_CELLS).mean() >= 0.95


@pytest.mark.parametrize("name", ["pbmc_5k_protein_v3_200", "pbmc_10k_protein_v3_200"])
def test_cells_of_a_clear_lineage_by_raw_protein_counts_get_it_from_rna_alone(data, name):
    counts, cells, features = read(data / "citeseq" / f"{name}.h5ad")
    labels = celltypist.annotate(
        counts, cells.obs_names, features, model_file.load(data / "celltypist" / "Immune_All_Low.pkl")
    ).cells
    raw = pd.DataFrame(
        np.asarray(cells.obsm["protein_expression"]), columns=[str(n).split("_")[0] for n in cells.uns["protein_names"]]
    )
    shown = by_hand(raw, cd3=100 if "5k" in name else 400)
    family = labels["lineage"].where(~labels["lineage"].isin(celltypist.lineage.T_CELLS), "T").to_numpy()
    clear = shown != ""
    assert clear.mean() > 0.8
    assert (family == shown)[clear].mean() >= 0.95

    logged = np.log1p(raw.rename(columns={"CD8a": "CD8"})).set_axis(labels.index)
    frame, cuts = protein_decision.check_by_protein(labels, logged - logged.mean())
    assert {"CD3", "CD14", "CD19"} <= set(cuts)
    called = frame["lineage"].where(~frame["lineage"].isin(celltypist.lineage.T_CELLS), "T").to_numpy()
    assert (called == shown)[clear].mean() >= 0.97


def test_published_cd4_and_cd8_t_cells_are_parted_by_their_proteins_alone(data):
    folder = data / "adt" / "dsb_tsang"
    counts = pd.read_csv(folder / "cells_counts.csv.gz", index_col=0).T
    published = pd.read_csv(folder / "cell_type_labels_matched_from_ADTnorm.csv", index_col=0).loc[counts.index]
    names = [name.removesuffix("_PROT").strip() for name in counts.columns]
    values = pd.DataFrame(clr_protein(sparse.csr_matrix(counts.to_numpy())), index=counts.index, columns=names)
    known = {"CD4 T": "other T", "CD8 T": "other T", "B": "B", "NK": "NK", "monocytes": "monocyte/DC"}
    found = protein_gates.cuts(values, published["cell_type_l1"].map(known).fillna("other"))
    called, _ = protein_gates.gate(values, found)
    t_cell = published["cell_type_l1"].isin(["CD4 T", "CD8 T"]).to_numpy()
    parted = t_cell & np.isin(called, ["CD4 T", "CD8 T"])
    assert parted.sum() >= 0.6 * t_cell.sum()
    assert (called == published["cell_type_l1"].to_numpy())[parted].mean() >= 0.99


def by_hand(raw: pd.DataFrame, *, cd3: int) -> np.ndarray:
    """Gate on raw counts in the valleys of the histograms; NK cells carry CD56 without CD4."""
    t, m, b = raw["CD3"] > cd3, raw["CD14"] > 200, raw["CD19"] > 100
    nk = (raw["CD56"] > 50) & (raw["CD4"] < 100)
    shown = np.select([t & ~m & ~b, m & ~t & ~b, b & ~t & ~m, nk & ~t & ~m & ~b], ["T", "monocyte/DC", "B", "NK"], "")
    return shown.astype(object)
