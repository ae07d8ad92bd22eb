"""Exits of samples_inspect.py."""

SAMPLES = "library_id,library,sample,donor,tissue,hashtag,genotype_donor\nL,L,s,d,blood,,\n"
FILES = "library_id,library,counts,raw_counts,hashtag_counts,genotype_calls,rows\nL,L,{},,,,2\n"


def test_both_exits(script, tmp_path):
    (tmp_path / "samples.csv").write_text(SAMPLES)
    for name, text in (("good", "barcode,CD3E\nAAACCCAA,1\n"), ("bad", "barcode,CD3E\nAAACCCAA,-1\n")):
        (tmp_path / f"{name}.csv").write_text(text)
        (tmp_path / "files.csv").write_text(FILES.format(f"{name}.csv"))
        run = script("samples_inspect.py", "--files", "files.csv", "--samples", "samples.csv")
        assert run.returncode == (0 if name == "good" else 2), run.stderr
        assert (tmp_path / "cohort.samples_inspect.json").exists()
    assert "bad.csv (samplesheet row 2, column 'counts', library 'L'): 1 negative value" in run.stderr
    assert "Traceback" not in run.stderr
