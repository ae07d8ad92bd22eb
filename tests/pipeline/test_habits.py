"""What users of nf-core pipelines expect: a test profile, suggestions, a summary at the end, paths on other hosts."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from pipeline.conftest import NEXTFLOW, nextflow

pytestmark = pytest.mark.pipeline

SHEET = "library,sample,donor,tissue,counts\nL1,S1,D1,blood,{}\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve an empty folder, so that every file is absent (404) on a host that answers."""
    folder = tmp_path_factory.mktemp("served")

    class Silent(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, directory=str(folder), **named)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_parameters_of_other_pipelines_and_typing_errors_get_the_right_advice(tmp_path: Path):
    options = ["--max_memory", "8.GB", "--resolutoin", 2, "--minDonors", 2, "--wobble", 1, "--publish_dir_mode", "move"]
    run = nextflow("--input", "https://nohost.invalid/sheet.csv", *options, folder=tmp_path)
    assert run.returncode == 2
    for words in (
        "unknown parameter --max_memory: limits are process.resourceLimits in a file given by -c",
        "unknown parameter --resolutoin; did you mean --resolution?",
        "unknown parameter --minDonors; did you mean --min_donors?",
        "unknown parameter --wobble (--help",
        "--publish_dir_mode is 'move': choose one of copy",
        "--input https://nohost.invalid/sheet.csv: cannot be reached (UnknownHostException",
    ):
        assert words in run.stdout
    assert "max_genes" not in run.stdout


def test_a_file_that_is_absent_on_a_host_that_answers_is_absent(tmp_path: Path, host: str):
    run = nextflow("--input", f"{host}/sheet.csv", folder=tmp_path)
    assert run.returncode == 2
    assert f"--input {host}/sheet.csv: no such file" in run.stdout


def test_a_host_of_the_samplesheet_that_does_not_answer_ends_the_run_by_its_name(tmp_path: Path):
    (tmp_path / "sheet.csv").write_text(SHEET.format("https://nohost.invalid/counts.h5"))
    run = nextflow("-stub-run", "-profile", "stub,local", "--input", "sheet.csv", folder=tmp_path)
    assert run.returncode != 0
    assert "https://nohost.invalid/counts.h5 of the samplesheet: cannot be reached" in run.stdout
    assert "no such file" not in run.stdout
    assert "sscite: not finished" in run.stdout


def test_a_cloud_needs_an_image_in_a_registry(tmp_path: Path):
    (tmp_path / "here.config").write_text("process.executor = 'local'")  # so that the plugin is not needed
    run = nextflow("-profile", "test,k8s", "-c", "here.config", folder=tmp_path)
    assert run.returncode == 2
    assert "--image sscite:latest: k8s pulls the image from a registry" in run.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A bare repository of what is tracked here, as a server would hold it."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    source, bare = tmp_path / "source", tmp_path / "sscite.git"
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    author = ["-c", "user.name=x", "-c", "user.email=x@x"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*author, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *command], cwd=source, check=True)
    subprocess.run(["git", "clone", "-q", "--bare", source, bare], check=True)
    return bare


def test_the_test_profile_runs_from_the_address_of_the_repository_with_nothing_else_given(
    repository: Path, tmp_path: Path
):
    command = [NEXTFLOW, "run", f"file:{repository}", "-stub-run", "-profile", "test,stub,local"]
    environment = os.environ | {
        "NXF_ASSETS": str(tmp_path / "assets"),
        "NXF_OFFLINE": "false",  # nothing is fetched; Nextflow refuses any clone else
        "NXF_ANSI_LOG": "false",
    }
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "sscite: done (" in run.stdout
    assert "Report: results/report.html" in run.stdout
    assert (tmp_path / "results" / "report.html").is_file()
