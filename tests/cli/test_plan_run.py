"""Exits of plan_run.py: the plan, or the user's error in one message."""

import re

from conftest import ROOT
from corpus import good

SHEET = "library,sample,donor,tissue,counts,group\nL1,s1,d1,blood,a.h5,SSc\nL2,s2,d2,blood,b.h5,HD\n"


def test_every_process_of_the_pipeline_is_planned_with_its_tasks(script, tmp_path):
    """Two libraries and one contrast (from the levels of `group`); gene sets of the markers are a task of their own."""
    (tmp_path / "sheet.csv").write_text(SHEET)
    good.tenx(tmp_path / "a.h5")
    good.tenx(tmp_path / "b.h5")
    run = script("plan_run.py", "sheet.csv", "--cores", 4)
    assert run.returncode == 0, run.stderr
    rows = {name: int(count) for name, count in re.findall(r"^ *([A-Z_]+) +(\d+) ", run.stdout, re.MULTILINE)}
    modules = {path for path in ROOT.glob("modules/*/*.nf") if path.name != "main.nf"}
    tags = {
        f"{path.parent.name}_{path.stem}".upper(): 2 if "${meta.id}" in path.read_text().split("input:")[0] else 1
        for path in modules
    }
    del tags["COHORT_MAP"]  # runs where a reference is given
    assert rows == tags | {"COMPARE_ENRICHMENT": 2}
    assert re.search(rf"^tasks +{sum(rows.values())}$", run.stdout, re.MULTILINE)
    assert re.search(r"^libraries, cells +2, 120$", run.stdout, re.MULTILINE)
    assert re.search(r"^wall on 4 cores +0\.\d\d h", run.stdout, re.MULTILINE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "b.h5", "sheet.csv"]


def test_files_that_are_missing_or_remote_end_with_2_each_with_its_place(script, tmp_path):
    (tmp_path / "sheet.csv").write_text(SHEET.replace("b.h5", "s3://bucket/b.h5"))
    run = script("plan_run.py", "sheet.csv")
    assert run.returncode == 2
    assert "a.h5 (samplesheet row 2, column 'counts', library 'L1'): no such file or folder; correct" in run.stderr
    assert "s3://bucket/b.h5" in run.stderr and "library 'L2'" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_wrong_sheet_ends_with_2(script, tmp_path):
    (tmp_path / "sheet.csv").write_text(SHEET.replace("d1,blood", "d1,"))
    run = script("plan_run.py", "sheet.csv")
    assert run.returncode == 2
    assert "row 2, column 'tissue'" in run.stderr and "Traceback" not in run.stderr


def test_coefficients_of_another_kind_end_with_2_and_name_what_is_missing(script, tmp_path):
    (tmp_path / "sheet.csv").write_text(SHEET)
    good.tenx(tmp_path / "a.h5")
    good.tenx(tmp_path / "b.h5")
    for text, missing in (
        ("{}", "margin, kept, processes"), ("[1]", "margin, kept, processes"), ("5", "margin, kept, processes"),
        ('{"margin": 2, "kept": 1, "processes": {"A": {"cpu_s": [1, 0, 0]}}}', "A: per, A: size, A: after"),
    ):  # fmt: skip
        (tmp_path / "c.json").write_text(text)
        run = script("plan_run.py", "sheet.csv", "--coefficients", "c.json")
        assert run.returncode == 2
        assert f"(no {missing})" in run.stderr
        assert run.stderr.startswith("error: c.json: ") and run.stderr.count("\n") == 1
