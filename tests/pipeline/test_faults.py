"""Faults that a run meets every week: a lost task, a question that fails, another run in the same folder, odd names."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pipeline.conftest import nextflow, start

pytestmark = pytest.mark.pipeline

CONFIG = """
process {
    withName: DEMUX_CALL { beforeScript = { task.attempt == 1 ? 'kill -9 $$' : '' } }
    withName: COMPARE_CALIBRATION { beforeScript = 'exit 1' }
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a samplesheet whose names hold spaces and letters beyond ASCII."""
    folder = tmp_path_factory.mktemp("faults") / "Dr. Šimůnková & co"
    folder.mkdir()
    (folder / "Zählung 1.h5").touch()
    sheet = "library,sample,donor,tissue,counts\nBibliothek Ä,S1,D1,blood,Zählung 1.h5\n"
    (folder / "samplesheet.csv").write_text(sheet, encoding="utf-8")
    (folder / "faults.config").write_text(CONFIG)
    return folder


OPTIONS = ["-stub-run", "-profile", "stub,local", "--input", "samplesheet.csv"]


def test_a_killed_task_is_tried_again_a_failed_question_is_ignored_and_a_second_run_is_refused(folder: Path):
    first = start(*OPTIONS, "-c", "faults.config", "--outdir", "out", folder=folder)
    for _ in range(600):
        if (folder / "out" / "run" / ".in_use").is_file() or first.poll() is not None:
            break
        time.sleep(0.2)
    second = nextflow(*OPTIONS, "--outdir", "out", folder=folder)
    assert second.returncode == 2
    assert "out: the run '" in second.stdout and "is writing to it" in second.stdout

    said, _ = first.communicate(timeout=600)
    assert "error is ignored" in said.lower()
    assert (folder / "out" / "report.html").is_file()
    assert first.returncode != 0
    assert said.count("DEMUX:DEMUX_CALL (Bibliothek") >= 2


def test_a_folder_that_cannot_be_written_is_found_before_the_first_task(folder: Path):
    (folder / "a file").touch()
    run = nextflow(*OPTIONS, "--outdir", "a file/out", folder=folder)
    assert run.returncode == 2
    assert "--outdir a file/out: cannot be written" in run.stdout
    assert "Submitted process" not in run.stdout
