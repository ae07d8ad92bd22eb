"""What a library's object holds, and which cells are flagged for what."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.errors import UserError
from sscite.formats import Counts
from sscite.formats.features import feature_frame
from sscite.samples import load, qc, write
from sscite.samples.assemble import assemble

LIMITS = {"min_genes": 200, "max_genes": 5000, "max_pct_mt": 20}


def counts(matrix, features, barcodes=None):
    barcodes = barcodes or [f"B{i}" for i in range(len(matrix))]
    return Counts(sparse.csr_matrix(np.asarray(matrix, np.int32)), np.array(barcodes), features)


def small():
    features = feature_frame(
        ["A", "A", "MT-X", "CD3", "H1"],
        ["E1", "E2", "E3", "", ""],
        ["Gene Expression"] * 3 + ["Antibody Capture"] * 2,
    )
    return counts([[3, 0, 1, 9, 50], [1, 1, 2, 0, 1]], features)


def test_a_library_is_written_as_mudata_reads_it(tmp_path):
    import mudata

    library = assemble(small(), None, ["H1"])
    flagged, _ = load.quality(library, LIMITS, 5)
    write.library(load.library(library, flagged, 'L "1"; $(x)'), tmp_path / "a.h5mu")
    found = mudata.read_h5mu(tmp_path / "a.h5mu")
    assert list(found.mod) == ["rna", "prot", "hto"]
    assert found.obs_names.tolist() == ['L "1"; $(x):B0', 'L "1"; $(x):B1']
    assert found["rna"].var_names.tolist() == ["A", "A-1", "MT-X"]
    assert found["rna"].var["gene_id"].tolist() == ["E1", "E2", "E3"]
    assert found["rna"].X.toarray().tolist() == [[3, 0, 1], [1, 1, 2]]
    assert found["rna"].X.format == "csr" and found["rna"].X.dtype.kind == "i"
    assert found.obs["n_genes"].tolist() == [2, 3]
    assert found.obs["pct_mt"].tolist() == [25, 50]


def test_droplets_are_those_that_are_no_cells_and_hold_something(tmp_path):
    import mudata

    whole = small()
    raw = counts([[1, 0, 0, 4, 0], [3, 0, 1, 9, 50], [0, 0, 0, 0, 7]], whole.features, barcodes=["E0", "B0", "E1"])
    library = assemble(whole, None, ["H1"])
    kinds = np.array(["rna", "rna", "rna", "prot", "hto"])
    write.droplets(load.droplets(library, load.without_cells(raw, library), "L", kinds), tmp_path / "d.h5mu")
    found = mudata.read_h5mu(tmp_path / "d.h5mu")
    assert found.obs_names.tolist() == ["L:E0"]
    assert found.obs[["rna_counts", "prot_counts"]].to_numpy().tolist() == [[1, 4]]
    assert found["prot"].X.toarray().tolist() == [[4]]
    write.droplets(load.droplets(library, None, "L", None), tmp_path / "none.h5mu")
    assert mudata.read_h5mu(tmp_path / "none.h5mu")["prot"].shape == (0, 1)


def test_ambient_counts_are_those_of_droplets_without_a_cell_and_at_most_100_rna_counts(tmp_path):
    import mudata

    whole = small()
    swapped = whole.features.iloc[[1, 0, 2, 3, 4]]  # raw counts list the genes in another order
    matrix = [[2, 1, 0, 4, 0], [1, 3, 1, 9, 50], [90, 0, 20, 0, 7], [0, 40, 60, 0, 0]]
    raw = counts(matrix, swapped, barcodes=["E0", "B0", "E1", "E2"])  # B0 is a cell, E1 holds 110 RNA counts
    library = assemble(whole, None, ["H1"])
    rest = load.without_cells(raw, library)
    ambient = load.ambient_counts(library, rest, np.array(["rna", "rna", "rna", "prot", "hto"]))
    assert ambient.tolist() == [41, 2, 60]
    flagged, _ = load.quality(library, LIMITS, 5)
    write.library(load.library(library, flagged, "L", ambient), tmp_path / "a.h5mu")
    assert mudata.read_h5mu(tmp_path / "a.h5mu")["rna"].var["ambient_counts"].tolist() == [41, 2, 60]
    assert load.ambient_counts(library, None, None) is None


def test_hashtags_kept_apart_are_joined_by_barcode_whatever_their_suffix():
    rna = counts([[1], [2]], feature_frame(["A"], "", "Gene Expression"), ["AAAC-1", "CCCA-1"])
    tags = counts([[7, 1], [3, 4]], feature_frame(["H2", "H1"]), ["CCCA", "GGGT"])
    library = assemble(rna, tags, ["H1", "H2"])
    assert library.modalities["hto"].matrix.toarray().tolist() == [[0, 0], [7, 1]]
    assert library.doubts == ["1 of 2 cells are missing from hashtag_counts and were set to zero there"]


def test_a_hashtag_may_be_named_by_its_identifier():
    features = feature_frame(["A", "tag one"], ["E1", "C0251"], ["Gene Expression", "Antibody Capture"])
    assert list(assemble(counts([[1, 2]], features), None, ["C0251"]).modalities["hto"].features.index) == ["C0251"]


def test_an_antibody_file_without_the_hashtag_offers_what_it_has():
    with pytest.raises(UserError, match="hashtag 'H2' is not among the features; the file has 'H1'"):
        assemble(small(), None, ["H1", "H2"])


def test_fixed_limits_flag_with_every_reason():
    metrics = pd.DataFrame({"n_genes": [100, 200, 5001], "n_counts": [1, 1, 1], "pct_mt": [30.0, 20.0, np.nan]})
    flagged = qc.flag(metrics, qc.fixed_limits(20_000, **LIMITS))
    assert flagged["qc_reason"].tolist() == ["few_genes;high_mt", "", "many_genes"]
    assert flagged["qc_pass"].tolist() == [False, True, False]


def test_a_targeted_panel_is_not_held_to_the_genes_of_a_transcriptome():
    metrics = pd.DataFrame({"n_genes": [100], "n_counts": [300], "pct_mt": [np.nan]})
    assert qc.flag(metrics, qc.fixed_limits(400, **LIMITS))["qc_pass"].tolist() == [True]


def test_outliers_are_counted_in_deviations_from_the_median():
    # log1p counts 1, 2, 3, 4, 20: median 3, deviations 2 1 0 1 17, their median 1; five of them reach from -2 to 8
    metrics = pd.DataFrame({"n_counts": np.expm1([1.0, 2, 3, 4, 20]), "n_genes": 5, "pct_mt": [1.0, 2, 3, 4, 9]})
    limits = qc.mad_limits(metrics, 5)
    assert [(limit.reason, round(float(np.log1p(limit.high)), 6)) for limit in limits[:1]] == [("outlier_counts", 8)]
    assert limits[1].reason == "outlier_mt" and limits[1].high == 8
    assert qc.flag(metrics, limits)["qc_reason"].tolist() == ["", "", "", "", "outlier_counts;outlier_mt"]
    assert qc.mad_limits(metrics, 0) == []


def test_the_mitochondrial_limit_is_that_of_the_tissue_and_the_highest_of_several():
    text = "blood=20,kidney=40,15"
    assert qc.mt_limit(text, ["blood"]) == (20, [])
    assert qc.mt_limit(text, ["lung"]) == (15, [])
    limit, said = qc.mt_limit(text, ["blood", "kidney"])
    assert limit == 40 and "the highest is applied" in said[0]
    with pytest.raises(UserError, match="'kidney=x' is not a valid limit"):
        qc.parse_tissue_limits("blood=20,kidney=x")


def test_antibodies_known_by_name_alone_are_read_as_antibodies_with_a_warning():
    rna = counts([[1, 2, 3], [4, 5, 6]], feature_frame(["PTPRC", "LYZ", "CD45RA"]), ["AAAC-1", "CCCA-1"])
    content = assemble(rna, None, [])
    assert content.modalities["prot"].matrix.toarray().tolist() == [[3], [6]]
    assert "names of known antibodies ('CD45RA')" in content.doubts[0]
