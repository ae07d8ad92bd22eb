"""The settings of each profile, as `nextflow config` resolves them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from pipeline.conftest import NEXTFLOW

pytestmark = pytest.mark.pipeline

ENGINES = ["docker", "podman", "apptainer", "singularity", "charliecloud"]


def settings(folder: Path, profile: str, parser: str = "v1") -> str:
    """Return the flat settings of profiles."""
    environment = os.environ | {"NXF_SYNTAX_PARSER": parser, "NXF_ANSI_LOG": "false"}
    command = [str(NEXTFLOW), "config", str(ROOT), "-profile", profile, "-flat"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("profile", ["local,slurm", "slurm,local"])
def test_a_queue_keeps_its_executor_and_is_not_limited_by_this_machine(tmp_path: Path, profile: str):
    found = settings(tmp_path, profile, parser="v2")
    assert "process.executor = 'slurm'" in found
    assert f"env.PATH = '{ROOT}/.venv/bin:$PATH'" in found
    assert re.search(r"process\.resourceLimits = \{\s*task\.executor == 'local' \?", found)
    assert "trace.file = 'results/run/trace.txt'" in found


def test_every_engine_has_its_image_and_passes_the_limits_on(tmp_path: Path):
    found = settings(tmp_path, ",".join(["test", *ENGINES]))
    for engine in ENGINES:
        assert f"{engine}.enabled = true" in found
        assert f"{engine}.envWhitelist = 'OMP_NUM_THREADS,SSCITE_CPUS," in found
    assert "process.container = 'sscite:latest'" in found
    assert f"params.input = '{ROOT}/assets/test/samplesheet.csv'" in found
    assert "+ (130..145) + (50001..50006)" in found


def test_every_process_runs_in_the_one_image(tmp_path: Path):
    command = [str(NEXTFLOW), "inspect", str(ROOT), "-profile", "test,docker", "--image", "registry/sscite:1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = {process["name"]: process["container"] for process in json.loads(done.stdout)["processes"]}
    declared = [
        name for path in ROOT.glob("modules/*/*.nf") for name in re.findall(r"^process (\w+)", path.read_text(), re.M)
    ]
    assert sorted(found) == sorted(declared)
    assert set(found.values()) == {"registry/sscite:1"}


@pytest.mark.parametrize(
    ("profile", "lines"),
    [
        ("awsbatch", ["process.executor = 'awsbatch'", "aws.batch.maxSpotAttempts = 5"]),
        ("googlebatch", ["process.executor = 'google-batch'", "process.containerOptions = '--user root'",
                         "google.batch.maxSpotAttempts = 5"]),
        ("k8s", ["process.executor = 'k8s'", "k8s.securityContext = [runAsUser:1000, runAsGroup:1000, fsGroup:1000]"]),
    ],
)  # fmt: skip
def test_a_cloud_retries_what_it_reclaims_and_lets_the_image_s_user_write(
    tmp_path: Path, profile: str, lines: list[str]
):
    found = settings(tmp_path, profile)
    for line in lines:
        assert line in found
