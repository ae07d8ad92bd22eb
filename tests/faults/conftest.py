"""What the tests of faults share: the files of an undisturbed run, and a Slurm of this node."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from pipeline.conftest import STUB_OPTIONS, nextflow, published, write_stub_cohort

SLURM = ROOT.parent / "shared" / "tools" / "slurm_up.sh"
# how soon Nextflow sees that a job has ended
FAST = "executor { pollInterval = '1 sec'; queueStatInterval = '2 sec'; exitReadTimeout = '15 sec' }\n"


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what a run of the stubs publishes that nothing disturbs."""
    folder = write_stub_cohort(tmp_path_factory.mktemp("unbroken") / "run")
    run = nextflow(*STUB_OPTIONS, folder=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return published(folder / "out")


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start Slurm, where its script is there; gives a configuration with short waits."""
    if os.geteuid() or not SLURM.is_file() or not shutil.which("slurmctld"):
        pytest.skip("Slurm is not installed, or cannot be started (root and shared/tools are needed)")
    monkeypatch.setenv("SLURM_DIR", str(tmp_path / "slurm"))
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm" / "slurm.conf"))
    subprocess.run([SLURM], check=True, capture_output=True)
    config = tmp_path / "slurm.config"
    config.write_text(FAST)
    yield config
    subprocess.run([SLURM, "down"], check=True, capture_output=True)
