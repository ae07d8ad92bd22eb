"""What is written in any accepted form is read back equal, whatever the counts and names (property-based)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import io, sparse

from sscite.formats import match_barcodes, read_counts
from sscite.reading import read_user_table
from sscite.samples.sheet import read
from sscite.samples.text import clean

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
bases = st.text("ACGT", min_size=16, max_size=16)
gene = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=8).map(lambda text: f"G{text}g")
count = st.integers(0, 2**31 - 1) | st.integers(0, 5)


@st.composite
def matrices(draw):
    """Draw barcodes, gene names and counts."""
    barcodes = draw(st.lists(bases, min_size=2, max_size=8, unique=True))
    genes = draw(st.lists(gene, min_size=1, max_size=6, unique=True))
    values = draw(st.lists(count, min_size=len(barcodes) * len(genes), max_size=len(barcodes) * len(genes)))
    return [f"{barcode}-1" for barcode in barcodes], genes, np.array(values).reshape(len(barcodes), len(genes))


def assert_equal(path, barcodes, genes, values):
    found = read_counts(path)
    assert found.barcodes.tolist() == barcodes
    assert found.features.index.tolist() == genes
    assert found.matrix.toarray().tolist() == values.tolist()


@SETTINGS
@given(matrices(), st.sampled_from([",", "\t", ";"]), st.booleans(), st.sampled_from(["", ".gz"]))
def test_a_table_is_read_as_written_whichever_side_holds_the_droplets(content, separator, turned, packed):
    barcodes, genes, values = content
    frame = pd.DataFrame(values, index=barcodes, columns=genes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"t.csv{packed}")
        (frame.T if turned else frame).to_csv(path, sep=separator)
        assert_equal(path, barcodes, genes, values)


@SETTINGS
@given(matrices(), st.sampled_from(["integer", "real"]))
def test_a_matrix_market_folder_is_read_as_written(content, kind):
    barcodes, genes, values = content
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        io.mmwrite(folder / "matrix.mtx", sparse.coo_matrix(values.T), field=kind, precision=12)
        (folder / "barcodes.tsv").write_text("".join(f"{barcode}\n" for barcode in barcodes))
        (folder / "features.tsv").write_text("".join(f"E{i}\t{gene}\n" for i, gene in enumerate(genes)))
        assert_equal(folder, barcodes, genes, values)


@SETTINGS
@given(matrices(), st.sampled_from(["csr", "csc", "dense"]), st.sampled_from(["S", "vlen", "nullable"]))
def test_an_anndata_file_of_any_encoding_is_read_as_written(content, form, strings):
    barcodes, genes, values = content
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.h5ad")
        with h5py.File(path, "w") as file:
            if form == "dense":
                file["X"] = values
            else:
                stored = getattr(sparse, f"{form}_matrix")(values)
                group = file.create_group("X")
                group.attrs["encoding-type"], group.attrs["shape"] = f"{form}_matrix", values.shape
                group["data"], group["indices"], group["indptr"] = stored.data, stored.indices, stored.indptr
            for part, index in (("obs", barcodes), ("var", genes)):
                frame = file.create_group(part)
                frame.attrs["_index"] = "names"
                if strings == "nullable":
                    frame["names/values"] = np.array(index, dtype=object)
                    frame["names/mask"] = np.zeros(len(index), dtype=bool)
                else:
                    frame["names"] = np.array(index, dtype=object if strings == "vlen" else "S")
        assert_equal(path, barcodes, genes, values)


@SETTINGS
@given(matrices())
def test_a_10x_file_is_read_as_written(content):
    barcodes, genes, values = content
    stored = sparse.csr_matrix(values)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.h5")
        with h5py.File(path, "w") as file:
            group = file.create_group("matrix")
            group["barcodes"], group["shape"] = np.array(barcodes, "S"), [len(genes), len(barcodes)]
            group["data"], group["indices"], group["indptr"] = stored.data, stored.indices, stored.indptr
            group["features/id"] = group["features/name"] = np.array(genes, "S")
            group["features/feature_type"] = np.array(["Gene Expression"] * len(genes), "S")
        assert_equal(path, barcodes, genes, values)


text = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zs", "Zl", "Zp"), max_codepoint=0x2FFF), max_size=12
)


@SETTINGS
@given(st.lists(st.tuples(text, text, text), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_a_sheet_is_read_as_written(rows, separator):
    rows = [(f"s{i}", *row[1:]) for i, row in enumerate(rows)]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "s.csv")
        pd.DataFrame(rows, columns=["sample", "donor", "note"]).to_csv(path, sep=separator, index=False)
        sheet = read(path, name="sheet", required=["sample", "donor"], optional=[])
        assert sheet.rows.to_numpy().tolist() == [[clean(value) for value in row] for row in rows]
        table = read_user_table(path, required=("sample", "donor"))
        assert table["sample"].tolist() == [row[0] for row in rows]


@SETTINGS
@given(
    st.lists(bases, min_size=2, max_size=20, unique=True),
    st.sampled_from(["{}", "{}-1", "{}.1", "L1_{}-1", "s1#{}-1", "{}x1", "{}-1_1", "{}-1-0"]),
    st.randoms(use_true_random=False),
)
def test_barcodes_are_matched_however_tools_frame_them(barcodes, frame, random):
    shuffled = random.sample(barcodes, len(barcodes))
    found = match_barcodes([f"{barcode}-1" for barcode in barcodes], [frame.format(barcode) for barcode in shuffled])
    assert [shuffled[i] for i in found] == barcodes
