"""A full disk of --outdir: the run ends naming it, and with space -resume publishes what is missing.

Slow: `make test-faults`. On stubs, whose files depend on what a task read.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from faults.conftest import disk, enlarge
from pipeline.conftest import STUB_OPTIONS, nextflow, published, write_stub_cohort

pytestmark = pytest.mark.faults


def test_a_full_outdir_is_named_and_with_space_resume_publishes_every_file(tmp_path: Path, unbroken: dict[str, str]):
    folder = write_stub_cohort(tmp_path / "run")
    with disk(folder / "out", "300k"):
        run = nextflow(*STUB_OPTIONS, folder=folder)
        assert run.returncode != 0
        assert "Failed to publish file" in run.stdout
        assert f"Little space is left on the disk of the --outdir {folder / 'out'}: 0 MB" in run.stdout

        enlarge(folder / "out")
        again = nextflow(*STUB_OPTIONS, folder=folder)
        assert again.returncode == 0, again.stdout + again.stderr
        assert {"REPORT_GATHER", "REPORT_RENDER"} >= set(re.findall(r"Submitted process > \w+:(\w+)", again.stdout))
        assert published(folder / "out") == unbroken
