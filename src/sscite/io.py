"""Files of our own making, opened and written here alone. What users bring is read by `sscite.formats`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import pandas as pd

from sscite import elements, names
from sscite.errors import UserError
from sscite.reading import reading

OURS = "an HDF5 file that a step of this pipeline wrote"


def read_fragment(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read what a step adds to each cell, or those columns of it: a frame indexed by cell."""
    with reading(path, "a table of cells (.parquet) of a step of this pipeline"):
        return pd.read_parquet(path, columns=columns)


def write_fragment(frame: pd.DataFrame, path: Path) -> None:
    """Write what a step adds to each cell, keyed by cell, in the order given."""
    frame.rename_axis(index=names.CELL).to_parquet(path, compression="zstd")


def read_table(path: Path, needed: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table of ours. Identifiers stay text; only columns named as numbers by the caller are converted.

    Raises
    ------
    UserError
        It cannot be read, or lacks a column of `needed`.
    """
    with reading(path, "a table (.csv) of a step of this pipeline"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return with_columns(frame, path, needed)


def with_columns(frame: pd.DataFrame, path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """Return a table unless it lacks a column.

    Raises
    ------
    UserError
        Names the file and the columns.
    """
    missing = [name for name in needed if name not in frame]
    if missing:
        has = ", ".join(map(str, frame.columns)) or "nothing"
        raise UserError(
            f"{path}: no column {', '.join(missing)}; it has {has}; give the file that an earlier step wrote"
        )
    return frame


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV without an index; gzip where the name ends in .gz, without a time stamp."""
    compression = {"method": "gzip", "mtime": 0} if path.suffix == ".gz" else None
    frame.to_csv(path, index=False, compression=compression, lineterminator="\n")


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a .h5mu or .h5 file of ours to read parts of it.

    Raises
    ------
    UserError
        It is not an HDF5 file, or is truncated.
    """
    with reading(path, OURS):
        file = h5py.File(path)
    with file:
        yield file


def modalities(path: Path) -> list[str]:
    """List the modalities of a .h5mu file."""
    with reading(path, OURS), h5py.File(path) as file:
        return list(file["mod"])


def read_modality(path: Path, modality: str) -> elements.Modality:
    """Read the counts of one modality of a .h5mu file, without the others.

    Raises
    ------
    UserError
        The file has no such modality.
    """
    with reading(path, OURS), h5py.File(path) as file:
        if modality not in file["mod"]:
            raise UserError(f"{path}: no modality '{modality}'; it has {', '.join(file['mod'])}")
        return elements.read_modality(file[f"mod/{modality}"])


def read_obs(path: Path, modality: str | None = None) -> pd.DataFrame:
    """Read the cells' table of a .h5mu file (of one modality, where named) and nothing else."""
    with reading(path, OURS), h5py.File(path) as file:
        return elements.read(file[f"mod/{modality}/obs" if modality else "obs"])
