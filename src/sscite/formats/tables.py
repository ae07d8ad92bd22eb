"""Tables of counts: bare csv or tsv, and BD Rhapsody's with `#` header lines and AbSeq columns."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import UserError
from sscite.formats.counts import REMEDY, SHOWN, Counts, build, feature_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

BARCODE = re.compile(r"(?<![A-Za-z])[ACGTN]{8,}(?![A-Za-z])")
VALUES_A_BLOCK = 5_000_000
BD_TYPES = {"pabo": "Antibody Capture", "stabo": "Hashtag"}


def read_table(path: Path) -> Counts:
    """Read a table of droplets × features; it is turned where only its columns look like barcodes."""
    rows, columns, matrix = _read(path)
    if _barcode_share(columns) > 0.5 > _barcode_share(rows):
        rows, columns, matrix = columns, rows, matrix.T
        notes = ["the table has features in rows: it was turned"]
    else:
        notes = []
    return build(matrix, rows, feature_frame(columns), where=str(path), notes=notes)


def read_bd(path: Path) -> Counts:
    """Read BD Rhapsody's molecules per cell; the antibody columns are known by name, wherever they stand.

    AbSeq columns end in `|pAbO` and keep their whole name; sample tags in `|stAbO`. A gene of a targeted panel,
    `ADA|NM_000022.2|Reference_end`, is named by its first part with the second as identifier.
    """
    rows, columns, matrix = _read(path)
    names, ids, types = zip(*(_bd_feature(column) for column in columns), strict=True)
    return build(matrix, rows, feature_frame(names, ids, types), where=str(path))


def _bd_feature(column: str) -> tuple[str, str, str]:
    """Give name, identifier and type of a column of BD's table."""
    parts = column.split("|")
    found = BD_TYPES.get(parts[-1].lower())
    if found:
        return column, "", found
    if len(parts) > 1:
        return parts[0], "|".join(parts[1:]), "Gene Expression"
    return column, "", "Gene Expression"


def first_lines(path: Path, n: int) -> list[str]:
    """Read the first lines of a text file, plain or gzipped, without a byte order mark."""
    with _open(path) as stream:
        return [line.rstrip("\r\n") for line in islice(stream, n)]


def _open(path: Path) -> TextIO:
    """Open a text file, plain or gzipped."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open("rt", encoding="utf-8-sig", newline="")


def _read(path: Path) -> tuple[NDArray, NDArray, sparse.csr_matrix]:
    """Read row names, column names and values by blocks of rows, so that a dense table is never whole in memory."""
    skipped, separator, header = _header(path)
    if len(header) < 2:
        raise UserError(
            f"{path}: its header has one column ('{header[0]}'); expected barcodes and at least one feature"
        )
    names, blocks, problems = [], [], []
    try:
        for block in _blocks(path, skipped, separator, len(header)):
            rows, values, faults = _numbers(block, header)
            names.append(rows)
            blocks.append(sparse.csr_matrix(values))
            problems.extend(faults)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UserError(f"{path}: not a whole table ({' '.join(str(error).split())}); export it again") from error
    if problems:
        more = f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise UserError(f"{path}: values that are no numbers: {'; '.join(problems[:SHOWN])}{more}; {REMEDY}")
    if not sum(map(len, names)):
        raise UserError(f"{path}: the table has a header and no rows")
    return np.concatenate(names), np.array(header[1:], dtype=object), sparse.vstack(blocks, format="csr")


def _header(path: Path) -> tuple[int, str, list[str]]:
    """Find the number of lines before the data, the separator and the column names.

    R's write.table leaves the corner out: then the first row is one longer than the header.
    """
    with _open(path) as stream:
        skipped, line = 0, stream.readline()
        while line.startswith("#"):
            skipped, line = skipped + 1, stream.readline()
        second = stream.readline()
    if not line.strip():
        raise UserError(f"{path}: the file holds no table")
    separator = max(",\t;", key=line.count)
    header = next(csv.reader([line.rstrip("\r\n")], delimiter=separator))
    row = next(csv.reader([second.rstrip("\r\n")], delimiter=separator), [])
    if len(row) == len(header) + 1:
        header = ["", *header]
    return skipped + 1, separator, [name.strip() for name in header]


def _blocks(path: Path, skipped: int, separator: str, width: int) -> Iterator[pd.DataFrame]:
    """Read blocks of rows; the first column stays text."""
    return pd.read_csv(
        path, sep=separator, header=None, names=range(width), index_col=False, skiprows=skipped, dtype={0: str},
        chunksize=max(1, VALUES_A_BLOCK // width), encoding="utf-8-sig", na_values=[""], keep_default_na=False,
        low_memory=False,
    )  # fmt: skip


def _numbers(block: pd.DataFrame, header: list[str]) -> tuple[NDArray, NDArray, list[str]]:
    """Split a block into names and numbers; say where a value is none (an empty field stays NaN)."""
    rows = block[0].fillna("").str.strip().to_numpy(dtype=object)
    values = block.drop(columns=0)
    problems: list[str] = []
    for column in values.select_dtypes(object).columns:
        numbers = pd.to_numeric(values[column], errors="coerce")
        wrong = np.flatnonzero(numbers.isna() & values[column].notna())
        problems.extend(f"row '{rows[i]}', column '{header[column]}': '{values[column].iloc[i]}'" for i in wrong)
        values[column] = numbers
    return rows, values.to_numpy(), problems


def _barcode_share(names: NDArray) -> float:
    """Give the share of names that hold a run of bases."""
    sample = names[:1000]
    return sum(bool(BARCODE.search(str(name))) for name in sample) / max(len(sample), 1)
