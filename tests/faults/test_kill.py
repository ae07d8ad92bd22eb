"""Nextflow itself is killed at several points of a run, and -resume gives the same files without doing anything twice.

Slow: `make test-faults`. On stubs, whose files depend on what a task read.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest
from pipeline.conftest import STUB_OPTIONS, nextflow, published, start, write_stub_cohort

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("tasks", [1, 8, 16, 24, 32, 40, 48, 54])
def test_a_run_killed_after_some_tasks_is_finished_by_resume(tmp_path: Path, unbroken: dict[str, str], tasks: int):
    folder = write_stub_cohort(tmp_path / "run")
    run = start(*STUB_OPTIONS, folder=folder)
    while run.poll() is None and finished(folder) < tasks:
        time.sleep(0.05)
    done = completed(folder)
    time.sleep(0.5)  # a task stands in Nextflow's log a moment before it stands in its cache
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert done or tasks == 1
    again = nextflow(*STUB_OPTIONS, folder=folder)
    assert again.returncode == 0, again.stdout + again.stderr
    submitted = set(re.findall(r"Submitted process > (.*)", again.stdout))
    assert not done & {name for name in submitted if "REPORT" not in name}
    assert published(folder / "out") == unbroken


def finished(folder: Path) -> int:
    return len(list(folder.glob("work/*/*/.exitcode")))


def completed(folder: Path) -> set[str]:
    """Return the names of the tasks that Nextflow has noted as completed (one that is repeated gets another hash)."""
    log = (folder / ".nextflow.log").read_text(encoding="utf-8", errors="replace")
    return set(re.findall(r"Task completed > .*?name: (.*?); status: COMPLETED; exit: 0", log))
