"""The sample of each cell from a plain table: cells without a row or a sample are unassigned and counted."""

from pathlib import Path

import pandas as pd
import pytest

from sscite.command import Facts
from sscite.demux import cell_table
from sscite.errors import UserError

CELLS = pd.Index([f"L:{'ACGT'[i // 4] * 6}{'ACGT'[i % 4] * 6}-1" for i in range(10)])


def write(path: Path, samples: list[str], suffix: str = "-1") -> Path:
    names = [cell.removeprefix("L:").removesuffix("-1") + suffix for cell in CELLS]
    pd.DataFrame({"barcode": names[: len(samples)], "sample": samples}).to_csv(path, index=False)
    return path


def test_cells_get_the_sample_of_their_row_also_by_their_bases(tmp_path):
    path = write(tmp_path / "c.csv", ["a"] * 4 + ["b"] * 3 + ["unassigned"], suffix="-1_3")
    found = cell_table.read_aligned(path, CELLS, ["a", "b"])
    assert found.sample.tolist() == ["a"] * 4 + ["b"] * 3 + [""] * 3
    assert found.sample.index.equals(CELLS)
    assert (found.without_row, found.without_sample) == (2, 1)
    assert cell_table.phrase(found) == (
        " by the table of cells and samples; 2 cells have no row in it and 1 cell has a row without a sample"
    )


def test_cells_without_a_row_are_warned_of_if_they_are_many(tmp_path):
    warned = []
    for rows in (9, 8):
        facts = Facts("demux_genotypes", "L", seed=None, folder=tmp_path)
        path = write(tmp_path / "c.csv", ["a"] * rows)
        cell_table.report(cell_table.read_aligned(path, CELLS, ["a"]), facts)
        warned.append([*facts.content["warnings"], facts.content["numbers"]["without_row"]])
    assert warned[0] == [1]
    assert warned[1][0].startswith("2 of 10 cells have no row")


def test_a_table_of_another_library_and_unknown_samples_are_told_together(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("barcode,sample\nTTTTTTTTTTTTTTTT-1,c\n")
    with pytest.raises(UserError) as raised:
        cell_table.read_aligned(path, CELLS, ["a"])
    assert [problem.removeprefix(f"{path}: ")[:24] for problem in raised.value.problems] == [
        "'c' (1 cell) is not amon",
        "0 of 10 barcodes of coun",
    ]
