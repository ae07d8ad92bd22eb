"""A Slurm of this node, for the tests that submit to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

SLURM = ROOT.parent / "shared" / "tools" / "slurm_up.sh"
# how soon Nextflow sees that a job has ended
FAST = "executor { pollInterval = '1 sec'; queueStatInterval = '2 sec'; exitReadTimeout = '15 sec' }\n"


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
