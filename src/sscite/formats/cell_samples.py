"""A plain table that gives the sample of each cell, as authors of public data publish it: read and checked."""

from __future__ import annotations

import csv
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from sscite.errors import UserError
from sscite.names import CALL_DOUBLET, CALL_NEGATIVE, SAMPLE, UNASSIGNED
from sscite.reading import open_text, reading
from sscite.samples.text import clean
from sscite.text import listing, plural

WHAT = "a table of cells and samples (columns barcode and sample)"
BARCODE = ("barcode", "cell", "cell_id", "cell_barcode", "cellid", "barcodes")
NO_SAMPLE = {"", "na", "n/a", "nan", UNASSIGNED, CALL_DOUBLET.casefold(), CALL_NEGATIVE.casefold(), "multiplet"}


def read_cell_samples(path: Path) -> pd.Series:
    """Read the sample of each barcode.

    The table is separated by commas, tabs or semicolons, plain or gzipped. Barcodes are in the column `barcode`,
    `cell`, `cell_id` or `cell_barcode`, else in the first, also if the header does not name it as R writes row names.
    Other columns than `sample` are ignored.

    Returns
    -------
    Sample by barcode; an empty text for cells that the table leaves empty or calls unassigned, Doublet or Negative.

    Raises
    ------
    UserError
        Not such a table; no column `sample`; no rows; a barcode that is missing or occurs twice.
    """
    header, rows = _records(path)
    lowered = [name.casefold().replace(" ", "_") for name in header]
    if lowered.count(SAMPLE) != 1:
        found = "no column" if SAMPLE not in lowered else "more than one column"
        raise UserError(
            f"{path}: {found} '{SAMPLE}'; it has {listing(header)}; name the sample of each cell in one column "
            f"'{SAMPLE}', spelt as in the samplesheet"
        )
    cell = next((lowered.index(name) for name in BARCODE if name in lowered), 0)
    table = pd.Series(
        [clean(row[lowered.index(SAMPLE)]) for row in rows], index=[row[cell].strip() for row in rows], dtype=object
    )
    _check_barcodes(path, table.index)
    table[table.str.casefold().isin(NO_SAMPLE)] = ""
    return table


def unknown_samples(table: pd.Series, samples: Collection[str], *, where: str) -> list[str]:
    """Report the samples of a table that the library's rows of the samplesheet do not have, in one problem."""
    counts = table[table != ""].value_counts()
    unknown = [
        f"'{name}' ({plural(int(counts[name]), 'cell')}){_hint(name, samples)}"
        for name in counts.index
        if name not in samples
    ]
    if not unknown:
        return []
    return [
        f"{where}: {listing(unknown)} {'is' if len(unknown) == 1 else 'are'} not among the samples of the library, "
        f"which are {listing([*samples], 12)}; spell them as the samplesheet does, add their rows to it, or leave the "
        "cells' sample empty"
    ]


def _hint(name: str, samples: Collection[str]) -> str:
    """Return the sample that a name is most like."""
    lowered = {sample.casefold(): sample for sample in samples}
    near = get_close_matches(name.casefold(), lowered, n=1, cutoff=0.8)
    return f", like '{lowered[near[0]]}'" if near else ""


def _records(path: Path) -> tuple[list[str], list[list[str]]]:
    """Read header and rows; blank rows are ignored, and a header one name short is that of R's write.table."""
    with reading(path, WHAT), open_text(path) as stream:
        first = stream.readline()
        separator = max("\t,;", key=first.count)
        header, *rows = [
            row for row in csv.reader([first, *stream], delimiter=separator, strict=True) if any(map(str.strip, row))
        ] or [[]]
    header = [name.strip() for name in header]
    if rows and len(rows[0]) == len(header) + 1:
        header = ["", *header]
    wrong = next((line for line, row in enumerate(rows, 2) if len(row) != len(header)), None)
    if wrong is not None:
        raise UserError(
            f"{path}: row {wrong} has {len(rows[wrong - 2])} values and the header {len(header)} columns; quote values "
            "that hold the separator"
        )
    if not rows:
        raise UserError(f"{path}: it holds no row of a cell; give {WHAT}, one row per cell")
    return header, rows


def _check_barcodes(path: Path, barcodes: pd.Index) -> None:
    """Refuse barcodes that are missing or occur twice."""
    empty = np.flatnonzero(barcodes == "")
    if len(empty):
        raise UserError(f"{path}: row {empty[0] + 2} has no barcode ({len(empty):,} such rows); every row needs one")
    if barcodes.has_duplicates:
        twice = barcodes[barcodes.duplicated()]
        raise UserError(
            f"{path}: barcode '{twice[0]}' occurs twice ({len(twice):,} such rows); a cell has one sample: give each "
            "library a table of its own cells"
        )
