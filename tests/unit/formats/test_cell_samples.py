"""A plain table of cells and samples, as authors of public data publish it."""

import gzip
from pathlib import Path

import pytest

from sscite.errors import UserError
from sscite.formats.cell_samples import read_cell_samples, unknown_samples

TABLES = {
    "as documented": "barcode,sample\nA-1,s 1\nB-1,s2\nC-1,unassigned\n",
    "other columns, tabs, case": "n\tCell_ID\tSample\n1\tA-1\ts 1\n2\tB-1\ts2\n3\tC-1\tDoublet\n",
    "R's write.csv": '"","sample","type"\n"A-1","s 1","T"\n"B-1","s2","B"\n"C-1","NA","B"\n',
    "R's write.table": "sample\ttype\nA-1\ts 1\tT\nB-1\ts2\tB\nC-1\tNA\tB\n",
    "pandas, Excel": "\ufeffIndex;sample\r\nA-1; s 1 \r\nB-1;s2\r\nC-1;\r\n\r\n",
    "spaces of other kinds": "cell,sample\nA-1,s\u00a01\nB-1,s2\nC-1,Negative\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES.keys())
@pytest.mark.parametrize("ending", [".csv", ".tsv.gz"])
def test_the_sample_of_each_barcode_is_read(tmp_path: Path, text: str, ending: str):
    path = tmp_path / f"cells{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith(".gz") else text.encode())
    assert read_cell_samples(path).to_dict() == {"A-1": "s 1", "B-1": "s2", "C-1": ""}


def test_all_unknown_samples_are_one_problem_with_cells_and_the_nearest_name(tmp_path: Path):
    path = tmp_path / "cells.csv"
    path.write_text("barcode,sample\nA,P1 Blood\nB,P1 Blood\nC,other\nD,P2\n")
    problems = unknown_samples(read_cell_samples(path), ["P1 blood", "P2"], where="cells.csv")
    assert len(problems) == 1
    assert problems[0].startswith(
        "cells.csv: 'P1 Blood' (2 cells), like 'P1 blood' and 'other' (1 cell) are not among the samples of the "
        "library, which are P1 blood and P2;"
    )


def test_a_cell_in_two_rows_is_refused(tmp_path: Path):
    path = tmp_path / "cells.csv"
    path.write_text("barcode,sample\nA,s1\nA,s2\n")
    with pytest.raises(UserError, match=r"barcode 'A' occurs twice"):
        read_cell_samples(path)
