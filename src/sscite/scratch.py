"""Folders that libraries write to, where the image is read-only: they are moved into the task's own folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, MutableMapping
from pathlib import Path

CACHES = ("NUMBA_CACHE_DIR", "MPLCONFIGDIR")  # filled while the image is built: copied, so that nothing compiles anew
PLACES = ("HOME", "CELLTYPIST_FOLDER")  # written to on import or for settings of the user: an empty folder serves
FOLDER = ".cache"


def is_writable(path: Path) -> bool:
    """Return whether a folder, or the nearest existing one above it, can be written to."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            return True
    except OSError:
        return False


def move(
    environment: MutableMapping[str, str], task: Path, writable: Callable[[Path], bool] = is_writable
) -> dict[str, str]:
    """Set the variables whose folder cannot be written to (a read-only root) to folders of the task.

    numba refuses to cache a function in such a folder, and CellTypist fails on import.

    Parameters
    ----------
    task
        The folder of the task.

    Returns
    -------
    The variables that were set.
    """
    moved = {}
    for name in (*CACHES, *PLACES):
        given = environment.get(name)
        if not given or writable(Path(given)):
            continue
        own = task / FOLDER / name.lower()
        if name in CACHES and Path(given).is_dir():
            shutil.copytree(given, own, dirs_exist_ok=True)
        own.mkdir(parents=True, exist_ok=True)
        moved[name] = str(own)
    environment.update(moved)
    return moved
