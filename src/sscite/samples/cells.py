"""Whether droplets are what the sheet says: called cells, and those of the same capture as all droplets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.formats.barcodes import match_barcodes
from sscite.formats.tenx import DENOISED
from sscite.names import FEATURE_TYPE, GENE_ID
from sscite.totals import per_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sscite.formats import Counts

MOST_CELLS = 0.99  # quantile of the totals of cells that stands for a full cell, as in Cell Ranger's OrdMag
TINY = 100  # times smaller than a full cell: an empty droplet
EMPTY_SHARE = 0.5  # of such droplets from which a matrix is not one of called cells
MIN_DROPLETS = 100
COMPARED = 500  # cells whose counts are compared with those of all droplets
WHOLE_OF_CELL_RANGER = (
    "the matrix of all droplets (raw_feature_bc_matrix), not of called cells; give filtered_feature_bc_matrix as "
    "counts and this file as raw_counts"
)
WHOLE_OF_CELLBENDER = (
    "CellBender's output of all droplets; give its output of cells (<name>_filtered.h5) as counts, and Cell Ranger's "
    "raw_feature_bc_matrix.h5 as raw_counts"
)
SAME, ALIKE = 0.75, 0.98  # shares of a cell's counts that all droplets hold for its barcode


def empty_droplet_problem(counts: Counts) -> list[str]:
    """Report a matrix of all droplets given as called cells.

    A full cell is the 99th percentile of the droplets within a factor of ten of it (OrdMag of Cell Ranger, found by
    iteration); more than half of the droplets a hundred times smaller are not called cells.
    """
    totals = per_cell(counts.matrix)
    full = full_cell(totals)
    tiny = int((totals < full / TINY).sum())
    if len(totals) < MIN_DROPLETS or tiny <= EMPTY_SHARE * len(totals):
        return []
    return [
        f"{tiny:,} of its {len(totals):,} droplets hold under 1% of the counts of a full cell ({full:,.0f}): this is "
        + (WHOLE_OF_CELLBENDER if DENOISED in counts.notes else WHOLE_OF_CELL_RANGER)
    ]


def full_cell(totals: NDArray) -> float:
    """Return the count of a full cell, where 'cells' are the droplets above a tenth of it."""
    largest = np.sort(totals)[::-1]
    cells = min(len(largest), MIN_DROPLETS)  # fewer than there are; each round adds those within a factor of ten
    full = 0.0
    while cells:
        full = float(np.quantile(largest[:cells], MOST_CELLS))
        found = int((largest > full / 10).sum())
        if found <= cells:
            break
        cells = found
    return full


def other_lane_problem(parts: Sequence[Counts], raw: Counts, rows: NDArray[np.integer]) -> tuple[list[str], list[str]]:
    """Compare the counts of called cells with those of the same barcodes among all droplets.

    Every lane has the same list of barcodes, so that barcodes match between lanes and counts do not. The measure is the
    share of a cell's counts that all droplets hold for its barcode and feature: 1 in files of one run.

    Returns
    -------
    Problems, and what the report should warn of.
    """
    share = shared_counts(parts, raw, rows)
    if share is None or share >= ALIKE:
        return [], []
    sentence = (
        f"in raw_counts the called cells' barcodes hold {share:.0%} of the counts that they have in counts (median "
        "cell)"
    )
    if share < SAME:
        return [
            f"{sentence}: the two files are of different lanes or runs; give raw_counts and counts of the same capture"
        ], []
    return [], [f"{sentence}; the two were quantified differently, or the files are of different runs"]


def shared_counts(parts: Sequence[Counts], raw: Counts, rows: NDArray[np.integer]) -> float | None:
    """Return the median over cells of sum(min(called, raw)) / sum(called), on shared features; None without any."""
    cells = np.flatnonzero(rows >= 0)
    cells = cells[np.unique(np.linspace(0, len(cells) - 1, COMPARED).astype(int))] if len(cells) > COMPARED else cells
    given = _keys(raw)
    smaller, total = np.zeros(len(cells)), np.zeros(len(cells))
    for part in parts:
        keys = _keys(part)
        at = np.full(len(keys), -1) if given.has_duplicates else given.get_indexer(keys)
        kept = np.flatnonzero(at >= 0)
        called = part.matrix[cells][:, kept]
        smaller += np.asarray(called.minimum(raw.matrix[rows[cells]][:, at[kept]]).sum(axis=1)).ravel()
        total += np.asarray(called.sum(axis=1)).ravel()
    if not (total > 0).any():
        return None
    return float(np.median(smaller[total > 0] / total[total > 0]))


def denoised_raw_problem(raw: Counts) -> list[str]:
    """Report CellBender's output given as all droplets: its droplets without a cell hold no counts."""
    if DENOISED not in raw.notes:
        return []
    return [
        "this is CellBender's output, in which droplets without a cell hold no counts, so that no background can be "
        "estimated; give Cell Ranger's raw_feature_bc_matrix.h5, from which CellBender started"
    ]


def denoised_protein_doubt(proteins: Counts, raw: Counts) -> list[str]:
    """Report antibody counts that CellBender has reduced, of which dsb would subtract the background again.

    Parameters
    ----------
    proteins
        Antibody counts of the called cells.
    raw
        All droplets as Cell Ranger wrote them.
    """
    given = raw.select(raw.features.index.isin(proteins.features.index))
    kept = shared_counts([given], proteins, match_barcodes(raw.barcodes, proteins.barcodes))
    if kept is None or kept >= ALIKE:
        return []
    return [
        f"CellBender has left {kept:.0%} of the antibody counts of raw_counts (median cell), of which the background "
        'in empty droplets would be subtracted again; run it with --exclude-feature-types "Antibody Capture", or give '
        "Cell Ranger's antibody counts as adt_counts"
    ]


def _keys(counts: Counts) -> pd.MultiIndex:
    """Return name, identifier and type of each feature."""
    return pd.MultiIndex.from_frame(
        counts.features.rename_axis("feature").reset_index()[["feature", GENE_ID, FEATURE_TYPE]]
    )
