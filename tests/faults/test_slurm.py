"""Under Slurm a task killed for memory and one killed for time come back with more and finish."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pipeline.conftest import STUB_OPTIONS, nextflow, published, write_stub_cohort

pytestmark = pytest.mark.faults

# ADT_METHOD takes 300 MB and gets 200, then 400; COHORT_MERGE takes 100 s and gets one minute, then two
LIMITS = """
process {
    withName: ADT_METHOD {
        memory       = { 200.MB * task.attempt }
        beforeScript = 'python -c "import time; x = bytearray(300 << 20); time.sleep(8)"'
    }
    withName: COHORT_MERGE {
        time         = { 1.min * task.attempt }
        beforeScript = 'sleep 100'
    }
}
"""


def test_tasks_killed_for_memory_and_for_time_are_tried_again_with_more(slurm: Path, tmp_path: Path):
    folder = write_stub_cohort(tmp_path / "run")
    (folder / "limits.config").write_text(slurm.read_text() + LIMITS)
    options = [word.replace("stub,local", "stub,local,slurm") for word in STUB_OPTIONS]
    run = nextflow(*options, "-c", "limits.config", folder=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    trace = pd.read_csv(folder / "out" / "run" / "trace.txt", sep="\t")
    name = trace["name"].str.extract(r"(\w+)(?: \(|$)")[0]
    assert sorted(name[trace["status"] == "FAILED"]) == ["ADT_METHOD", "COHORT_MERGE"]
    done = trace[trace["status"] == "COMPLETED"]
    assert {"ADT_METHOD", "COHORT_MERGE"} <= set(name[done.index])
    assert done["name"].is_unique
    assert published(folder / "out")
