"""Barcodes of two files: matched as written, with another suffix or prefix, or by their bases alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASES = re.compile(r"(?<![A-Za-z])[ACGTN]{8,}(?![A-WYZa-wyz])")  # alone, or followed by x as in ACGT...x1
MIN_SHARE = 0.1  # of the cells that a second file must have
NUMBERED = re.compile(r"\d+")


def match_barcodes(wanted: Sequence[str] | NDArray, given: Sequence[str] | NDArray) -> NDArray[np.int64]:
    """Find each wanted barcode among the given ones.

    Tools write `ACGT...`, `ACGT...-1`, `ACGT....1` (R), `L1_ACGT...-1`, `ACGT...-1_1`. Of three readings, as written,
    with the suffix `-1` or `.1` removed, and the bases alone, the one that matches most barcodes is taken; a reading
    that makes two barcodes of a file alike is not.

    Returns
    -------
    Positions in `given`, -1 where absent; shape (wanted,).
    """
    best = pd.Index(given).get_indexer(pd.Index(wanted)) if pd.Index(given).is_unique else np.full(len(wanted), -1)
    for reading in (_without_suffix, _bases):
        if len(wanted) == 0 or (best >= 0).all():
            break
        left, right = pd.Index(reading(wanted)), pd.Index(reading(given))
        if left.has_duplicates or right.has_duplicates:
            continue
        found = right.get_indexer(left)
        if (found >= 0).sum() > (best >= 0).sum():
            best = found
    return best


def overlap_problem(wanted: NDArray, given: NDArray, rows: NDArray[np.integer], column: str) -> list[str]:
    """Report a file that has fewer than 10% of the cells, with the likely reason."""
    found = int((rows >= 0).sum())
    if len(wanted) == 0 or found >= MIN_SHARE * len(wanted):
        return []
    example = f"'{given[0]}'" if len(given) else "no barcode"
    return [
        f"{found:,} of {len(wanted):,} barcodes of counts ('{wanted[0]}', ...) are in {column} ({example}, ...), and "
        "at "
        f"least {MIN_SHARE:.0%} are needed; {_reason(wanted, given, found)}"
    ]


def _reason(wanted: NDArray, given: NDArray, found: int) -> str:
    """Return the likely reason of a small overlap, and what to do."""
    for names in (wanted, given):
        bases = pd.Index(_bases(names))
        if bases.has_duplicates:
            suffixes = sorted(Counter(BASES.sub("", str(name)) for name in names))[:3]
            return (
                f"one file joins several lanes (barcodes that differ in {', '.join(map(repr, suffixes))} alone): "
                "give each "
                "lane its own row of the samplesheet and its own files, or write the same suffixes in both files"
            )
    if found and all(BASES.search(str(name)) for name in (*wanted[:20], *given[:20])):
        return (
            "the files are of different libraries, or the barcodes of TotalSeq-B are not translated to those of the "
            "RNA "
            "(10x 3' chemistry; Cell Ranger's 3M-february-2018.txt translation list): translate them, or count with "
            "Cell Ranger"
        )
    return "the files are of different libraries, or name barcodes differently: give the right file, or make them alike"


def _without_suffix(barcodes: Sequence[str] | NDArray) -> list[str]:
    """Remove the gem suffix `-1`, or `.1` as R writes it."""
    return [re.sub(r"[-.]\d+$", "", str(barcode)) for barcode in barcodes]


def _bases(barcodes: Sequence[str] | NDArray) -> list[str]:
    """Return the longest run of bases of each name; the whole name if it has none."""
    return [max(BASES.findall(str(barcode)), key=len, default=str(barcode)) for barcode in barcodes]


def looks_like_cells(names: Sequence[str] | NDArray) -> bool:
    """Return whether names are barcodes or cell numbers: bases in a few common frames, or numbers alone.

    A tag that carries its sequence (`HTO1-ACGT...`) has bases too, but each in a frame of its own.
    """
    sample = [str(name) for name in names[:1000]]
    if not sample:
        return False
    if all(NUMBERED.fullmatch(name) for name in sample):
        return True
    with_bases = [name for name in sample if BASES.search(name)]
    frames = {NUMBERED.sub("0", BASES.sub("", name)) for name in with_bases}
    few = len(frames) <= max(1, len(with_bases) // 4)
    named = {BASES.sub("", name) for name in with_bases}
    return len(with_bases) > 0.5 * len(sample) and few and (len(named) <= max(1, len(with_bases) // 2))
