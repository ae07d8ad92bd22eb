"""Tables of counts: bare csv or tsv, and BD Rhapsody's with `#` header lines and AbSeq columns."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import UserError
from sscite.formats.counts import REMEDY, SHOWN, Counts, build
from sscite.formats.features import feature_frame, without_sequence
from sscite.formats.orientation import NOTE, has_features_in_rows
from sscite.reading import LONGEST_LINE, open_text, reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALUES_PER_BLOCK = 5_000_000
MOST_ROWS = 10_000_000  # more than a capture has barcodes (6.8 million of 10x v3)
# names of the first column; without one of them a header that is one shorter than its rows lacks this column's name
CORNERS = {"barcode", "barcodes", "cell", "cells", "cell_index", "cell_id", "gene", "genes", "feature", "features"}
LONGER = "more values than the header has columns; name every column and quote names that hold the separator"
BD_TYPES = {"pabo": "Antibody Capture", "stabo": "Hashtag"}
BD_CALLS = {"cell_index", "sample_tag", "sample_name"}


def read_table(path: Path, *, cells: NDArray | None = None) -> Counts:
    """Read a table of droplets × features, or of features × droplets where both margins say so (`orientation`)."""
    rows, columns, matrix = _read(path)
    notes = []
    if has_features_in_rows(rows, columns, where=str(path), cells=cells):
        rows, columns, matrix, notes = columns, rows, matrix.T, [NOTE]
    names, ids = zip(*map(without_sequence, map(str, columns)), strict=True)
    if len(set(names)) < len(names):
        names, ids = tuple(columns), ("",) * len(columns)
    return build(matrix, rows, feature_frame(names, ids), where=str(path), notes=notes)


def read_bd(path: Path) -> Counts:
    """Read BD Rhapsody's molecules per cell; the antibody columns are known by name, wherever they stand.

    AbSeq columns end in `|pAbO` and keep their whole name; sample tags end in `|stAbO` and lose it. A gene of a
    targeted panel, `ADA|NM_000022.2|Reference_end`, is named by its first part with the second as identifier.
    """
    _, _, header = _header(path)
    if {name.casefold() for name in header} <= BD_CALLS:
        raise UserError(
            f"{path}: these are BD's calls of sample tags ({', '.join(header)}), not counts; give the table of "
            "sample tag "
            "counts (..._Sample_Tag_ReadsPerCell.csv)"
        )
    rows, columns, matrix = _read(path)
    names, ids, types = zip(*(_bd_feature(column) for column in columns), strict=True)
    return build(matrix, rows, feature_frame(names, ids, types), where=str(path))


def _bd_feature(column: str) -> tuple[str, str, str]:
    """Return name, identifier and type of a column of BD's table."""
    parts = column.split("|")
    found = BD_TYPES.get(parts[-1].lower())
    if found == "Hashtag":
        return parts[0], "|".join(parts[1:-1]), found
    if found:
        return column, "", found
    if len(parts) > 1:
        return parts[0], "|".join(parts[1:]), "Gene Expression"
    return column, "", "Gene Expression"


def first_lines(path: Path, n: int) -> list[str]:
    """Read the first lines of a text file, plain or gzipped, without a byte order mark."""
    with open_text(path) as stream:
        return [line[:1000].rstrip("\r\n") for line in islice(stream, n)]


def _read(path: Path) -> tuple[NDArray, NDArray, sparse.csr_matrix]:
    """Read row names, column names and values by blocks of rows, so that a dense table is never whole in memory."""
    skipped, separator, header = _header(path)
    if len(header) < 2:
        raise UserError(
            f"{path}: its header has one column ('{header[0][:60]}'); a table has barcodes in the first column and at "
            "least one feature, separated by commas, tabs or semicolons"
        )
    names, blocks, problems = [], [], []
    with reading(path, "a table of counts"):
        for block in _blocks(path, skipped, separator, len(header)):
            rows, values, faults = _numbers(block, header)
            names.append(rows)
            blocks.append(sparse.csr_matrix(values))
            problems.extend(faults)
            if len(problems) > 1000:
                break
    if problems:
        more = f" and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise UserError(f"{path}: non-numeric values: {'; '.join(problems[:SHOWN])}{more}; {REMEDY}")
    if not sum(map(len, names)):
        raise UserError(f"{path}: the table has a header and no rows; give one row per droplet")
    return np.concatenate(names), np.array(header[1:], dtype=object), sparse.vstack(blocks, format="csr")


def _header(path: Path) -> tuple[int, str, list[str]]:
    """Return the number of lines before the data, the separator and the column names.

    R's write.table leaves the corner out: then the first row is one longer than the header.
    """
    with reading(path, "a table of counts"), open_text(path) as stream:
        skipped, line = 0, stream.readline(LONGEST_LINE)
        while line.startswith("#"):
            skipped, line = skipped + 1, stream.readline(LONGEST_LINE)
        second = stream.readline(LONGEST_LINE)
    if not line.strip():
        raise UserError(
            f"{path}: the file holds no table; its first line (below lines that begin with #) must name the columns"
        )
    separator = max(",\t;", key=line.count)
    with reading(path, "a table of counts"):
        csv.field_size_limit(LONGEST_LINE)
        header = next(csv.reader([line.rstrip("\r\n")], delimiter=separator))
        row = next(csv.reader([second.rstrip("\r\n")], delimiter=separator), [])
    header = [name.strip() for name in header]
    if len(row) == len(header) + 1 and header[-1] and header[0].casefold() not in CORNERS:
        header = ["", *header]
    while len(header) > 1 and not header[-1]:
        header.pop()
    return skipped + 1, separator, header


def _blocks(path: Path, skipped: int, separator: str, width: int) -> Iterator[pd.DataFrame]:
    """Read blocks of rows; the first column stays text, and one column more than the header has must stay empty.

    Raises
    ------
    UserError
        A row is longer; there are more rows than a capture has barcodes, or most have the name of another.
    """
    count = 0
    with open_text(path, limited=False) as stream:
        for _ in range(skipped):
            stream.readline(LONGEST_LINE)
        blocks = iter(pd.read_csv(
            stream, sep=separator, header=None, names=range(width + 1), index_col=False, dtype={0: str},
            chunksize=max(1, VALUES_PER_BLOCK // width), na_values=[""], keep_default_na=False, low_memory=False,
        ))  # fmt: skip
        while (block := _next(blocks, path)) is not None:
            count += len(block)
            if count > MOST_ROWS or 2 * block[0].nunique(dropna=False) < len(block) - 1:
                raise UserError(
                    f"{path}: {count:,} rows or more, many of one name; a table has one row per droplet or per "
                    "feature: check where the file comes from and export it again"
                )
            yield block


def _next(blocks: Iterator[pd.DataFrame], path: Path) -> pd.DataFrame | None:
    """Return the next block of rows, None after the last.

    Raises
    ------
    UserError
        A row has more values than the header has columns.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            block = next(blocks, None)
        except pd.errors.ParserWarning as error:
            raise UserError(f"{path}: a row has {LONGER}") from error
    longer = block.iloc[:, -1].notna() if block is not None else pd.Series(dtype=bool)
    if block is not None and longer.any():
        names = ", ".join(f"'{name}'" for name in block.loc[longer, 0][:SHOWN])
        raise UserError(f"{path}: {longer.sum():,} rows have {LONGER}: {names}")
    return block


def _numbers(block: pd.DataFrame, header: list[str]) -> tuple[NDArray, NDArray, list[str]]:
    """Split a block into names and numbers; report values that are not numbers (an empty field stays NaN)."""
    rows = block[0].fillna("").str.strip().to_numpy(dtype=object)
    values = block.drop(columns=[0, len(header)])
    problems = []
    for column in values.select_dtypes(bool).columns:
        problems.append(f"column '{header[column]}' holds True and False")
    for column in values.select_dtypes(object).columns:
        numbers = pd.to_numeric(values[column].where(~values[column].isin([True, False])), errors="coerce")
        wrong = np.flatnonzero(numbers.isna() & values[column].notna())
        problems.extend(f"row '{rows[i]}', column '{header[column]}': '{values[column].iloc[i]}'" for i in wrong)
        values[column] = numbers
    return rows, values.to_numpy(dtype=float), problems
