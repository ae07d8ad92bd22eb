"""Cells and values of each format, as its reader finds them in the whole file."""

import pandas as pd
import pytest
from corpus import good

from sscite.errors import UserError
from sscite.formats.dimensions import dimensions

# 60 cells × 7 features (4 genes, 3 tags), no count of 0
WHOLE = (60, 420)


def table(path):
    path.write_text(good.table())
    return path


@pytest.mark.parametrize(
    ("name", "write", "expected"),
    [
        ("a.h5", good.tenx, WHOLE),
        ("a.h5ad", good.h5ad, WHOLE),
        ("dense.h5ad", lambda path: good.h5ad(path, dense=True), WHOLE),
        ("a.h5mu", good.h5mu, (60, 240)),
        ("folder", good.folder, WHOLE),
        ("a.csv", table, WHOLE),
    ],
)
def test_cells_and_values_of_a_file(tmp_path, name, write, expected):
    assert dimensions(write(tmp_path / name)) == expected


def test_a_dense_matrix_counts_what_is_not_zero(tmp_path):
    counts = good.COUNTS.copy()
    counts[:10, 0] = 0
    assert dimensions(good.h5ad(tmp_path / "a.h5ad", dense=True, counts=counts)) == (60, 410)


def test_a_matrix_of_other_sizes_than_its_barcodes_has_the_cells_of_the_barcodes(tmp_path):
    """Droplets in rows, as kallisto writes: the barcodes decide."""
    lines = [f"%%MatrixMarket matrix coordinate integer general\n{good.N} 7 3", "1 1 5", "2 1 4", "60 7 1"]
    assert dimensions(good.folder(tmp_path / "folder", matrix="\n".join(lines) + "\n")) == (60, 3)


def test_a_missing_or_cut_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"a\.h5: no such file"):
        dimensions(tmp_path / "a.h5")
    path = good.tenx(tmp_path / "a.h5")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UserError, match=r"a\.h5"):
        dimensions(path)
    pd.DataFrame({"x": [1]}).to_csv(tmp_path / "a.rds")
    with pytest.raises(UserError, match="R object"):
        dimensions(tmp_path / "a.rds")
