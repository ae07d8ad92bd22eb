"""Score doublets of different cell types by simulated doublets (Scrublet)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from sscite.errors import Reason, Skipped
from sscite.names import DOUBLET, DOUBLET_SCORE

RATE_PER_CELL = 0.8 / 100 / 1000  # share of doublets per cell loaded to the library, 10x Genomics
HIGHEST_RATE = 0.3
MIN_CELLS = 50
MIN_GENES = 10  # a cell with fewer genes cannot be placed among its neighbours
MIN_FEATURES = 50
TRUSTED = 3  # a threshold that flags more than this many times the expected share does not lie between two humps


def expected_rate(cells: int) -> float:
    """Give the share of doublets that the loading predicts: 0.8 % per 1,000 cells, at most 30 %."""
    return min(RATE_PER_CELL * cells, HIGHEST_RATE)


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
    import scanpy as sc

    usable = np.diff(rna.X.indptr) >= MIN_GENES
    features = int((np.diff(rna.X.tocsc().indptr) >= 3).sum())
    if usable.sum() < MIN_CELLS or features < MIN_FEATURES:
        raise Skipped(
            Reason.TOO_FEW_CELLS,
            f"{usable.sum()} cells and {features} genes seen in 3 of them; {MIN_CELLS} of each are needed",
        )
    rate = expected_rate(len(rna))
    tested = AnnData(rna.X[np.flatnonzero(usable)].astype(np.float32))
    components = int(min(30, usable.sum() - 1, features - 1))
    sc.pp.scrublet(tested, expected_doublet_rate=rate, n_prin_comps=components, random_state=seed, verbose=False)
    scores = tested.obs["doublet_score"].to_numpy(float)
    threshold, found = choose_threshold(scores, tested.uns["scrublet"].get("threshold"), rate)
    frame = no_scores(rna.obs_names)
    frame.loc[usable, DOUBLET_SCORE] = scores
    frame.loc[usable, DOUBLET] = scores > threshold
    numbers = {"expected_rate": rate, "threshold": threshold, "threshold_found": found}
    return frame, numbers, np.asarray(tested.uns["scrublet"]["doublet_scores_sim"], float)
