"""Score doublets of different cell types by simulated doublets (Scrublet)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import Reason, Skipped
from sscite.names import DOUBLET, DOUBLET_SCORE
from sscite.samples.scrublet import MIN_CELLS_OF_GENE, doublet_scores

if TYPE_CHECKING:
    from anndata import AnnData

RATE_PER_CELL = 0.8 / 100 / 1000  # share of doublets per cell loaded to the library, 10x Genomics
HIGHEST_RATE = 0.3
MIN_CELLS = 50
MIN_GENES = 10  # a cell with fewer genes cannot be placed among its neighbours
MIN_FEATURES = 50
TRUSTED = 3  # a threshold that flags more than this many times the expected share does not lie between two humps


def expected_rate(cells: int) -> float:
    """Give the share of doublets that the loading predicts: 0.8 % per 1,000 cells, at most 30 %."""
    return min(RATE_PER_CELL * cells, HIGHEST_RATE)


def between_humps(simulated: np.ndarray) -> float | None:
    """Find the lowest point between the two humps of the simulated scores; None where they have not two.

    Simulated doublets of two cell types score high, those of one type low. The histogram is smoothed until it has two
    humps (Prewitt & Mendelsohn 1966, doi:10.1111/j.1749-6632.1965.tb11715.x).
    """
    from skimage.filters import threshold_minimum

    try:
        return float(threshold_minimum(simulated))
    except RuntimeError:
        return None


def choose_threshold(scores: np.ndarray, threshold: float | None, rate: float) -> tuple[float, bool]:
    """Take Scrublet's threshold where it is credible, else the one that flags the expected share of cells.

    Scrublet cuts between two humps of the simulated scores. In a library of one cell type there are none, and the cut
    would flag many cells: more than three times the expected share (and more than two cells) is not believed.

    Returns
    -------
    The threshold, and whether it is Scrublet's.
    """
    if threshold is not None and (scores > threshold).sum() <= max(TRUSTED * rate * len(scores), 2):
        return float(threshold), True
    return float(np.quantile(scores, 1 - rate, method="higher")), False


def no_scores(cells: pd.Index) -> pd.DataFrame:
    """Give the scores of cells that were not scored: NaN, and no doublet."""
    return pd.DataFrame({DOUBLET_SCORE: np.nan, DOUBLET: False}, index=cells)


def score(rna: AnnData, *, seed: int) -> tuple[pd.DataFrame, dict[str, float], np.ndarray]:
    """Score each cell against simulated doublets.

    Parameters
    ----------
    rna
        Raw counts of one library.

    Returns
    -------
    Frame of `doublet_score` (NaN for cells with almost no genes) and `doublet`, a row per cell; the numbers behind:
    expected_rate, threshold, threshold_found (whether the scores have two humps; else the expected rate sets it); and
    the scores of the simulated doublets.

    Raises
    ------
    Skipped
        TOO_FEW_CELLS below 50 cells with genes.
    """
    matrix = sparse.csr_matrix(rna.X)
    usable = np.flatnonzero(np.diff(matrix.indptr) >= MIN_GENES)
    genes = int((np.diff(matrix[usable].tocsc().indptr) >= MIN_CELLS_OF_GENE).sum())
    if len(usable) < MIN_CELLS or genes < MIN_FEATURES:
        raise Skipped(
            Reason.TOO_FEW_CELLS,
            f"{len(usable)} cells and {genes} genes seen in {MIN_CELLS_OF_GENE} of them; {MIN_CELLS} are needed",
        )
    rate = expected_rate(len(rna))
    scores, simulated = doublet_scores(matrix[usable], rate, seed=seed)
    threshold, found = choose_threshold(scores, between_humps(simulated), rate)
    frame = no_scores(rna.obs_names)
    frame.iloc[usable, frame.columns.get_loc(DOUBLET_SCORE)] = scores
    frame.iloc[usable, frame.columns.get_loc(DOUBLET)] = scores > threshold
    numbers = {"expected_rate": rate, "threshold": threshold, "threshold_found": found}
    return frame, numbers, simulated
