"""A full disk or a used-up quota, as Python, HDF5 and Arrow report it: one message in place of a traceback."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

CODES = (errno.ENOSPC, errno.EDQUOT)
# HDF5: "... (file write failed: ..., errno = 28, error message = 'No space left on device', ..."
WORDS = re.compile(rf"errno ?=? ?({'|'.join(map(str, CODES))})\b|{'|'.join(map(os.strerror, CODES))}", re.IGNORECASE)


def is_full(error: BaseException | None) -> bool:
    """Return whether an error, or one that it followed from, is that of a full disk or a used-up quota."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in CODES) or WORDS.search(str(error)):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def problem(task: Path) -> str:
    """Return the message for a full disk: the folders that a task writes to, with the space that each has free."""
    folders = {"work folder": task.resolve(), "temporary folder": Path(os.environ.get("TMPDIR") or "/tmp")}
    free = [
        f"{name} {folder} ({shutil.disk_usage(folder).free / 1e9:.1f} GB free)"
        for name, folder in folders.items()
        if folder.is_dir()
    ]
    return (
        f"no space left on the disk, or the quota is used up: {', '.join(free)}; free space (nextflow clean) or give "
        "another work folder with -w, then run again with -resume (docs/troubleshooting.md)"
    )


def end(task: Path) -> NoReturn:
    """Report a full disk and end with exit 2, without the flushing of open files at which HDF5 crashes.

    Nextflow's `.command.err` is on the same disk, so that space is needed for the message: in a folder of Nextflow
    (one that holds `.command.sh`) the files that the task wrote, which are of no use, are emptied.
    """
    message = problem(task)
    if (task / ".command.sh").is_file():
        for path in task.rglob("*"):
            if path.is_file() and not path.is_symlink() and not path.name.startswith((".command", ".exitcode")):
                with suppress(OSError):
                    os.truncate(path, 0)
    with suppress(OSError):
        print(f"error: {message}", file=sys.stderr, flush=True)
    os._exit(2)
