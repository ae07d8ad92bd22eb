"""All files are looked at before anything heavy, and all that is wrong is reported."""

from pathlib import Path

import pandas as pd
import pytest

from sscite.errors import UserError
from sscite.samples import inspect as step
from sscite.samples.check import check
from sscite.samples.files import given

RNA = "barcode,CD3E,MT-CO1\nAAACCCAAGAAACACT-1,5,1\nAAACCCAAGAAACCAT-1,0,2\n"
TAGS = "barcode,H1,H2\nAAACCCAAGAAACACT,90,1\nAAACCCAAGAAACCAT,2,80\n"


def tables(*libraries):
    """Make files.csv and samples.csv of (counts, raw_counts, hashtag_counts, hashtags) per library."""
    files = pd.DataFrame(
        [(f"L{i}", f"L {i}", *paths[:3], "", str(i + 2)) for i, paths in enumerate(libraries)],
        columns=["library_id", "library", "counts", "raw_counts", "hashtag_counts", "genotype_calls", "rows"],
    )
    samples = pd.DataFrame({"library_id": files["library_id"], "hashtag": [paths[3] for paths in libraries]})
    return files, samples


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    return {name: str(folder / f"{name}.csv") for name in texts}


def inspect(files, samples):
    """Check the files of each library where the sheet has them, then all together."""
    records = files.to_dict("records")
    checked = {r["library_id"]: check(r, samples, {column: Path(r[column]) for column in given(r)}) for r in records}
    return step.inspect(files, checked)


def messages(files, samples):
    with pytest.raises(UserError) as error:
        inspect(files, samples)
    return error.value.problems


def test_good_files_are_summed_up_in_a_row_each(tmp_path):
    paths = write(tmp_path, rna=RNA, tags=TAGS)
    files, samples = tables((paths["rna"], "", paths["tags"], "H1;H2"))
    rows, warnings = inspect(files, samples)
    assert rows[["cells", "genes", "antibodies", "hashtags"]].to_numpy().tolist() == [[2, 2, 0, 2]]
    assert warnings == []


def test_problems_of_all_files_come_together_with_their_rows(tmp_path):
    paths = write(
        tmp_path, rna=RNA, tags=TAGS, half=RNA.replace(",5,", ",0.5,"), other=TAGS.replace("AAACCC", "TTTGGG")
    )
    files, samples = tables(
        ("nowhere.h5", "", "", ""),
        (paths["half"], "", "", ""),
        (paths["rna"], "", paths["tags"], "H1;H3"),
        (paths["rna"], "", paths["other"], "H1"),
        (paths["rna"], paths["other"], "", ""),
    )
    problems = messages(files, samples)
    assert len(problems) == 5
    for problem, text in zip(
        problems,
        (
            "nowhere.h5 (samplesheet row 2, column 'counts', library 'L 0'): no such file",
            "row 'AAACCCAAGAAACACT-1', column 'CD3E': 0.5",
            "hashtag 'H3' is not among the features; the file has 'H1', 'H2'",
            "0 of 2 barcodes of counts ('AAACCCAAGAAACACT-1', ...) are in hashtag_counts",
            "0 of 2 barcodes of counts ('AAACCCAAGAAACACT-1', ...) are in raw_counts",
        ),
        strict=True,
    ):
        assert text in problem


def test_the_same_cells_under_two_names_are_doubted(tmp_path):
    paths = write(tmp_path, rna=RNA, copy=RNA)
    files, samples = tables((paths["rna"], "", "", ""), (paths["copy"], "", "", ""))
    assert "hold the same cells" in inspect(files, samples)[1][0]
