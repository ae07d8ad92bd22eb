"""AUROC of every protein (or gene) for every subset, donor by donor."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

MIN_CELLS = 10  # inside and outside the subset, for an AUROC of one donor


def auroc(values: np.ndarray, labels: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Compute the area under the ROC curve of each label against the rest of its stratum.

    AUROC = (R - n(n + 1)/2) / (n m), with R the rank sum of the n cells of the label among the n + m of the stratum
    (Mann-Whitney; ties take their mean rank).

    Parameters
    ----------
    values
        (n_cells, n_features); a feature with NaN in a stratum has no AUROC there.
    labels
        (n_cells,) code of the subset from 0; negative: of no subset, which counts as the rest.
    strata
        (n_cells,) code from 0 of what is compared within (a donor, or a lineage of a donor); negative: not used.

    Returns
    -------
    (n_strata, n_labels, n_features) of float32; NaN if fewer than 10 cells are in or outside the label.
    """
    n_labels = int(labels.max(initial=-1)) + 1
    found = np.full((int(strata.max(initial=-1)) + 1, n_labels, values.shape[1]), np.nan, np.float32)
    for stratum in range(len(found)):
        rows = np.flatnonzero(strata == stratum)
        member = labels[rows, None] == np.arange(n_labels)
        inside = member.sum(axis=0)
        usable = np.flatnonzero((inside >= MIN_CELLS) & (len(rows) - inside >= MIN_CELLS))
        if not len(usable):
            continue
        ranks = rankdata(values[rows], axis=0)
        n = inside[usable, None]
        sums = member[:, usable].T.astype(float) @ ranks
        found[stratum, usable] = (sums - n * (n + 1) / 2) / (n * (len(rows) - n))
    return found


def over_donors(areas: np.ndarray) -> tuple[np.ndarray, ...]:
    """Summarise AUROCs (n_donors, n_features): number of donors, median, smallest and largest; NaN without donors."""
    donors = np.isfinite(areas).sum(axis=0)
    filled = np.where(donors > 0, areas, 0.0)
    summary = [np.where(donors > 0, f(filled, axis=0), np.nan) for f in (np.nanmedian, np.nanmin, np.nanmax)]
    return donors, *summary
