"""The room on real data: equal to the R package, and true to published cell types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import roc_auc_score

from sscite.adt import dsb, inputs, normalisation, positivity
from sscite.adt.panels import canonical

pytestmark = pytest.mark.needs_data
NONE = np.array([], dtype=int)


@pytest.fixture(scope="module")
def tsang(data: Path) -> Path:
    return data / "adt" / "dsb_tsang"


@pytest.fixture(scope="module")
def library(tsang: Path) -> inputs.Library:
    return inputs.read_tables(tsang / "cells_counts.csv.gz", tsang / "empty_counts.csv.gz")


def of_r(tsang: Path, name: str) -> np.ndarray:
    return pd.read_csv(tsang / f"dsb_{name}.csv.gz", index_col=0).T.to_numpy()


def isotypes_of(library: inputs.Library) -> np.ndarray:
    return np.flatnonzero(canonical(library.features)["is_isotype"])


def ours(library: inputs.Library, isotypes: np.ndarray) -> np.ndarray:
    values = dsb.correct(library.counts, dsb.ambient(library.empties))
    return dsb.regress_out(values, dsb.technical(values, isotypes).noise)


def test_a_table_with_proteins_in_rows_is_turned(library: inputs.Library):
    assert library.counts.shape == (2872, 87)
    assert library.empties.shape == (8005, 87)


def test_step_one_equals_r(library: inputs.Library, tsang: Path):
    values = dsb.correct(library.counts, dsb.ambient(library.empties))
    np.testing.assert_allclose(values, of_r(tsang, "step1_only"), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "with_isotypes"), [("isotype_denoised", True), ("denoised_no_isotype", False)])
def test_denoised_values_equal_r(library: inputs.Library, tsang: Path, name: str, with_isotypes: bool):
    values = ours(library, isotypes_of(library) if with_isotypes else NONE)
    np.testing.assert_allclose(values, of_r(tsang, name), rtol=0, atol=1e-6)


def test_the_technical_level_of_each_cell_equals_r(library: inputs.Library, tsang: Path):
    stats = pd.read_csv(tsang / "dsb_technical_stats.csv.gz", index_col=0)
    values = dsb.correct(library.counts, dsb.ambient(library.empties))
    found = dsb.technical(values, isotypes_of(library))
    np.testing.assert_allclose(found.background, stats["cellwise_background_mean"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.abs(found.noise), np.abs(stats["dsb_technical_component"]), rtol=0, atol=1e-5)


def test_cells_that_lack_a_protein_lie_at_the_background_and_carriers_above_the_published_limit(
    library: inputs.Library, tsang: Path
):
    types = pd.read_csv(tsang / "cell_type_labels_matched_from_ADTnorm.csv", index_col=0)["cell_type_l1"]
    types = types.reindex(library.cells).to_numpy()
    proteins = list(canonical(library.features)["protein"])
    values = ours(library, isotypes_of(library))
    markers = {"CD3": ["CD4 T", "CD8 T"], "CD19": ["B"], "CD20": ["B"], "CD56": ["NK"]}
    for marker, carriers in markers.items():
        column, carry = values[:, proteins.index(marker)], np.isin(types, carriers)
        assert abs(np.median(column[~carry & (types != "undefined")])) < 1
        assert np.median(column[carry]) > 3.5


def test_thresholds_agree_with_published_cell_types(library: inputs.Library, tsang: Path):
    types = pd.read_csv(tsang / "cell_type_labels_matched_from_ADTnorm.csv", index_col=0)["cell_type_l1"]
    types = types.reindex(library.cells).to_numpy()
    proteins = list(canonical(library.features)["protein"])
    values = ours(library, isotypes_of(library))
    table = positivity.thresholds(values, isotypes_of(library), rng=np.random.default_rng(0))
    expected = {
        "CD3": (["CD4 T", "CD8 T"], ["B", "NK"]), "CD19": (["B"], ["CD4 T", "CD8 T", "NK", "monocytes"]),
        "CD8": (["CD8 T"], ["CD4 T", "B", "monocytes"]), "CD4": (["CD4 T", "monocytes"], ["B", "CD8 T", "NK"]),
    }  # fmt: skip
    for marker, (carriers, others) in expected.items():
        j = proteins.index(marker)
        positive = values[:, j] > table["threshold"][j]
        assert table["bimodal"][j]
        assert positive[np.isin(types, carriers)].mean() > 0.95
        assert positive[np.isin(types, others)].mean() < 0.05


@pytest.mark.parametrize(
    ("file", "markers"),
    [
        ("pbmc_5k_protein_v3_200.h5ad", {"CD3": "CD3D", "CD14": "LYZ", "CD19": "MS4A1"}),
        ("pbmc_10k_protein_v3_200.h5ad", {"CD3": "CD3D", "CD14": "LYZ", "CD19": "MS4A1"}),
    ],
)
def test_positive_cells_carry_the_rna_of_their_lineage(data: Path, file: str, markers: dict[str, str]):
    counts = inputs.formats.read_counts(data / "citeseq" / file)
    kinds = inputs.formats.split_features(counts.features)
    prot, rna = counts.select(kinds == "prot"), counts.select(kinds == "rna")
    panel = canonical(list(prot.features.index))
    rng = np.random.default_rng(0)
    settings = normalisation.Settings(method="dsb_cells")
    result = normalisation.normalise(prot.matrix, panel, empties=None, settings=settings, rng=rng)
    genes = pd.Index(rna.features.index)
    quality, _, _ = normalisation.assess(
        prot.matrix, panel, result, empties=None, rna=(sparse.csr_matrix(rna.matrix), genes), rng=rng
    )
    assert (quality["swapped_with"] == "").all()
    for protein, gene in markers.items():
        j = list(panel["protein"]).index(protein)
        positive = result.proteins[:, j] > quality["threshold"][j]
        level = rna.matrix[:, int(np.flatnonzero(genes == gene)[0])].toarray().ravel()
        assert roc_auc_score(positive, level) > 0.8


def test_exchanged_antibodies_are_found_in_real_cells(data: Path):
    counts = inputs.formats.read_counts(data / "citeseq" / "citefuse_500_rna_adt_hto.h5mu")
    kinds = inputs.formats.split_features(counts.features)
    prot, rna = counts.select(kinds == "prot"), counts.select(kinds == "rna")
    features = list(prot.features.index)
    i, j = features.index("CD4"), features.index("CD19")
    for exchanged in (False, True):
        if exchanged:
            features[i], features[j] = features[j], features[i]
        panel = canonical(features)
        rng = np.random.default_rng(0)
        settings = normalisation.Settings(method="dsb_cells")
        result = normalisation.normalise(prot.matrix, panel, empties=None, settings=settings, rng=rng)
        quality, _, _ = normalisation.assess(
            prot.matrix, panel, result, empties=None, rna=(rna.matrix, pd.Index(rna.features.index)), rng=rng
        )
        found = quality.loc[quality["swapped_with"] != "", "protein"].tolist()
        assert sorted(found) == (["CD19", "CD4"] if exchanged else [])
