"""Samples unlike all others: by expression within lineages, with principal components to draw, and by composition."""

from __future__ import annotations

import numpy as np
import pandas as pd

MIN_SAMPLES = 6
FAR = 2.0  # times the median sample's distance
FAR_COMPOSITION = 4.0  # times the distance of the median sample of the tissue
TWICE = np.log(2)  # by which log proportions must differ too, so that counting noise among like samples marks nobody
MIN_CELLS = 100  # of a sample, to compare its composition
MIN_SHARE = 0.05  # of some sample of the tissue that a lineage must reach: the proportions of rare ones are noise
MIN_SPREAD = 1e-9


def components(values: np.ndarray) -> np.ndarray:
    """Return the scores on the first two principal components, shape (n_samples, 2); values are samples × genes."""
    left, singular, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    scores = np.zeros((len(values), 2))
    n = min(2, left.shape[1])
    scores[:, :n] = left[:, :n] * singular[:n]
    return scores


def outlying(values: pd.DataFrame) -> pd.DataFrame:
    """Mark samples whose expression is more than twice as far from the median as that of the median sample.

    Distance is the root mean square of log2 residuals over genes, so that one gene, a library or a group
    marks nobody.

    Parameters
    ----------
    values
        A row per sample and lineage, as `residuals.by_lineage` returns it.

    Returns
    -------
    `sample pc_1 pc_2 distance outlier`; the distance is relative to the median sample's. Fewer than six samples have no
    outlier.
    """
    means = values.groupby(level=0).mean()
    if len(means) < 2:
        return pd.DataFrame(columns=["sample", "pc_1", "pc_2", "distance", "outlier"])
    spread = np.sqrt((means.to_numpy() ** 2).mean(axis=1))
    distance = spread / max(float(np.median(spread)), MIN_SPREAD)
    scores = components(means.to_numpy())
    return pd.DataFrame(
        {"sample": means.index.astype(str), "pc_1": scores[:, 0], "pc_2": scores[:, 1], "distance": distance,
         "outlier": (distance > FAR) & (len(means) >= MIN_SAMPLES)}
    )  # fmt: skip


def unusual_composition(obs: pd.DataFrame) -> pd.DataFrame:
    """Mark samples whose lineages are in other proportions than in the other samples of their tissue.

    The distance is Aitchison's (1982, doi:10.1111/j.2517-6161.1982.tb01195.x): the root mean square over lineages of
    centred log proportions (half a cell added) less their median over the tissue's samples. Lineages that make up 5% of
    no sample are excluded.

    Parameters
    ----------
    obs
        A row per sample and lineage: `sample tissue name n_cells`.

    Returns
    -------
    `sample composition_distance unusual_lineage`, of tissues with six samples or more of 100 cells; the distance is
    relative to that of the tissue's median sample, and `unusual_lineage` is the lineage that differs most with its
    share and the median share, empty unless the distance is above 4 and the proportions differ by a factor of two
    (root mean square).
    """
    cells = obs.pivot_table(
        index="sample", columns="name", values="n_cells", aggfunc="sum", fill_value=0, observed=True
    )
    cells = cells[cells.sum(axis=1) >= MIN_CELLS]
    tissue = obs.drop_duplicates("sample").set_index("sample")["tissue"].astype(str).reindex(cells.index)
    rows = [_of_tissue(part) for _, part in cells.groupby(tissue) if len(part) >= MIN_SAMPLES]
    columns = ["sample", "composition_distance", "unusual_lineage"]
    return pd.concat(rows)[columns] if rows else pd.DataFrame(columns=columns)


def _of_tissue(cells: pd.DataFrame) -> pd.DataFrame:
    """Compare the composition of the samples of one tissue; cells is samples × lineages."""
    share = cells.div(cells.sum(axis=1), axis=0)
    logs = np.log(cells.loc[:, (share >= MIN_SHARE).any()] + 0.5)
    centred = logs.sub(logs.mean(axis=1), axis=0)
    away = centred - centred.median()
    spread = np.sqrt((away**2).mean(axis=1))
    distance = spread / max(float(spread.median()), MIN_SPREAD)
    most = away.abs().idxmax(axis=1)
    named = [
        f"{name} {share.loc[sample, name]:.0%} (median {share[name].median():.0%})" for sample, name in most.items()
    ]
    words = np.where((distance > FAR_COMPOSITION) & (spread > TWICE), named, "").astype(object)
    return pd.DataFrame(
        {"sample": cells.index.astype(str), "composition_distance": distance.to_numpy(), "unusual_lineage": words}
    )
