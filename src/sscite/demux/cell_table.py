"""The sample of each cell from a plain table of cells and samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sscite.errors import UserError
from sscite.formats import match_barcodes
from sscite.formats.barcodes import overlap_problem
from sscite.formats.cell_samples import read_cell_samples, unknown_samples
from sscite.text import plural

if TYPE_CHECKING:
    from sscite.command import Facts

MAX_WITHOUT_ROW = 0.1  # of the cells; above it the report warns


@dataclass(frozen=True)
class Found:
    """The sample of each cell (empty without one), how many cells have no row, and how many a row without a sample."""

    sample: pd.Series
    without_row: int
    without_sample: int


def read_aligned(path: Path, cells: pd.Index, samples: list[str]) -> Found:
    """Read a table of cells and samples in the order of the cells.

    Parameters
    ----------
    cells
        Names of the cells, `<library>:<barcode>`.
    samples
        The samples of the library in the samplesheet.

    Raises
    ------
    UserError
        The table cannot be read, names other samples, or has fewer than one cell in ten.
    """
    table = read_cell_samples(path)
    bare = pd.Index([cell.rsplit(":", 1)[-1] for cell in cells], dtype=object)
    given = table.index.astype(str).to_numpy()
    position = match_barcodes(bare.to_numpy(), given)
    problems = unknown_samples(table, samples, where=str(path))
    problems += [f"{path}: {text}" for text in overlap_problem(bare.to_numpy(), given, position, "cell_samples")]
    if problems:
        raise UserError(problems)
    sample = table.iloc[position].set_axis(cells).where(position >= 0, "")
    without_row = int((position < 0).sum())
    return Found(sample, without_row, int((sample == "").sum()) - without_row)


def phrase(found: Found) -> str:
    """Describe the evidence: how many cells have no row, or a row without a sample."""
    without = f"{plural(found.without_row, 'cell has', 'cells have')} no row in it"
    unassigned = f"{plural(found.without_sample, 'cell has', 'cells have')} a row without a sample"
    return f" by the table of cells and samples; {without} and {unassigned}"


def report(found: Found, facts: Facts) -> None:
    """Add the numbers of cells without a row or a sample, and warn if many cells have no row."""
    facts.number(without_row=found.without_row, without_sample=found.without_sample)
    cells = len(found.sample)
    if found.without_row > MAX_WITHOUT_ROW * cells:
        facts.warn(
            f"{found.without_row:,} of {cells:,} cells have no row in the table of cells and samples and are excluded "
            "from all comparisons: cells that its authors removed, or a table of other cells"
        )
