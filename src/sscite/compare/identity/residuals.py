"""Expression of each sample beyond what its lineages have in common: the donor's, the library's, or an error's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk

MIN_CELLS = 20  # of a sample in a lineage
MIN_SHARE = 0.5  # of the samples (of the tissue) in which a lineage must be measured
OFFSET_CPM = 20.0  # added before the logarithm, so that counting noise of rare genes stays small


def by_lineage(pseudobulk: Pseudobulk, genes: pd.Index, *, min_counts: int, within_tissue: bool) -> pd.DataFrame:
    """Return log2 expression less the median of the samples of the same lineage, a row per sample and lineage.

    Each lineage counts alike, so that a sample is described by what its lineages share and not by its composition.

    Parameters
    ----------
    min_counts
        RNA counts of a sample in a lineage; fewer do not enter.
    within_tissue
        Whether the median is that of the same tissue.

    Returns
    -------
    Indexed by sample (repeated), a column per gene.
    """
    totals = np.asarray(pseudobulk.X.sum(axis=1)).ravel()
    large = ((pseudobulk.obs["level"] == "lineage") & (pseudobulk.obs["n_cells"] >= MIN_CELLS)).to_numpy()
    rows = np.flatnonzero(large & (totals >= min_counts))
    obs = pseudobulk.obs.iloc[rows][["sample", "name", "tissue"]].astype(str)
    keys = ["name", "tissue"] if within_tissue else ["name"]
    samples = obs.groupby("tissue")["sample"].nunique() if within_tissue else None
    needed = MIN_SHARE * (obs["tissue"].map(samples) if samples is not None else len(set(obs["sample"])))
    used = pseudobulk.var_names.isin(genes)
    values = np.log2(1e6 * pseudobulk.X[rows][:, used].toarray() / totals[rows, None] + OFFSET_CPM)
    table = pd.DataFrame(values, index=obs["sample"].to_numpy(), columns=pseudobulk.var_names[used])
    groups = [obs[key].to_numpy() for key in keys]
    common = (obs.groupby(keys)["sample"].transform("size") >= needed).to_numpy()
    return (table - table.groupby(groups).transform("median"))[common]
