"""Exits of samples_validate.py: done with its tables, or the user's error in one message."""

import json

SHEET = "library,sample,donor,tissue,counts\nL 1,s1,01,blood,a.h5\nL2,s2,02,kidney,b.h5\n"


def test_done_writes_the_tables(script, tmp_path):
    (tmp_path / "sheet.csv").write_text(SHEET)
    run = script("samples_validate.py", "--samplesheet", "sheet.csv")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "samples.csv").read_text().splitlines()[1] == "L_1,L 1,L 1,s1,01,blood,,"
    assert json.loads((tmp_path / "files.json").read_text())[0]["library_id"] == "L_1"
    facts = json.loads((tmp_path / "cohort.samples_validate.json").read_text())
    assert facts["status"] == "done" and facts["numbers"]["donors"] == 2


def test_a_wrong_sheet_ends_with_2_and_writes_nothing(script, tmp_path):
    (tmp_path / "sheet.csv").write_text(SHEET.replace("s2", "s1").replace("kidney", ""))
    run = script("samples_validate.py", "--samplesheet", "sheet.csv")
    assert run.returncode == 2
    assert "row 3, column 'sample'" in run.stderr and "row 3, column 'tissue'" in run.stderr
    assert "Traceback" not in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.csv"]
