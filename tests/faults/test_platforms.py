"""The cohort of -profile test gives the same files, byte for byte, on each platform, with any cores and locale, with
tasks killed at random, and in folders with spaces and letters beyond ASCII.

Slow (about 5 CPU minutes a run): `make test-faults`. What may differ between runs, and why: `OF_THE_RUN`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.conftest import (
    check_that_only_killed_tasks_were_repeated,
    kill_at_random,
    read_trace,
    run_test_cohort,
)
from pipeline.conftest import engine, published, start

pytestmark = pytest.mark.faults

__all__ = ["engine"]  # the fixture that builds the image

ONE_CORE = "process { cpus = 1; withLabel: large { cpus = 1 } }\n"


# the folder of the run in the container, and of the tasks that are killed
ODD_NAME = "Dr. Šimůnková & co"
READ_ONLY = "docker.runOptions = '-u $(id -u):$(id -g) --read-only'\n"


def test_in_the_container_with_a_read_only_root(local: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path):
    profile, image = request.getfixturevalue("engine")[1:2], request.getfixturevalue("engine")[2:]
    if profile != ["docker"]:
        pytest.skip("no Docker daemon answers or it cannot get the base image")
    folder = tmp_path / ODD_NAME
    folder.mkdir()
    (folder / "read_only.config").write_text(READ_ONLY)
    assert run_test_cohort(folder, "-profile", "test,docker", "-c", "read_only.config", *image) == local


def test_under_slurm(local: dict[str, str], slurm: Path, tmp_path: Path):
    assert run_test_cohort(tmp_path, "-profile", "test,local,slurm", "-c", slurm) == local


def test_with_one_core_a_turkish_nextflow_and_another_time_zone(
    local: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NXF_OPTS", "-Duser.language=tr -Duser.country=TR")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    (tmp_path / "one_core.config").write_text(ONE_CORE)
    assert run_test_cohort(tmp_path, "-profile", "test,local", "-c", "one_core.config") == local


def test_after_tasks_were_killed_at_random(local: dict[str, str], tmp_path: Path):
    """As the kernel does when memory ends: the program of a task is killed, not Nextflow's script around it."""
    folder = tmp_path / ODD_NAME
    folder.mkdir()
    run = start("-profile", "test,local", "--outdir", "out", folder=folder)
    killed = kill_at_random(run, folder, kills=5, chance=0.02, program=".py")
    said, _ = run.communicate()
    assert run.returncode == 0, said
    assert len(killed) == 5
    check_that_only_killed_tasks_were_repeated(folder, killed)
    failed = read_trace(folder).query("status == 'FAILED'")
    assert len(failed) == 5
    assert set(failed["exit"].astype(str)) == {"137"}
    assert published(folder / "out") == local
