"""Runs of the whole pipeline, one for all the tests that read it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

NEXTFLOW = ROOT / "tools" / "nextflow" / "nextflow"


def nextflow(*arguments: object, folder: Path, timeout: int = 3000) -> subprocess.CompletedProcess[str]:
    """Run this pipeline from a folder of its own, so that its logs and work stay there."""
    environment = os.environ | {"NXF_ANSI_LOG": "false"}
    command = [str(NEXTFLOW), "run", str(ROOT), *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=timeout, env=environment
    )


def start(*arguments: object, folder: Path) -> subprocess.Popen[str]:
    """Start this pipeline in a process group of its own, which can be killed whole."""
    command = [str(NEXTFLOW), "run", str(ROOT), *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env=os.environ | {"NXF_ANSI_LOG": "false"},
    )  # fmt: skip


@pytest.fixture(scope="session")
def demo() -> Path:
    """The results of the demo cohort: `make demo`, which does nothing twice."""
    run = subprocess.run(["make", "demo"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=3000)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return ROOT / "results" / "demo"


STUB_OPTIONS = ["-stub-run", "-profile", "stub,local", "-resume", "--input", "samplesheet.csv", "--outdir", "out"]


def write_stub_cohort(folder: Path) -> Path:
    """Write a samplesheet of four libraries, whose counts a stub run never reads, into a new folder."""
    folder.mkdir()
    rows = ["library,sample,donor,tissue,counts,group"]
    for n, group in ((1, "a"), (2, "a"), (3, "b"), (4, "b")):
        (folder / f"{n}.h5").write_text(str(n))
        os.utime(folder / f"{n}.h5", (0, 0))
        rows.append(f"L{n},S{n},D{n},blood,{n}.h5,{group}")
    (folder / "samplesheet.csv").write_text("\n".join(rows) + "\n")
    return folder


# what may differ between two runs of one cohort, and why
OF_THE_RUN = re.compile(
    r"^(run/"  # the trace, times, the name of the run and the versions of software
    r"|report\.html$|report\.json$|report_pages/"  # name the run, the hosts' times and versions
    r"|multiqc/"  # the general table has the version
    r"|ro-crate-metadata\.json$)"  # dates, and checksums of the files above
)


def published(out: Path) -> dict[str, str]:
    """Return the SHA-256 of every published file that two runs of one cohort must have in common."""
    files = {str(path.relative_to(out)): path for path in sorted(out.rglob("*")) if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not OF_THE_RUN.match(name)
    }


def answers(*command: str) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def engine() -> list[str]:
    """The profiles to run real libraries with: in the image where Docker and its base image are there, else here."""
    base = os.environ.get("BASE_IMAGE", "python:3.13-slim-trixie")
    if not answers("docker", "info") or not (
        answers("docker", "image", "inspect", base) or answers("docker", "pull", base)
    ):
        return ["-profile", "local"]
    script = ROOT / "containers" / "build.sh"
    build = subprocess.run([script], capture_output=True, text=True, check=False, timeout=2400)
    assert build.returncode == 0, build.stdout[-3000:] + build.stderr[-3000:]
    return ["-profile", "docker", "--image", build.stdout.splitlines()[-1]]
