"""Text of spreadsheets, captures, and columns that the pipeline writes itself."""

import pytest

from sscite import names
from sscite.errors import UserError
from sscite.samples import text
from sscite.samples.validate import validate

HEADER = "library,sample,donor,tissue,counts,raw_counts,response,age\n"
ROWS = [f"L{i},s{i},d{i},blood,c{i}.h5,,{'non-responder' if i % 2 else 'responder'},{50 + i}" for i in range(6)]


def run(tmp_path, rows=ROWS, header=HEADER):
    path = tmp_path / "sheet.csv"
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return validate(path, None, reference_tissue="blood")


def kinds(checked):
    return checked.covariates.set_index("variable")["kind"].to_dict()


@pytest.mark.parametrize(
    "odd", ["non\u2011responder", "non\u2010responder", "non-\u200bresponder", "\u200enon-responder"]
)
def test_look_alike_and_invisible_characters_make_no_second_group(tmp_path, odd):
    rows = [row.replace("non-responder", odd) if i == 1 else row for i, row in enumerate(ROWS)]
    assert set(run(tmp_path, rows).samples["response"]) == {"responder", "non-responder"}


def test_decimal_commas_and_missing_values_of_a_spreadsheet_leave_a_column_numeric(tmp_path):
    ages = ["56,5", "64,25", "#N/A", "71,5", "-", "60"]
    rows = [f"{row.rsplit(',', 1)[0]},{age}".replace(",", ";", 7) for row, age in zip(ROWS, ages, strict=True)]
    checked = run(tmp_path, rows, HEADER.replace(",", ";"))
    assert kinds(checked)["age"] == "numeric"
    assert checked.samples["age"].tolist() == ["56.5", "64.25", "", "71.5", "", "60"]
    assert any("decimal commas ('56,5')" in warning for warning in checked.warnings)
    assert any("'-', which was read as missing" in warning for warning in checked.warnings)


def test_a_header_behind_a_hash_is_the_header(tmp_path):
    assert len(run(tmp_path, header="#" + HEADER).samples) == 6


@pytest.mark.parametrize(
    "column", ["excluded", "subset_margin", "counterpart", "Cell_Type", "hto_joint", "signature_X"]
)
def test_a_covariate_cannot_have_the_name_of_a_column_of_ours(tmp_path, column):
    with pytest.raises(UserError, match="the pipeline writes a column of this name itself"):
        run(tmp_path, header=HEADER.replace("age", column))


def test_every_name_of_a_cell_is_reserved():
    own = {value for name, value in vars(names).items() if name.startswith(("HTO_", "CELL_TYPE", "LINEAGE", "SUBSET_"))}
    assert {value for value in own if isinstance(value, str)} - {names.HASHTAG} <= names.COLUMNS


def test_libraries_with_the_same_raw_counts_are_parts_of_one_capture(tmp_path):
    rows = [row.replace(",,", ",pool.h5,", 1) if i < 3 else row for i, row in enumerate(ROWS)]
    checked = run(tmp_path, rows)
    assert checked.files["capture"].tolist() == ["L0", "L0", "L0", "L3", "L4", "L5"]
    assert checked.samples["capture"].tolist()[:4] == ["L0", "L0", "L0", "L3"]
    assert any("Libraries L0, L1, L2 have the same raw_counts" in warning for warning in checked.warnings)


def test_the_sheet_names_captures(tmp_path):
    rows = [f"{row},{'A' if i < 2 else ''}" for i, row in enumerate(ROWS)]
    assert run(tmp_path, rows, HEADER.strip() + ",capture\n").files["capture"].tolist()[:3] == ["A", "A", "L2"]


def test_paths_keep_their_characters(tmp_path):
    rows = [row.replace("c0.h5", "c\u20110.h5") for row in ROWS]
    assert run(tmp_path, rows).files["counts"][0] == "c\u20110.h5"


def test_same_keys_of_look_alike_letters():
    assert text.same_key("SS\u0441") == text.same_key("ssc")  # Cyrillic
    assert text.clean("CD8\u207a") == "CD8\u207a"
