"""Which side of a table holds the droplets: decided from both margins together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sscite.errors import UserError
from sscite.formats.barcodes import MIN_SHARE, looks_like_cells, match_barcodes
from sscite.formats.features import ENSEMBL, HASHTAG_NAME, UNMAPPED, is_antibody_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEATURE_NAME = re.compile(r"(CD\d+[A-Za-z]?|HLA[-_.]\w+|MT-\w+|RP[LS]\d+\w?|TCR\w*|PTPRC|ACTB|MALAT1|B2M|GAPDH)(\W.*)?")
NOTE = "features are in rows, so the table was transposed"


def has_features_in_rows(
    rows: Sequence[str] | NDArray, columns: Sequence[str] | NDArray, *, where: str, cells: NDArray | None = None
) -> bool:
    """Return whether a table must be transposed.

    The barcodes of the RNA decide where they are known and one side has them; else which side looks like barcodes or
    cell numbers, then which side has names of features; else the documented layout, droplets in rows, is taken.

    Parameters
    ----------
    rows, columns
        Names of both sides.
    where
        The file, for messages.
    cells
        Barcodes of the library's cells, where known.

    Raises
    ------
    UserError
        Both sides fit equally; the message gives both readings.
    """
    if cells is not None and len(cells):
        shares = [
            float((match_barcodes(cells, np.asarray(side, dtype=object)) >= 0).mean()) for side in (rows, columns)
        ]
        if max(shares) >= MIN_SHARE and shares[0] != shares[1]:
            return shares[1] > shares[0]
    likely = [looks_like_cells(side) for side in (rows, columns)]
    named = [feature_share(side) for side in (rows, columns)]
    if likely[0] != likely[1]:
        return likely[1]
    if named[0] != named[1]:
        return named[0] > named[1]
    if not likely[0]:
        return False
    longer, shorter = max(len(rows), len(columns)), min(len(rows), len(columns))
    if longer >= 4 * shorter:
        return len(columns) > len(rows)
    raise UserError(
        f"{where}: rows ('{rows[0]}', ...) and columns ('{columns[0]}', ...) both look like barcodes: it holds either "
        f"{len(rows):,} droplets × {len(columns):,} features or {len(columns):,} droplets × {len(rows):,} features; "
        "name "
        "the features by their antibodies, hashtags or genes"
    )


def feature_share(names: Sequence[str] | NDArray) -> float:
    """Return the share of names that are surely those of genes, antibodies, hashtags or counters of reads."""
    sample = [str(name) for name in names[:1000]]
    return sum(map(_is_feature, sample)) / max(len(sample), 1)


def _is_feature(name: str) -> bool:
    """Return whether a name is surely that of a feature."""
    return bool(
        ENSEMBL.match(name) or HASHTAG_NAME.search(name) or is_antibody_name(name) or FEATURE_NAME.fullmatch(name)
    ) or (name.casefold() in UNMAPPED)
