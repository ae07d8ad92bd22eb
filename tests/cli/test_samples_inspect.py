"""Exits of samples_check.py, which keeps problems, and of samples_inspect.py, which reports those of all libraries."""

import json

FILES = "library_id,library,counts,raw_counts,hashtag_counts,genotype_calls,rows\n"
SAMPLE = {
    "library_id": "L",
    "library": "L",
    "sample": "s",
    "donor": "d",
    "tissue": "blood",
    "hashtag": "",
    "genotype_donor": "",
}


def test_both_exits(script, tmp_path):
    (tmp_path / "checks").mkdir()
    for name, text in (("good", "barcode,CD3E\nAAACCCAA,1\n"), ("bad", "barcode,CD3E\nAAACCCAA,-1\n")):
        (tmp_path / f"{name}.csv").write_text(text)
        (tmp_path / "files.csv").write_text(FILES + f"L,L,{name}.csv,,,,2\n")
        record = {"library_id": "L", "library": "L", "counts": f"{name}.csv"}
        (tmp_path / "L.json").write_text(json.dumps({"files": record, "samples": [SAMPLE]}))
        run = script("samples_check.py", "--id", "L", "--library", "L.json")
        assert run.returncode == 0, run.stderr
        (tmp_path / "L.check.json").rename(tmp_path / "checks" / "L.check.json")
        run = script("samples_inspect.py", "--files", "files.csv", "--checks", "checks")
        assert run.returncode == (0 if name == "good" else 2), run.stderr
        assert (tmp_path / "cohort.samples_inspect.json").exists()
    assert "bad.csv (samplesheet row 2, column 'counts', library 'L'): 1 negative value" in run.stderr
    assert "Traceback" not in run.stderr


def test_by_hand_the_files_are_read_without_a_check_of_each_library(script, tmp_path):
    (tmp_path / "samples.csv").write_text(",".join(["library_id", *SAMPLE]) + "\nL," + ",".join(SAMPLE.values()) + "\n")
    for name, text in (("good", "barcode,CD3E\nAAACCCAA,1\n"), ("bad", "barcode,CD3E\nAAACCCAA,-1\n")):
        (tmp_path / f"{name}.csv").write_text(text)
        (tmp_path / "files.csv").write_text(FILES + f"L,L,{name}.csv,,,,2\n")
        run = script("samples_inspect.py", "--files", "files.csv", "--samples", "samples.csv")
        assert run.returncode == (0 if name == "good" else 2), run.stderr
    assert "bad.csv (samplesheet row 2, column 'counts', library 'L'): 1 negative value" in run.stderr
    assert (tmp_path / "cohort.capture_cells.csv").read_text() == "library_id,cells,capture_cells\nL,1,1\n"
    run = script("samples_inspect.py", "--files", "files.csv")
    assert run.returncode == 2
    assert "--samples or --checks is needed" in run.stderr


def test_what_is_not_json_is_named(script, tmp_path):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "L.check.json").write_text("")
    (tmp_path / "L.json").write_text("not JSON")
    (tmp_path / "files.csv").write_text(FILES + "L,L,c.csv,,,,2\n")
    run = script("samples_check.py", "--id", "L", "--library", "L.json")
    assert (run.returncode, run.stderr.startswith("error: L.json: cannot be read as")) == (2, True)
    run = script("samples_inspect.py", "--files", "files.csv", "--checks", "checks")
    assert (run.returncode, "L.check.json: cannot be read as" in run.stderr) == (2, True)
