"""Nextflow itself is killed at several points of a run, and -resume gives the same files without doing anything twice.

Slow: `make test-faults`. On stubs, whose files depend on what a task read.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from pathlib import Path

import pytest
from pipeline.conftest import nextflow, start

pytestmark = pytest.mark.faults

SHEET = "library,sample,donor,tissue,counts,group\n" + "".join(
    f"L{n},S{n},D{n},blood,{n}.h5,{group}\n" for n, group in ((1, "a"), (2, "a"), (3, "b"), (4, "b"))
)
OPTIONS = ["-stub-run", "-profile", "stub,local", "-resume", "--input", "samplesheet.csv", "--outdir", "out"]
# what names the run or the machine, and the report, which is drawn anew at each run
OF_THE_RUN = re.compile(r"^(run/|report|multiqc/|ro-crate)")


def written(folder: Path) -> Path:
    folder.mkdir()
    for number in range(1, 5):
        (folder / f"{number}.h5").write_text(str(number))
        os.utime(folder / f"{number}.h5", (0, 0))
    (folder / "samplesheet.csv").write_text(SHEET)
    return folder


def digests(out: Path) -> dict[str, str]:
    files = {str(path.relative_to(out)): path for path in sorted(out.rglob("*")) if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not OF_THE_RUN.match(name)
    }


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = written(tmp_path_factory.mktemp("unbroken") / "run")
    run = nextflow(*OPTIONS, folder=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return digests(folder / "out")


@pytest.mark.parametrize("tasks", [1, 8, 16, 24, 32, 40, 48, 54])
def test_a_run_killed_after_some_tasks_is_finished_by_resume(tmp_path: Path, unbroken: dict[str, str], tasks: int):
    folder = written(tmp_path / "run")
    run = start(*OPTIONS, folder=folder)
    while run.poll() is None and finished(folder) < tasks:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    done = set(completed(folder))
    again = nextflow(*OPTIONS, folder=folder)
    assert again.returncode == 0, again.stdout + again.stderr
    repeated = set(re.findall(r"\[(\w\w/\w+)\] Submitted process", again.stdout))
    assert not done & {name for name in repeated if "REPORT" not in name}
    assert digests(folder / "out") == unbroken


def finished(folder: Path) -> int:
    return len(list(folder.glob("work/*/*/.exitcode")))


def completed(folder: Path) -> list[str]:
    """Return the tasks that Nextflow had noted as completed, by the start of their hash."""
    log = (folder / ".nextflow.log").read_text(encoding="utf-8", errors="replace")
    return re.findall(r"Task completed > .*?exit: 0.*?/work/(\w\w/\w{6})", log)
