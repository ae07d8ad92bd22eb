"""`make nf-test` fails if a test fails and if nf-test finds none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.mark.parametrize(
    ("said", "exit_status", "ends"),
    [
        ("SUCCESS: Executed 2 tests in 3s", 0, 0),
        ("FAILURE: Executed 2 tests (1 failed)", 1, 2),
        ("No tests to execute.", 0, 2),
    ],
)
def test_the_tests_of_the_processes_fail_with_one_and_without_any(
    tmp_path: Path, said: str, exit_status: int, ends: int
):
    program = tmp_path / "nf-test"
    program.write_text(f"#!/usr/bin/env bash\necho '{said}'\nexit {exit_status}\n")
    program.chmod(0o755)
    command = ["make", "--old-file=install", "nf-test"]
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == ends
    assert said in run.stderr
