"""Where the root of an image is read-only, caches that it was built with are used from a folder of the task."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sscite import scratch


def test_folders_that_cannot_be_written_to_move_into_the_task_with_their_content(tmp_path: Path):
    built = tmp_path / "opt" / "numba"
    built.mkdir(parents=True)
    (built / "kernel.nbc").write_text("compiled")
    task = tmp_path / "task"
    environment = {"NUMBA_CACHE_DIR": str(built), "MPLCONFIGDIR": str(task), "HOME": str(tmp_path / "home")}
    moved = scratch.move(environment, task, writable=lambda path: path == task)
    assert sorted(moved) == ["HOME", "NUMBA_CACHE_DIR"]
    assert environment["MPLCONFIGDIR"] == str(task)
    assert (Path(environment["NUMBA_CACHE_DIR"]) / "kernel.nbc").read_text() == "compiled"
    assert Path(environment["HOME"]).is_dir()


def test_a_folder_is_writable_if_the_nearest_one_above_it_is(tmp_path: Path):
    assert scratch.is_writable(tmp_path / "a" / "b")
    assert not scratch.is_writable(Path("/proc/self/fd/none"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc: no folder that even root cannot write to")
def test_kernels_are_cached_and_celltypist_is_imported_with_a_read_only_home_and_cache(tmp_path: Path):
    code = (
        "from sscite import command\n"
        "def main() -> None:\n"
        "    import celltypist, numpy\n"
        "    from sscite.adt import mixture\n"
        "    mixture.fit_rows(numpy.random.default_rng(0).normal(size=(4, 20)))\n"
        "command.run(main, [])\n"
    )
    read_only = dict.fromkeys((*scratch.CACHES, *scratch.PLACES), "/proc/none")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | read_only,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert list((tmp_path / ".cache" / "numba_cache_dir").rglob("*.nbc"))


def test_every_module_with_a_compiled_function_is_warmed_up_while_the_image_is_built(root: Path):
    warm_up = (root / "containers" / "warm_up.py").read_text()
    compiled = [path for path in (root / "src").rglob("*.py") if "cache=True" in path.read_text()]
    assert len(compiled) >= 3
    assert [path.stem for path in compiled if f"{path.stem}." not in warm_up] == []


def test_libraries_that_compile_on_import_are_imported_while_the_image_is_built(root: Path):
    used = " ".join(path.read_text() for path in (root / "src").rglob("*.py"))
    warm_up = (root / "containers" / "warm_up.py").read_text()
    for library in ("liana", "pertpy", "scanpy"):
        assert bool(re.search(rf"(import|from) {library}\b", used)) == (f"import {library}" in warm_up)
