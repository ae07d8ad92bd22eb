"""The files of one library are found where a task has them, and each has its checksum."""

from pathlib import Path

from sscite.samples.check import checksums
from sscite.samples.files import staged


def test_a_file_is_the_only_entry_of_the_folder_of_its_column(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for column, name in (("counts", "a b.csv"), ("adt_counts", "c.csv")):
        Path(column).mkdir()
        Path(column, name).touch()
    found = staged({"counts": "x/a b.csv", "raw_counts": "gone.h5", "adt_counts": "c.csv", "genotype_calls": ""})
    assert found == {"counts": Path("counts/a b.csv"), "raw_counts": None, "adt_counts": Path("adt_counts/c.csv")}


def test_every_file_has_its_checksum_and_a_folder_those_of_its_files(tmp_path):
    (tmp_path / "mtx").mkdir()
    (tmp_path / "mtx" / "matrix.mtx").write_text("abc")
    (tmp_path / "tags.csv").write_text("")
    record = {"counts": "mtx", "hashtag_counts": "tags.csv", "adt_counts": "gone.csv"}
    paths = {"counts": tmp_path / "mtx", "hashtag_counts": tmp_path / "tags.csv", "adt_counts": None}
    assert dict(checksums(record, paths)) == {  # FIPS 180-2, and the empty file
        "mtx/matrix.mtx": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "tags.csv": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
