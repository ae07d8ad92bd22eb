"""The cohort of -profile test is what the simulator writes: `make test-cohort` writes it again."""

from pathlib import Path

import h5py
import pytest

OPTIONS = (
    "--cells 400 --genes 600 --donors HD=3,SRC=3 --kidney 2 --lung 0 --no-stages --depth 800 --empties 0.6 --seed 16"
)


def content(path: Path) -> dict[str, list]:
    with h5py.File(path) as file:
        found: dict[str, list] = {}
        file.visititems(lambda name, item: found.update({name: item[()].tolist()} if hasattr(item, "shape") else {}))
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("cohort")
    command = [sys.executable, root / "bin" / "simulate_cohort.py", "--outdir", folder, *OPTIONS.split()]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_the_committed_cohort_is_what_the_simulator_writes(written: Path, root: Path):
    committed = root / "assets" / "test"
    libraries = sorted(path.name for path in written.glob("*.h5"))
    assert libraries == ["blood_1.h5", "blood_1.raw.h5", "kidney_1.h5", "kidney_1.raw.h5"]
    for name in libraries:
        assert content(committed / name) == content(written / name)
    for name in ("samplesheet.csv", "gene_sets.gmt"):
        assert (committed / name).read_text() == (written / name).read_text()


def test_the_make_target_writes_it_with_the_same_options(root: Path):
    assert OPTIONS in (root / "Makefile").read_text()
