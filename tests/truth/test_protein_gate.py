"""Regulatory T cells gated by CD25 and CD127: published labels, and genes that the gate does not use."""

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.adt.clr import clr_protein
from sscite.subsets.cluster import protein_gate
from sscite.subsets.cluster.rate_ratio import rate_ratio

pytestmark = pytest.mark.needs_data


def test_gated_cd4_cells_are_those_published_as_regulatory(data):
    folder = data / "adt" / "dsb_tsang"
    counts = pd.read_csv(folder / "cells_counts.csv.gz", index_col=0).T
    labels = pd.read_csv(folder / "cell_type_labels_matched_from_ADTnorm.csv", index_col=0).reindex(counts.index)
    cd4 = (labels["cell_type_l1"] == "CD4 T").to_numpy()
    names = [name.removesuffix("_PROT").strip() for name in counts.columns]
    values = pd.DataFrame(clr_protein(sparse.csr_matrix(counts.to_numpy())), columns=names)[cd4]
    regulatory = (labels["cell_type_l2"] == "Treg").to_numpy()[cd4]
    lanes = np.array([barcode.split("_")[1] for barcode in counts.index])[cd4]
    found = protein_gate.inside(values, ["CD25"], ["CD127"], lanes)
    assert regulatory[found].mean() >= 0.95
    assert found[regulatory].mean() >= 0.35


def test_gated_cells_have_ikzf2_and_rtkn2_more_often_than_other_cd4_cells(data):
    """CD4 T cells by the valleys of the raw counts; neither gene is used by the gate or by the subset."""
    inside, rna, depth, study = [], [], [], []
    for name, (cd3, cd8) in {"pbmc_5k_protein_v3_200": (100, 60), "pbmc_10k_protein_v3_200": (400, 200)}.items():
        cells = anndata.read_h5ad(data / "citeseq" / f"{name}.h5ad")
        columns = [str(protein).split("_")[0] for protein in cells.uns["protein_names"]]
        raw = pd.DataFrame(np.asarray(cells.obsm["protein_expression"]), columns=columns)
        cd4 = ((raw["CD3"] > cd3) & (raw["CD4"] > 200) & (raw["CD8a"] < cd8) & (raw["CD14"] < 200)).to_numpy()
        values = pd.DataFrame(clr_protein(sparse.csr_matrix(raw.to_numpy())), columns=columns)[cd4]
        inside.append(protein_gate.inside(values, ["CD25"], ["CD127"], np.repeat(name, cd4.sum())))
        counts = sparse.csr_matrix(cells.X)[cd4]
        rna.append(counts[:, cells.var_names.get_indexer(["IKZF2", "RTKN2"])].toarray())
        depth.append(np.asarray(counts.sum(axis=1)).ravel())
        study += [name] * cd4.sum()
    found = rate_ratio(
        np.concatenate(rna), np.concatenate(depth), np.concatenate(inside).astype(int), pd.factorize(study)[0]
    )
    assert (found.lower[1] > 2).all()
