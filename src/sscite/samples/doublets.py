"""Score doublets of different cell types by simulated doublets (Scrublet)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import Reason, Skipped
from sscite.names import DOUBLET, DOUBLET_RATE, DOUBLET_SCORE, RNA
from sscite.samples.scrublet import MIN_CELLS_OF_GENE, doublet_scores

if TYPE_CHECKING:
    from sscite.command import Facts
    from sscite.elements import Modality

RATE_PER_CELL = 0.8 / 100 / 1000  # share of doublets per cell loaded to the library, 10x Genomics
HIGHEST_RATE = 0.3
MIN_CELLS = 50
MIN_GENES = 10  # a cell with fewer genes cannot be placed among its neighbours
MIN_FEATURES = 50


def run(id: str, library: Path, capture_cells: Path | None, *, seed: int, facts: Facts) -> None:
    """Score the doublets of one library and write `<id>.samples_doublets.parquet`, empty scores if it is skipped."""
    from sscite import io
    from sscite.samples import report

    frame = no_scores(io.read_obs(library).index)
    try:
        if RNA not in io.modalities(library):
            raise Skipped(Reason.NO_RNA)
        loaded = cells_of_capture(id, capture_cells)
        frame, numbers, simulated = score(io.read_modality(library, RNA), seed=seed, loaded=loaded)
        report.doublets(facts, frame, numbers, simulated)
    except Skipped as skipped:
        facts.skip(skipped)
    io.write_fragment(frame, Path(f"{id}.samples_doublets.parquet"))


def cells_of_capture(id: str, path: Path | None) -> int | None:
    """Return the number of cells of the capture that a library is a part of; None where no table is given."""
    if path is None:
        return None
    from sscite import io

    cells = io.read_table(path).set_index("library_id")["capture_cells"]
    return int(cells[id]) if id in cells else None


def expected_rate(cells: int) -> float:
    """Return the fraction of doublets that the loading predicts: 0.8% per 1,000 cells, at most 30%."""
    return min(RATE_PER_CELL * cells, HIGHEST_RATE)


def choose_threshold(scores: np.ndarray, simulated: np.ndarray, rate: float) -> float:
    """Flag the expected share of cells at most, and of these only cells that score above the median simulated doublet.

    Scrublet's own cut, the lowest point between two humps of the simulated scores, flagged 2% of the doublets planted
    in cells whose types are close (benchmarks/samples.py): there are no two humps to cut between.
    """
    return float(max(np.quantile(scores, 1 - rate), np.median(simulated)))


def no_scores(cells: pd.Index) -> pd.DataFrame:
    """Return the scores of cells that were not scored: NaN, and no doublet."""
    return pd.DataFrame({DOUBLET_SCORE: np.nan, DOUBLET: False, DOUBLET_RATE: np.nan}, index=cells)


def score(rna: Modality, *, seed: int, loaded: int | None = None) -> tuple[pd.DataFrame, dict[str, float], np.ndarray]:
    """Score each cell against simulated doublets.

    Parameters
    ----------
    rna
        Raw counts of one library.
    loaded
        Cells of the whole capture that the library is a part of; None: those of the library.

    Returns
    -------
    Frame of `doublet_score` (NaN for cells with almost no genes), `doublet` and `doublet_rate`, one row per cell; the
    numbers behind: expected_rate and threshold; and the scores of the simulated doublets.

    Raises
    ------
    Skipped
        TOO_FEW_CELLS below 50 cells with genes.
    """
    matrix = sparse.csr_matrix(rna.X)
    usable = np.flatnonzero(np.diff(matrix.indptr) >= MIN_GENES)
    matrix = matrix if len(usable) == len(rna) else matrix[usable]
    genes = int((np.bincount(matrix.indices) >= MIN_CELLS_OF_GENE).sum())
    if len(usable) < MIN_CELLS or genes < MIN_FEATURES:
        raise Skipped(
            Reason.TOO_FEW_CELLS,
            f"{len(usable)} cells and {genes} genes seen in {MIN_CELLS_OF_GENE} of them; {MIN_CELLS} are needed",
        )
    rate = expected_rate(loaded or len(rna))
    scores, simulated = doublet_scores(matrix, rate, seed=seed)
    threshold = choose_threshold(scores, simulated, rate)
    frame = no_scores(rna.obs_names)
    frame.iloc[usable, frame.columns.get_loc(DOUBLET_SCORE)] = scores
    frame.iloc[usable, frame.columns.get_loc(DOUBLET)] = scores > threshold
    frame[DOUBLET_RATE] = rate
    numbers = {"expected_rate": rate, "threshold": threshold}
    return frame, numbers, simulated
