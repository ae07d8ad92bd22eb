"""Every library call that the project relies on works in the pinned set, on data small enough to finish in seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse


@pytest.fixture(scope="module")
def adata() -> AnnData:
    """300 cells × 120 genes, two cell types, six donors; log-normalised X, counts kept in a layer."""
    import scanpy as sc

    rng = np.random.default_rng(0)
    cell_type = np.repeat(["T", "B"], 150)
    mean = np.full((300, 120), 2.0)
    mean[cell_type == "T", :20] *= 6
    mean[cell_type == "B", 20:40] *= 6
    counts = sparse.csr_matrix(rng.poisson(mean).astype(np.float32))
    obs = pd.DataFrame({"cell_type": pd.Categorical(cell_type)}, index=[f"c{i}" for i in range(300)])
    obs["donor"] = pd.Categorical(np.resize([f"D{i}" for i in range(6)], 300))
    obs["group"] = np.where(obs["donor"].isin(["D0", "D1", "D2"]), "a", "b")
    adata = AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"G{i}" for i in range(120)]))
    adata.layers["counts"] = counts.copy()
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    sc.pp.pca(adata, n_comps=10, random_state=0)
    sc.pp.neighbors(adata, random_state=0)
    return adata


def test_scanpy_finds_variable_genes_and_clusters(adata: AnnData):
    import scanpy as sc

    for flavour, layer in (("seurat", None), ("seurat_v3", "counts")):
        result = sc.pp.highly_variable_genes(adata, n_top_genes=40, flavor=flavour, layer=layer, inplace=False)
        assert result["highly_variable"].sum() == 40
    found = sc.tl.leiden(adata, flavor="igraph", n_iterations=2, resolution=0.3, random_state=0, copy=True)
    assert pd.crosstab(found.obs["leiden"], found.obs["cell_type"]).min(axis=1).max() == 0


def test_scanpy_gives_pseudotime_paga_and_scores(adata: AnnData):
    import scanpy as sc

    copy = adata.copy()
    copy.uns["iroot"] = 0
    sc.tl.diffmap(copy)
    sc.tl.dpt(copy)
    sc.tl.paga(copy, groups="donor")
    sc.tl.score_genes(copy, ["G0", "G1"], ctrl_size=20, random_state=0)
    along = copy.obs["dpt_pseudotime"][np.isfinite(copy.obs["dpt_pseudotime"])]
    assert (along.iloc[0], along.max() <= 1) == (0, True)
    assert copy.obs.groupby("cell_type", observed=True)["score"].mean().idxmax() == "T"


def test_scrublet_and_hashsolo_run(adata: AnnData):
    import scanpy as sc
    import scanpy.external as sce

    counts = AnnData(adata.layers["counts"].copy(), obs=adata.obs.copy())
    sc.pp.scrublet(counts, random_state=0, n_prin_comps=10, verbose=False)
    assert counts.obs["doublet_score"].between(0, 1).all()
    rng = np.random.default_rng(0)
    tags = rng.poisson(3, (300, 4)) + 200 * np.eye(4, dtype=int)[np.resize(range(4), 300)]
    obs = pd.DataFrame(tags, columns=list("wxyz"), index=counts.obs_names)
    hashed = AnnData(np.zeros((300, 1)), obs=obs)
    sce.pp.hashsolo(hashed, list("wxyz"))
    assert (hashed.obs["Classification"] == np.resize(list("wxyz"), 300)).mean() > 0.95


def test_harmony_faiss_umap_and_igraph_run(adata: AnnData):
    import faiss
    import harmonypy
    import umap

    space = np.ascontiguousarray(adata.obsm["X_pca"], dtype=np.float32)
    corrected = harmonypy.run_harmony(space, adata.obs, ["donor"], random_state=0).Z_corr
    assert sorted(np.shape(corrected)) == [10, 300]
    index = faiss.IndexFlatL2(space.shape[1])
    index.add(space)
    distances, neighbours = index.search(space, 15)
    assert (neighbours[:, 0] == np.arange(300)).all()
    knn = (neighbours, np.sqrt(distances), None)
    assert umap.UMAP(precomputed_knn=knn, n_neighbors=15, n_epochs=10, random_state=0).fit_transform(space).shape == (
        300,
        2,
    )


def test_celltypist_trains_and_annotates(adata: AnnData, tmp_path):
    import celltypist

    model = celltypist.train(adata, labels="cell_type", n_jobs=1, max_iter=50, use_SGD=True)
    model.write(str(tmp_path / "model.pkl"))
    found = celltypist.annotate(adata, model=str(tmp_path / "model.pkl"), majority_voting=True)
    assert (found.predicted_labels["majority_voting"].astype(str) == adata.obs["cell_type"].astype(str)).mean() > 0.95


def test_decoupler_and_gseapy_enrich(adata: AnnData):
    import decoupler as dc
    import gseapy

    net = pd.DataFrame({"source": "T", "target": [f"G{i}" for i in range(20)]})
    scores, _ = dc.mt.aucell(adata.to_df(), net, tmin=5, verbose=False)
    assert scores.loc[adata.obs["cell_type"] == "T", "T"].mean() > scores.loc[adata.obs["cell_type"] == "B", "T"].mean()
    ranks = pd.Series(np.linspace(3, -3, 120), index=adata.var_names)
    found = gseapy.prerank(
        ranks, {"top": [f"G{i}" for i in range(15)]}, permutation_num=50, seed=0, min_size=5, outdir=None
    )
    assert float(found.res2d["NES"].iloc[0]) > 1


def test_pydeseq2_finds_what_differs():
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.ds import DeseqStats

    rng = np.random.default_rng(0)
    counts = rng.poisson(100, (8, 30))
    counts[4:, 0] *= 5
    rows = [f"s{i}" for i in range(8)]
    design = pd.DataFrame({"group": ["a"] * 4 + ["b"] * 4}, index=rows)
    dds = DeseqDataSet(counts=pd.DataFrame(counts, index=rows), metadata=design, design="~group", quiet=True)
    dds.deseq2()
    stats = DeseqStats(dds, contrast=["group", "b", "a"], quiet=True)
    stats.summary()
    assert stats.results_df["padj"].idxmin() == "0"


def test_milo_counts_neighbourhoods(adata: AnnData):
    import pertpy as pt

    milo = pt.tl.Milo()
    mdata = milo.load(adata.copy())
    milo.make_nhoods(mdata["rna"], prop=0.2, seed=0)
    mdata = milo.count_nhoods(mdata, sample_col="donor")
    milo.da_nhoods(mdata, design="~group", solver="pydeseq2")
    assert mdata["milo"].var["SpatialFDR"].between(0, 1).all()


def test_liana_carries_its_consensus_resource():
    from liana.resource import select_resource

    pairs = select_resource("consensus")
    assert ((pairs["ligand"] == "CXCL10") & (pairs["receptor"] == "CXCR3")).any()


def test_mudata_writes_and_reads(adata: AnnData, tmp_path):
    import mudata

    mudata.MuData({"rna": adata}).write(tmp_path / "x.h5mu")
    assert mudata.read_h5mu(tmp_path / "x.h5mu")["rna"].shape == (300, 120)
