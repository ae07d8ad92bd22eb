"""Tasks killed at random, a full disk, uploads that were cut: the run survives or says what to do.

On stubs, whose files depend on what a task read, so that equal files mean equal inputs all along.
"""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from faults.conftest import check_that_only_killed_tasks_were_repeated, disk, enlarge, kill_at_random, read_trace
from pipeline.conftest import STUB_OPTIONS, nextflow, published, start, write_stub_cohort

pytestmark = pytest.mark.pipeline

KILLS = 10
SMALL = "1200k"  # of a work folder that about a third of the run fills


def test_tasks_killed_at_random_are_tried_again_and_no_other_is_done_twice(tmp_path: Path, unbroken: dict[str, str]):
    folder = write_stub_cohort(tmp_path / "run")
    run = start(*STUB_OPTIONS, "-c", slow_stubs(folder), folder=folder)
    killed = kill_at_random(run, folder, kills=KILLS, chance=0.3, program=".command.run")
    said, _ = run.communicate()
    assert run.returncode == 0, said
    assert len(killed) == KILLS
    check_that_only_killed_tasks_were_repeated(folder, killed)
    assert published(folder / "out") == unbroken


def slow_stubs(folder: Path) -> Path:
    """Stubs take half a second, to be met while they run."""
    (folder / "slow.config").write_text("process.beforeScript = 'sleep 0.5'\n")
    return folder / "slow.config"


@pytest.fixture
def small_work(tmp_path: Path) -> Iterator[Path]:
    """A run's folder whose work folder is a disk of its own, too small for the run."""
    folder = write_stub_cohort(tmp_path / "run")
    with disk(folder / "work", SMALL):
        yield folder


def test_a_full_disk_ends_the_run_saying_so_and_with_space_resume_finishes_it(
    small_work: Path, unbroken: dict[str, str]
):
    run = nextflow(*STUB_OPTIONS, folder=small_work, timeout=600)
    assert run.returncode != 0
    # where the disk has no room for the message of the task either, that of the end alone says so
    assert f"Little space is left on the disk of the work folder {small_work / 'work'}: 0 MB" in run.stdout
    done = set(read_trace(small_work).query("status == 'COMPLETED'")["name"])
    assert done

    enlarge(small_work / "work")
    again = nextflow(*STUB_OPTIONS, folder=small_work)
    assert again.returncode == 0, again.stdout + again.stderr
    assert published(small_work / "out") == unbroken
    repeated = set(read_trace(small_work).query("status == 'COMPLETED'")["name"])
    assert not done & {name for name in repeated if "REPORT" not in name}


def test_uploads_that_were_cut_are_refused_together_before_any_library_is_loaded(tmp_path: Path):
    whole = ROOT / "assets" / "test"
    shutil.copy(whole / "kidney_1.h5", tmp_path)
    content = (whole / "blood_1.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(content[: len(content) * 6 // 10])
    table = gzip.compress(b"barcode,CD3E,CD14\n" + b"".join(b"C%08d,1,0\n" % n for n in range(20_000)), mtime=0)
    (tmp_path / "cut.csv.gz").write_bytes(table[: len(table) * 6 // 10])
    sheet = "library,sample,donor,tissue,counts\n"
    for n, name in enumerate(("kidney_1.h5", "cut.h5", "cut.csv.gz")):
        sheet += f"L{n},S{n},D{n},blood,{name}\n"
    (tmp_path / "samplesheet.csv").write_text(sheet)
    run = nextflow("-profile", "local", "--input", "samplesheet.csv", "--celltypist_model", whole / "model.pkl",
                   "--outdir", "out", folder=tmp_path)  # fmt: skip
    assert run.returncode == 1  # Nextflow's own; the task's is 2
    assert "cut.h5" in run.stdout
    assert "cut.csv.gz" in run.stdout
    assert run.stdout.count("it is truncated") == 2
    assert "(2)" in run.stdout
    submitted = set(re.findall(r"Submitted process > (?:\w+:)?(\w+)", run.stdout))
    assert submitted == {"SAMPLES_VALIDATE", "SAMPLES_CHECK", "SAMPLES_INSPECT", "ANNOTATE_MODEL"}
