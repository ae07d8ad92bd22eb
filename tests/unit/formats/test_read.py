"""Every accepted format gives the same two droplets and four features; every fault is named."""

import gzip

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import io, sparse

from sscite import reading as sscite_reading
from sscite.errors import UserError
from sscite.formats import match_barcodes, read_counts, split_features

BARCODES = ["AAACCCAAGAAACACT-1", "AAACCCAAGAAACCAT-1"]
NAMES = ["CD3E", "MT-CO1", "CD3", "Hashtag1"]
IDS = ["ENSG00000198851", "ENSG00000198804", "CD3_id", "Hashtag1"]
TYPES = ["Gene Expression", "Gene Expression", "Antibody Capture", "Antibody Capture"]
COUNTS = np.array([[1, 0, 5, 100], [0, 2, 0, 3]])


def write_10x(path, counts=COUNTS, version=3):
    stored = sparse.csc_matrix(counts.T)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "GRCh38")
        group["barcodes"] = np.array(BARCODES, "S")
        for name in ("data", "indices", "indptr"):
            group[name] = getattr(stored, name)
        group["shape"] = stored.shape
        if version == 3:
            for name, values in (("name", NAMES), ("id", IDS), ("feature_type", TYPES)):
                group[f"features/{name}"] = np.array(values, "S")
        else:
            group["gene_names"], group["genes"] = np.array(NAMES, "S"), np.array(IDS, "S")
    return path


def test_10x_h5_of_version_3_keeps_genes_and_antibodies_apart_by_type(tmp_path):
    counts = read_counts(write_10x(tmp_path / "a.h5"))
    assert counts.matrix.toarray().tolist() == COUNTS.tolist()
    assert counts.matrix.dtype.kind == "i"
    assert counts.barcodes.tolist() == BARCODES
    assert counts.features.index.tolist() == NAMES
    assert counts.features["gene_id"].tolist() == IDS
    assert split_features(counts.features).tolist() == ["rna", "rna", "prot", "hto"]


def test_10x_h5_of_version_2_holds_genes_alone(tmp_path):
    counts = read_counts(write_10x(tmp_path / "a.h5", version=2))
    assert counts.matrix.toarray().tolist() == COUNTS.tolist()
    assert counts.features["feature_type"].tolist() == ["Gene Expression"] * 3 + ["Hashtag"]
    assert "typed as genes in the file and named as antibodies or hashtags ('Hashtag1')" in counts.doubts[0]


@pytest.mark.parametrize(("listing", "packed"), [("genes.tsv", False), ("features.tsv", True)])
def test_10x_folders_of_both_versions_read_alike(tmp_path, listing, packed):
    columns = [IDS, NAMES] + ([TYPES] if packed else [])
    lines = {
        listing: "".join("\t".join(row) + "\n" for row in zip(*columns, strict=True)),
        "barcodes.tsv": "\n".join(BARCODES) + "\n",
    }
    io.mmwrite(tmp_path / "matrix.mtx", sparse.coo_matrix(COUNTS.T))
    lines["matrix.mtx"] = (tmp_path / "matrix.mtx").read_text()
    (tmp_path / "matrix.mtx").unlink()
    for name, text in lines.items():
        if packed:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (tmp_path / name).write_text(text)
    counts = read_counts(tmp_path)
    assert counts.matrix.toarray().tolist() == COUNTS.tolist()
    assert counts.features.index.tolist() == NAMES


def test_citeseq_count_sets_unmapped_reads_aside_and_says_their_share(tmp_path):
    folder = tmp_path / "umi_count"
    folder.mkdir()
    tags = np.array([[10, 0], [0, 20], [5, 5]])
    io.mmwrite(folder / "matrix.mtx", sparse.coo_matrix(tags))
    (folder / "barcodes.tsv").write_text("AAACCCAAGAAACACT\nAAACCCAAGAAACCAT\n")
    (folder / "features.tsv").write_text("HTO1-ACCCACCAGTAAGAC\nHTO2-GGTCGAGAGCATTCA\nunmapped\n")
    counts = read_counts(tmp_path)
    assert counts.matrix.toarray().tolist() == [[10, 0], [0, 20]]
    assert counts.features.index.tolist() == ["HTO1", "HTO2"]
    assert counts.notes == ("'unmapped' is not a tag and was removed: 25.0% of the tag counts",)
    assert match_barcodes(BARCODES, counts.barcodes).tolist() == [0, 1]


def test_bd_rhapsody_tables_know_antibodies_by_name_wherever_they_stand(tmp_path):
    path = tmp_path / "RSEC_MolsPerCell.csv"
    path.write_text(
        "#one\n#two\n#three\n#four\n#five\n#six\n"
        "Cell_Index,ADA|NM_000022.2|Reference_end,CD3:UCHT1|CD3E|AHS0231|pAbO,SampleTag01_hs|stAbO,IL7R\n007,1,2,3,4\n12,0,0,1,0\n"
    )
    counts = read_counts(path)
    assert counts.barcodes.tolist() == ["007", "12"]
    assert counts.features.index.tolist() == ["ADA", "CD3:UCHT1|CD3E|AHS0231|pAbO", "SampleTag01_hs", "IL7R"]
    assert split_features(counts.features).tolist() == ["rna", "prot", "hto", "rna"]
    assert counts.matrix.toarray().tolist() == [[1, 2, 3, 4], [0, 0, 1, 0]]


def test_tables_with_features_in_rows_are_turned(tmp_path):
    path = tmp_path / "a.tsv.gz"
    frame = pd.DataFrame(COUNTS.T, index=NAMES, columns=BARCODES)
    frame.to_csv(path, sep="\t")
    counts = read_counts(path)
    assert counts.barcodes.tolist() == BARCODES
    assert counts.matrix.toarray().tolist() == COUNTS.tolist()


def write_h5ad(path, X, layers=None):
    import anndata

    var = pd.DataFrame({"gene_ids": IDS, "feature_types": pd.Categorical(TYPES)}, index=NAMES)
    anndata.AnnData(X, obs=pd.DataFrame(index=BARCODES), var=var, layers=layers).write_h5ad(path)
    return path


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_h5ad_reads_whole_numbers_however_stored(tmp_path, form):
    counts = read_counts(write_h5ad(tmp_path / "a.h5ad", form(COUNTS.astype("f4"))))
    assert counts.matrix.toarray().tolist() == COUNTS.tolist()
    assert split_features(counts.features).tolist() == ["rna", "rna", "prot", "hto"]


def test_h5ad_of_logs_gives_the_layer_of_counts_and_says_so(tmp_path):
    counts = read_counts(write_h5ad(tmp_path / "a.h5ad", np.log1p(COUNTS), {"counts": COUNTS}))
    assert counts.matrix.toarray().tolist() == COUNTS.tolist()
    assert "layers/counts" in counts.notes[0]


def test_h5ad_of_logs_without_counts_is_refused_by_droplet_and_feature(tmp_path):
    with pytest.raises(UserError) as error:
        read_counts(write_h5ad(tmp_path / "a.h5ad", COUNTS / 2))
    assert "fractional" in str(error.value)
    assert f"row '{BARCODES[0]}', column 'CD3E': 0.5" in str(error.value)


def test_all_faults_of_a_table_are_told_at_once(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("barcode,CD3E,CD3E,MT-CO1\nAAACCCAAGAAACACT,1,2,\nAAACCCAAGAAACACT,-3,0.5,1\n")
    with pytest.raises(UserError) as error:
        read_counts(path)
    messages = "\n".join(error.value.problems)
    assert len(error.value.problems) == 5
    for text in ("1 barcode occurs", "1 feature occurs", "missing (NaN)", "'CD3E': -3", "'CD3E': 0.5", str(path)):
        assert text in messages


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.h5", b"\x89HDF\r\n\x1a\n broken", "cannot be read as 10x .h5"),
        ("a.csv.gz", gzip.compress(b"barcode,a\n" + b"x,1\n" * 999, mtime=0)[:-9], "truncated"),
        ("a.csv", b"barcode,a\nx,one\n", "row 'x', column 'a': 'one'"),
        ("a.csv", b"barcode,a\n", "no rows"),
        ("a.xlsx", b"", "unknown format"),
    ],
)
def test_unreadable_files_are_refused_with_their_name(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        read_counts(tmp_path / name)
    assert said in str(error.value)
    assert str(tmp_path / name) in str(error.value)


def test_a_truncated_10x_h5_is_refused(tmp_path):
    whole = write_10x(tmp_path / "whole.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="truncated"):
        read_counts(tmp_path / "a.h5")


def test_negative_counts_in_a_10x_h5_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"1 negative value .*'MT-CO1': -2"):
        read_counts(write_10x(tmp_path / "a.h5", np.array([[1, 0, 5, 100], [0, -2, 0, 3]])))


def test_modalities_of_different_libraries_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5mu", "w") as file:
        for name, barcode in (("rna", "AAAC-1"), ("prot", "CCCA-1")):
            group = file.create_group(f"mod/{name}")
            group["X"] = np.ones((1, 1))
            for part, index in (("obs", barcode), ("var", "CD3")):
                group[f"{part}/names"] = np.array([index], "S")
                group[part].attrs["_index"] = "names"
    with pytest.raises(UserError, match="no barcode is in both of its parts"):
        read_counts(tmp_path / "a.h5mu")


def test_a_missing_path_is_named():
    with pytest.raises(UserError, match=r"no/where\.h5: no such file"):
        read_counts("no/where.h5")


def test_the_sheet_decides_what_a_hashtag_is():
    features = pd.DataFrame(
        {"gene_id": "", "feature_type": ["", "", "Peaks"]}, index=["BAL 01", "CD3_TotalSeqB", "chr1"]
    )
    assert split_features(features, ["BAL 01"]).tolist() == ["hto", "prot", ""]
    assert split_features(features).tolist() == ["rna", "prot", ""]


@pytest.mark.needs_data
def test_real_files_have_the_sizes_that_their_source_states(data):
    counts = read_counts(data / "citeseq/citefuse_500_rna_adt_hto.h5mu")
    kinds = split_features(counts.features).tolist()
    assert [kinds.count(kind) for kind in ("rna", "prot", "hto")] == [19521, 49, 4]
    assert read_counts(data / "adt/dsb_tsang/cells_counts.csv.gz").matrix.shape == (2872, 87)
    proteins = read_counts(data / "citeseq/pbmc_10k_protein_v3_200.h5ad")
    assert split_features(proteins.features).tolist().count("prot") == 14


def test_rows_longer_than_a_header_that_names_its_first_column_are_refused(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("cell,CD3E,LYZ\nAAACCCAAGAAACACT-1,3,0,9\nAAACCCAAGAAACATT-1,1,1,4\n")
    with pytest.raises(UserError, match="2 rows have more values than the header has columns"):
        read_counts(path)


def test_a_value_beyond_an_empty_one_is_not_lost(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("cell,CD3E,LYZ\nAAACCCAAGAAACACT-1,3,0,,9\n")
    with pytest.raises(UserError, match="a row has more values than the header has columns"):
        read_counts(path)


def test_the_header_of_r_without_a_name_of_its_first_column_is_read(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("CD3E,LYZ\nAAACCCAAGAAACACT-1,3,0\nAAACCCAAGAAACATT-1,1,4\n")
    counts = read_counts(path)
    assert counts.features.index.tolist() == ["CD3E", "LYZ"]
    assert counts.matrix.toarray().tolist() == [[3, 0], [1, 4]]


@pytest.fixture
def small_files(monkeypatch):
    """Let the limits of expansion and of lines hold for small files."""
    monkeypatch.setattr(sscite_reading, "SMALL", 100_000)
    monkeypatch.setattr(sscite_reading, "LONGEST_LINE", 500_000)


def test_a_dense_table_of_nearly_empty_droplets_is_read_though_it_expands_much(tmp_path, small_files):
    barcodes = ["".join(np.random.default_rng(i).choice(list("ACGT"), 16)) for i in range(60)]
    rows = [f"{barcode}{',0' * 9_999},1" for barcode in barcodes]
    path = tmp_path / "dense.csv.gz"
    path.write_bytes(gzip.compress("\n".join([f"cell,{','.join(f'G{i}' for i in range(10_000))}", *rows]).encode()))
    assert read_counts(path).matrix.sum() == 60


@pytest.mark.parametrize(
    "content", [b"cell,a\n" + b"ACGTACGTACGTACGT,0\n" * 60_000, b"cell,a\nACGT,0" + b"0" * 900_000]
)
def test_a_compressed_table_of_one_repeated_row_or_an_endless_line_is_refused(tmp_path, small_files, content):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(UserError, match=r"many of one name|a line has more than|expand to more"):
        read_counts(path)
