"""The files of a library: their columns in the samplesheet, and where a task has them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

COUNTS, RAW, HASHTAGS, ANTIBODIES, GENOTYPES, CELL_SAMPLES = (
    "counts", "raw_counts", "hashtag_counts", "adt_counts", "genotype_calls", "cell_samples",
)  # fmt: skip
FILES = [COUNTS, RAW, HASHTAGS, ANTIBODIES, GENOTYPES, CELL_SAMPLES]


def staged_paths(files: pd.DataFrame, staged: str, missing: set[str]) -> dict[tuple[str, str], Path | None]:
    """Find each file where a task has it: the n-th given path is the only entry of the folder `<staged><n>`.

    Parameters
    ----------
    missing
        `library_id:column` of the paths that do not exist; they have no folder and no number.

    Returns
    -------
    Path by library_id and column; None where it does not exist.
    """
    paths: dict[tuple[str, str], Path | None] = {}
    n = 0
    for record in files.to_dict("records"):
        for column in given(record):
            key = (record["library_id"], column)
            paths[key] = None
            if ":".join(key) not in missing:
                n += 1
                paths[key] = next(Path(f"{staged}{n}").iterdir())
    return paths


def plain_paths(files: pd.DataFrame) -> dict[tuple[str, str], Path | None]:
    """Take each path as files.csv has it."""
    return {
        (record["library_id"], column): Path(record[column])
        for record in files.to_dict("records")
        for column in given(record)
    }


def given(record: dict[str, str]) -> list[str]:
    """Return the columns of files that a library has."""
    return [column for column in FILES if record.get(column)]
