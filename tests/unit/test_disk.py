"""A disk that is full, met by each library that writes, ends in one message and exit 2."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sscite import disk

WRITERS = {
    "text": "open('x.txt', 'w').write('x' * 3_000_000)",
    "pandas": "import pandas as pd; pd.DataFrame({'a': range(900_000)}).to_csv('x.csv')",
    "arrow": "import pandas as pd; pd.DataFrame(rng.normal(size=(100_000, 9))).to_parquet('x.parquet')",
    "h5py": "import h5py; h5py.File('x.h5', 'w')['a'] = rng.normal(size=900_000)",
    "h5py, in blocks": "import h5py; f = h5py.File('x.h5', 'w'); "
    "[f.create_dataset(str(i), data=rng.normal(size=9_000), compression='gzip') for i in range(100)]; f.close()",
    "anndata": "import anndata; anndata.AnnData(rng.normal(size=(900, 900))).write_h5ad('x.h5ad')",
    "matplotlib": "from matplotlib import pyplot as plt; plt.figure(figsize=(20, 20), dpi=300)."
    "figimage(rng.random((3000, 3000))); plt.savefig('x.png')",
}
SCRIPT = """
from sscite import command
def main() -> None:
    import numpy as np
    rng = np.random.default_rng(0)
    with command.step('adt_normalize', 'L1'):
        {}
command.run(main, [])
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 1 MB."""
    folder = tmp_path_factory.mktemp("small")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (not root, or in a container)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_ends_in_one_message_whatever_writes(small: Path, writer: str):
    """Standard error goes to a file on the same disk, as Nextflow has it.

    HDF5 may report the objects that it could not free before (as "Exception ignored"); the message is the last line.
    """
    for path in small.iterdir():
        path.unlink()
    (small / ".command.sh").touch()
    with (small / ".command.err").open("w") as said:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(WRITERS[writer])], cwd=small, stderr=said, check=False
        )
    text = (small / ".command.err").read_text()
    assert done.returncode == 2, text
    *before, message = text.splitlines()
    assert message.startswith(f"error: no space left on the disk, or the quota is used up: work folder {small} (0.0 GB")
    assert "with -resume" in message
    assert not before or "Exception ignored in: 'h5py" in "".join(before)


def test_a_used_up_quota_is_a_full_disk_and_other_errors_are_not():
    assert disk.is_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert disk.is_full(RuntimeError("unable to close file, errno = 28, error message = 'No space left on device'"))
    assert not disk.is_full(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert not disk.is_full(RuntimeError("unable to open file (errno = 2)"))


def test_an_error_that_follows_from_a_full_disk_is_one_and_one_that_hides_it_is_not():
    def fail(error: Exception, *, hidden: bool) -> Exception:
        try:
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError as first:
                raise error from None if hidden else first
        except type(error) as raised:
            return raised

    assert disk.is_full(fail(KeyError("x"), hidden=False))
    assert not disk.is_full(fail(KeyError("x"), hidden=True))
