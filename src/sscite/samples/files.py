"""The files of a library: their columns in the samplesheet, and where a task has them."""

from __future__ import annotations

from pathlib import Path

COUNTS, RAW, HASHTAGS, ANTIBODIES, GENOTYPES, CELL_SAMPLES = (
    "counts", "raw_counts", "hashtag_counts", "adt_counts", "genotype_calls", "cell_samples",
)  # fmt: skip
FILES = [COUNTS, RAW, HASHTAGS, ANTIBODIES, GENOTYPES, CELL_SAMPLES]


def staged(record: dict[str, str]) -> dict[str, Path | None]:
    """Find each file of a library where a task has it: the only entry of the folder named as its column.

    Returns
    -------
    Path by column; None where it does not exist.
    """
    return {column: next(iter(sorted(Path(column).glob("*"))), None) for column in given(record)}


def given(record: dict[str, str]) -> list[str]:
    """Return the columns of files that a library has."""
    return [column for column in FILES if record.get(column)]
