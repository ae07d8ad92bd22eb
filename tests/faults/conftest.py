"""What the tests of faults share: the files of undisturbed runs, tasks killed at random, a Slurm of this node."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
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


def run_test_cohort(folder: Path, *options: object) -> dict[str, str]:
    """Run the cohort of the test profile; return what it published."""
    ended = nextflow(*options, "--outdir", "out", folder=folder)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    return published(folder / "out")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what a run of the test profile publishes on this machine that nothing disturbs.

    SSCITE_TEST_RESULTS names the folder of a finished run.
    """
    if given := os.environ.get("SSCITE_TEST_RESULTS"):
        return published(Path(given))
    found = run_test_cohort(tmp_path_factory.mktemp("local"), "-profile", "test,local")
    assert len(found) > 100
    return found


def running(folder: Path, program: str) -> dict[str, int]:
    """Return the process of a program of each task that runs now, by the task's name."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").resolve(strict=True)
            words = (process / "cmdline").read_text().split("\0")
            if folder / "work" in where.parents and any(word.endswith(program) for word in words):
                script = (where / ".command.run").read_text()
                found[re.search(r"^### name: '(.*)'$", script, re.MULTILINE)[1]] = int(process.name)
        except OSError:  # it has ended
            continue
    return found


def kill_at_random(run: subprocess.Popen[str], folder: Path, *, kills: int, chance: float, program: str) -> set[str]:
    """Kill running tasks until a run ends, each once; return their names.

    Every tenth of a second one is killed with probability `chance`: its `program` (`.command.run` is Nextflow's
    script around the task).
    """
    draw, killed = random.Random(8), set()
    while run.poll() is None:
        tasks = {name: pid for name, pid in running(folder, program).items() if name not in killed}
        if tasks and len(killed) < kills and draw.random() < chance:
            name = draw.choice(sorted(tasks))
            os.kill(tasks[name], signal.SIGKILL)
            killed.add(name)
        time.sleep(0.1)
    return killed


@contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """Make a folder that is a disk of its own."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (not root, or in a container)")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def enlarge(folder: Path) -> None:
    """Give a disk space for a whole run."""
    subprocess.run(["mount", "-o", "remount,size=200m", folder], check=True)


def read_trace(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "out" / "run" / "trace.txt", sep="\t")


def check_that_only_killed_tasks_were_repeated(folder: Path, killed: set[str]) -> None:
    counts = Counter(zip(read_trace(folder)["name"], read_trace(folder)["status"], strict=True))
    assert {name for name, status in counts if status == "FAILED"} <= killed
    assert {count for (_, status), count in counts.items() if status == "COMPLETED"} == {1}


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start Slurm, where its script is there; gives a configuration with short waits."""
    if os.geteuid() or not SLURM.is_file() or not shutil.which("slurmctld"):
        pytest.skip("Slurm is not installed, or cannot be started (root and shared/tools are needed)")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # nproc goes by it, and a node of one core never runs two
    monkeypatch.setenv("SLURM_DIR", str(tmp_path / "slurm"))
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm" / "slurm.conf"))
    subprocess.run([SLURM], check=True, capture_output=True)
    config = tmp_path / "slurm.config"
    config.write_text(FAST)
    yield config
    subprocess.run([SLURM, "down"], check=True, capture_output=True)
