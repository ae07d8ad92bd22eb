"""CellBender's output is accepted as counts, beside Cell Ranger's droplets: real cells with ambient RNA mixed in.

CellBender itself is not run: its counts are the cells before the mixing, in the layout of its files
(https://cellbender.readthedocs.io/en/latest/reference/index.html#output-h5-file-format, and the writers of 0.2.2).
"""

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.errors import UserError
from sscite.formats import read_counts, split_features
from sscite.formats.tenx import DENOISED
from sscite.samples import ambient, load
from sscite.simulate import tenx

SHARE, EMPTY = 0.15, 500  # ambient share of RNA and of antibodies; empty droplets


def write_cellbender(path, counts, barcodes, features, *, layout="0.3"):
    """A matrix of Cell Ranger's layout with what CellBender adds to it."""
    tenx.write(path, counts, barcodes, features)
    profile = np.full(counts.shape[1], 1 / counts.shape[1])
    with h5py.File(path, "r+") as file:
        if layout == "0.3":
            file["global_latents/ambient_expression"] = profile
            file["droplet_latents/cell_probability"] = np.ones(len(barcodes))
            file["metadata/barcodes_analyzed_inds"] = np.arange(len(barcodes))
        else:
            file["matrix/ambient_expression"] = profile
            file["matrix/latent_cell_probability"] = np.ones(len(barcodes))
        if layout == "0.2, genes alone":
            file["matrix/gene_names"], file["matrix/genes"] = (
                features["name"].to_numpy("S"),
                features["id"].to_numpy("S"),
            )
            del file["matrix/features"]
            file.move("matrix", "background_removed")
    return path


@pytest.fixture(scope="module")
def mixed(data, tmp_path_factory):
    """Files of 200 real cells with 15% ambient RNA and antibodies, and of 500 empty droplets of 60 and 20 counts."""
    real = read_counts(data / "citeseq/pbmc_5k_protein_v3_200.h5ad")
    kinds, rng = split_features(real.features), np.random.default_rng(0)
    gene = kinds == "rna"
    kind = np.where(gene, "Gene Expression", "Antibody Capture")
    table = pd.DataFrame({"id": real.features["gene_id"], "name": real.features.index, "feature_type": kind})
    total = np.asarray(real.matrix.sum(axis=0), float).ravel()
    soup, antibodies = (np.where(part, total, 0) / total[part].sum() for part in (gene, ~gene))
    own = [np.asarray(real.matrix[:, np.flatnonzero(part)].sum(axis=1)).ravel() for part in (gene, ~gene)]
    added = [rng.poisson(counts * SHARE / (1 - SHARE)) for counts in own]
    drawn = [rng.multinomial(n, soup) + rng.multinomial(m, antibodies) for n, m in zip(*added, strict=True)]
    empty = [rng.multinomial(n, soup) + rng.multinomial(20, antibodies) for n in rng.poisson(60, EMPTY)]
    cells = sparse.csr_matrix(real.matrix + sparse.csr_matrix(np.array(drawn)))
    rna_alone = sparse.csr_matrix(np.where(gene, real.matrix.toarray(), cells.toarray()))
    barcodes = np.array([*real.barcodes, *(f"EMPTY{i}" for i in range(EMPTY))])
    folder = tmp_path_factory.mktemp("mixed")
    nothing = sparse.csr_matrix((EMPTY, cells.shape[1]), dtype=int)
    tenx.write(folder / "raw.h5", sparse.vstack([cells, sparse.csr_matrix(np.array(empty))]), barcodes, table)
    tenx.write(folder / "cells.h5", cells, real.barcodes, table)
    write_cellbender(folder / "all.h5", sparse.vstack([real.matrix, nothing]), barcodes, table)
    write_cellbender(folder / "all_filtered.h5", real.matrix, real.barcodes, table)
    write_cellbender(folder / "rna_filtered.h5", rna_alone, real.barcodes, table)
    return folder


def files(folder, counts, raw="raw.h5"):
    return {"counts": folder / counts, "raw_counts": folder / raw, "hashtag_counts": None, "adt_counts": None}


def ambient_share(content, raw):
    empty = load.ambient_counts(content, load.without_cells(raw, content), split_features(raw.features))
    profile, source = ambient.profile(empty, content.modalities["rna"].matrix)
    counts = content.modalities["rna"].matrix
    return ambient.estimate(counts, profile, ambient.cluster_cells(counts, seed=0)).library, source


@pytest.mark.needs_data
def test_cells_of_cellbender_are_read_beside_cell_rangers_droplets_and_have_less_ambient_rna(mixed, data):
    content, raw = load.read_files(files(mixed, "rna_filtered.h5"), [])
    assert content.notes == [DENOISED] and content.doubts == []
    real = read_counts(data / "citeseq/pbmc_5k_protein_v3_200.h5ad")
    assert content.modalities["rna"].matrix.sum() == real.matrix[:, split_features(real.features) == "rna"].sum()
    left, source = ambient_share(content, raw)
    uncorrected, raw = load.read_files(files(mixed, "cells.h5"), [])
    assert uncorrected.notes == []
    before, _ = ambient_share(uncorrected, raw)
    assert source == "empty droplets"
    assert before - left == pytest.approx(SHARE, rel=0.3)
    droplets = load.droplets(content, load.without_cells(raw, content), "L", split_features(raw.features))
    assert len(droplets) == EMPTY and (droplets.obs["prot_counts"] == 20).all()


@pytest.mark.needs_data
def test_antibody_counts_that_cellbender_has_reduced_are_reported(mixed):
    content, _ = load.read_files(files(mixed, "all_filtered.h5"), [])
    assert len(content.doubts) == 1
    assert 'run it with --exclude-feature-types "Antibody Capture"' in content.doubts[0]
    proteins = files(mixed, "all_filtered.h5") | {"adt_counts": mixed / "cells.h5"}
    assert load.read_files(proteins, [])[0].doubts == []


@pytest.mark.needs_data
def test_all_droplets_of_cellbender_are_neither_called_cells_nor_empty_droplets(mixed):
    content, _ = load.read_files(files(mixed, "all.h5") | {"raw_counts": None}, [])
    assert "give its output of cells (<name>_filtered.h5) as counts" in content.doubts[0]
    with pytest.raises(UserError, match=r"all\.h5: this is CellBender's output"):
        load.read_files(files(mixed, "all_filtered.h5", raw="all.h5"), [])


@pytest.mark.parametrize("layout", ["0.3", "0.2", "0.2, genes alone"])
def test_every_layout_of_cellbender_is_read_and_noted(layout, tmp_path):
    counts = sparse.csr_matrix([[1, 0, 5], [0, 2, 0]])
    table = pd.DataFrame({"id": "NA", "name": ["CD3E", "MT-CO1", "anti-human CD3"], "feature_type": "NA"})
    if layout != "0.3":
        table = table.assign(id=["E1", "E2", "E3"], feature_type="Gene Expression")
    path = write_cellbender(tmp_path / "a_filtered.h5", counts, np.array(["A", "B"]), table, layout=layout)
    found = read_counts(path)
    assert found.matrix.toarray().tolist() == [[1, 0, 5], [0, 2, 0]]
    assert split_features(found.features).tolist() == ["rna", "rna", "prot"]
    assert found.features["gene_id"].tolist() == ([""] * 3 if layout == "0.3" else ["E1", "E2", "E3"])
    assert found.notes == (DENOISED,)
