"""What the project must not contain."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT


def tracked_files() -> list[str]:
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_file_names_a_package_registry_or_a_path_of_one_machine():
    hosts = [
        "py" + "pi.org",
        "files.python" + "hosted",
        "registry.npm" + "js",
        "repo1.maven" + ".org",
        "deb.debian" + ".org",
    ]
    forbidden = re.compile("|".join(map(re.escape, [*hosts, "/work" + "/main", "/work" + "/shared"])))
    bad = []
    for path in tracked_files():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if forbidden.search(text):
            bad.append(path)
    assert not bad


def test_no_data_model_or_binary_is_kept_in_the_project_but_the_simulated_cohort_of_the_test_profile():
    suffixes = (".h5", ".h5ad", ".h5mu", ".pkl", ".jar", ".parquet", ".npz", ".gz", ".whl", ".png", ".pdf")
    kept = [path for path in tracked_files() if path.endswith(suffixes)]
    assert {str(Path(path).parent) for path in kept} == {"assets/test"}
    assert sum((ROOT / path).stat().st_size for path in kept) < 700_000
