"""Bad input ends the run before any heavy task, with one message that names everything wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline.conftest import nextflow

pytestmark = pytest.mark.pipeline


def test_every_problem_of_a_sheet_is_told_before_any_library_is_read(tmp_path: Path):
    sheet = tmp_path / "samplesheet.csv"
    sheet.write_text(
        "library,sample,donor,tissue,counts,group\n"
        "L1,S1,D1,blood,there_is_no_such_file.h5,a\n"
        "L2,S1,D2,blood,other.h5,b\n"
        "L3,S3,,blood,other.h5,b\n"
    )
    run = nextflow("-profile", "local", "--input", sheet, "--outdir", "out", folder=tmp_path)
    text = run.stdout + run.stderr
    assert run.returncode != 0
    assert "S1" in text
    assert "donor" in text
    assert "Traceback" not in text
    assert "SAMPLES_LOAD (" not in text


def test_missing_and_broken_files_are_told_together(tmp_path: Path):
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n truncated")
    sheet = tmp_path / "samplesheet.csv"
    sheet.write_text(
        "library,sample,donor,tissue,counts\nL1,S1,D1,blood,there_is_no_such_file.h5\nL2,S2,D2,blood,broken.h5\n"
    )
    run = nextflow("-profile", "local", "--input", sheet, "--outdir", "out", folder=tmp_path)
    text = run.stdout + run.stderr
    assert run.returncode != 0
    assert "there_is_no_such_file.h5" in text
    assert "broken.h5" in text
    assert "Traceback" not in text
    assert "SAMPLES_LOAD (" not in text
