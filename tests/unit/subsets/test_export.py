"""The file for cellxgene and scanpy, from a cohort of three groups of cells written by hand."""

from __future__ import annotations

import re
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sscite import figures
from sscite.cohort import writer
from sscite.errors import Skipped
from sscite.subsets import export

COUNTS = np.array([[1, 0], [0, 3], [2, 2]], np.float32)
CD3 = np.array([[4, np.nan], [1, 9], [0, np.nan]], np.float32)  # the second protein is in one library's panel


def cohort(folder: Path, *, embedded: bool = True, protein: bool = True) -> Path:
    """Write a cohort of 3 × 20 cells, far apart in X_harmony: B cells, NK cells and cells without a lineage."""
    path = folder / "cohort.h5mu"
    group = np.repeat([0, 1, 2], 20)
    index = pd.Index([f"L{number}:C{cell}" for cell, number in enumerate(group)])
    lineage = pd.Categorical(np.array(["NK", "", "B"])[group])
    obs = pd.DataFrame({"lineage": lineage, "donor": pd.Categorical(["D2", "D1"] * 30), "excluded": ""}, index=index)
    part = None
    if protein:
        part = anndata.AnnData(CD3[group], obs=obs[[]], var=pd.DataFrame({"n_libraries": [3, 1]}, index=["CD3", "CD4"]))
        part.layers["clr"] = CD3[group] / 10
    out = writer.CohortWriter(path, 2)
    counts = sp.csr_matrix(COUNTS[group])
    out.append(counts, counts.data / 2)
    var = pd.DataFrame(
        {"gene_id": ["E1", "E2"], "n_libraries": 3, "highly_variable": [True, False]}, index=["G1", "G2"]
    )
    out.finish(obs, var, protein=part, uns={})
    spread = np.random.default_rng(0).normal(0, 1, (60, 3)) + 100 * np.eye(3)[group]
    coordinates = spread.astype(np.float32) if embedded else np.full((60, 3), np.nan, np.float32)
    writer.write_elements(
        path,
        {"mod/rna/obsm": {"X_harmony": coordinates, "X_umap": coordinates[:, :2], "X_wnn_umap": coordinates[:, :2]}},
    )
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> anndata.AnnData:
    folder = tmp_path_factory.mktemp("export")
    path = cohort(folder)
    assert export.write(path, folder / "cohort.h5ad", export.Proteins.read(path), seed=0) == (60, 4)
    return anndata.read_h5ad(folder / "cohort.h5ad")


def test_genes_come_first_then_proteins_with_their_suffix_and_what_was_not_measured_is_missing(exported):
    assert exported.var_names.tolist() == ["G1", "G2", "CD3:AB", "CD4:AB"]
    assert exported.var["feature_types"].tolist() == ["Gene Expression"] * 2 + ["Antibody Capture"] * 2
    assert exported.var["highly_variable"].tolist() == [True, False, False, False]
    expected = {0: [0.5, 0, 0.4, np.nan], 20: [0, 1.5, 0.1, 0.9], 40: [1, 1, 0, np.nan]}
    for cell, values in expected.items():
        np.testing.assert_allclose(exported.X[cell].toarray().ravel(), values, rtol=1e-6)
    np.testing.assert_array_equal(exported.layers["counts"][[0, 20]].toarray(), [[1, 0, 4, np.nan], [0, 3, 1, 9]])


def test_text_is_in_categories_and_each_has_the_colour_that_the_report_gives_it(exported):
    assert exported.obs["lineage"].cat.categories.tolist() == ["B", "NK", "not given"]
    assert exported.uns["lineage_colors"].tolist() == [figures.GREEN, figures.ORANGE, figures.FAINT]
    assert exported.obs["donor"].cat.categories.tolist() == ["D1", "D2"]
    assert "excluded" not in exported.obs


def test_what_cellxgene_asks_of_a_file_is_there(exported):
    """Unique names of cells and genes, finite coordinates named X_..., a colour for each category."""
    assert exported.obs_names.is_unique
    assert exported.var_names.is_unique
    assert exported.X.dtype == np.float32
    for name, values in exported.obsm.items():
        assert name.startswith("X_")
        assert np.isfinite(values).all()
        assert values.shape[1] >= 2
    for column in exported.obs.select_dtypes("category"):
        colours = exported.uns[f"{column}_colors"]
        assert len(colours) == exported.obs[column].nunique()
        assert all(re.fullmatch("#[0-9A-Fa-f]{6}", colour) for colour in colours)


def test_neighbours_are_those_of_scanpy_and_its_leiden_and_umap_run_on_them(exported):
    import scanpy

    ours = exported.copy()
    scanpy.pp.neighbors(exported, n_neighbors=16, use_rep="X_harmony", key_added="scanpy", transformer="sklearn")
    theirs = exported.obsp["scanpy_connectivities"].toarray()
    assert np.corrcoef(ours.obsp["connectivities"].toarray().ravel(), theirs.ravel())[0, 1] > 0.999
    np.testing.assert_allclose(
        ours.obsp["distances"].toarray(), exported.obsp["scanpy_distances"].toarray(), rtol=1e-3, atol=1e-3
    )
    scanpy.tl.leiden(ours, resolution=0.1, flavor="igraph", n_iterations=2, directed=False)
    table = pd.crosstab(ours.obs["leiden"], ours.obs["lineage"])
    assert (table > 0).to_numpy().sum() == 3
    axes = scanpy.pl.umap(ours, color=["lineage", "CD3:AB"], show=False)
    assert [axis.get_title() for axis in axes] == ["lineage", "CD3:AB"]


def test_a_cohort_without_antibodies_has_its_genes_alone(tmp_path: Path):
    path = cohort(tmp_path, protein=False)
    assert export.write(path, tmp_path / "cohort.h5ad", export.Proteins.read(path), seed=0) == (60, 2)
    assert anndata.read_h5ad(tmp_path / "cohort.h5ad").var_names.tolist() == ["G1", "G2"]


def test_a_cohort_too_small_to_be_embedded_is_skipped(tmp_path: Path):
    path = cohort(tmp_path, embedded=False)
    with pytest.raises(Skipped, match="not embedded"):
        export.write(path, tmp_path / "cohort.h5ad", export.Proteins.read(path), seed=0)
    assert not (tmp_path / "cohort.h5ad").exists()
