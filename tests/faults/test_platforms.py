"""The cohort of -profile test gives the same files, byte for byte, on each platform, with any cores and locale.

Slow (about 5 CPU minutes a run): `make test-faults`. What may differ between runs, and why: `OF_THE_RUN`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline.conftest import engine, nextflow, published

pytestmark = pytest.mark.faults

__all__ = ["engine"]  # the fixture that builds the image

ONE_CORE = "process { cpus = 1; withLabel: large { cpus = 1 } }\n"


def run(folder: Path, *options: object) -> dict[str, str]:
    """Run the cohort of the test profile; return what it published."""
    ended = nextflow(*options, "--outdir", "out", folder=folder)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    return published(folder / "out")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found = run(tmp_path_factory.mktemp("local"), "-profile", "test,local")
    assert len(found) > 100
    return found


def test_in_the_container(local: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path):
    profile, image = request.getfixturevalue("engine")[1:2], request.getfixturevalue("engine")[2:]
    if profile != ["docker"]:
        pytest.skip("no Docker daemon answers or it cannot get the base image")
    assert run(tmp_path, "-profile", "test,docker", *image) == local


def test_under_slurm(local: dict[str, str], slurm: Path, tmp_path: Path):
    assert run(tmp_path, "-profile", "test,local,slurm", "-c", slurm) == local


def test_with_one_core_a_turkish_nextflow_and_another_time_zone(
    local: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NXF_OPTS", "-Duser.language=tr -Duser.country=TR")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    (tmp_path / "one_core.config").write_text(ONE_CORE)
    assert run(tmp_path, "-profile", "test,local", "-c", "one_core.config") == local
