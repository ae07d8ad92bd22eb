"""Place cells of other tissues against the reference tissue's subsets: who is the nearest counterpart, and how far."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import names
from sscite.embedding.neighbours import Index, among_themselves
from sscite.errors import Reason, Skipped

NEAREST = 15
FAR = 2.0  # times the distance that is usual within the reference tissue
MIN_CELLS = 20
PRESENT = 0.1  # a subset exists in the reference at a tenth of its share of the tissue's lineage, and MIN_CELLS cells
FEWEST = 3  # cells of a subset whose mean stands for it
CLOSE = 0.25  # share of a tissue's cells, the nearest, that tell its shift: most of them may be in a new state
TEXT = ["tissue", "lineage", "subset", "counterpart"]
NUMBERS = ["counterpart_share", "counterpart_distance", "relative_distance"]
STATE_COLUMNS = [
    "tissue", "lineage", "subset", "cells", "donors", "counterpart_distance", "relative_distance", "counterpart_share",
    "counterpart", "reference_cells", "without_counterpart",
]  # fmt: skip


def place(X: np.ndarray, cells: pd.DataFrame, *, reference: str, seed: int) -> pd.DataFrame:
    """Find for each cell of another tissue its nearest counterpart among the reference tissue's cells of its lineage.

    Single cells are too noisy to be far from anything: noise is most of any distance. So each cell is averaged with its
    15 nearest of the same tissue first, and distances are taken between such averages. The unit is what is usual within
    the reference tissue: the median distance between averages over two random halves of its cells. The relative
    distance is taken after the tissue's shift (digestion, platform) was removed: the median difference to the nearest
    reference averages over the nearest quarter of its cells, so that a state without a counterpart stands out, not a
    tissue as a whole.

    Parameters
    ----------
    X
        Cells × components of the cells' lineages; tissues must not have been integrated away.
    cells
        Cells with tissue, lineage, subset.

    Returns
    -------
    pd.DataFrame
        A row per cell of another tissue, with `TEXT` and `NUMBERS`.

    Raises
    ------
    Skipped
        There is one tissue, or the reference tissue is absent.
    """
    tissue, lineage = (cells[name].astype(str).to_numpy() for name in (names.TISSUE, names.LINEAGE))
    present = sorted(set(tissue))
    if len(present) < 2 or reference not in present:
        raise Skipped(Reason.ONE_TISSUE, f"found {', '.join(present)}; the reference is {reference}")
    parts = []
    for name in sorted(set(lineage)):
        home = np.flatnonzero((lineage == name) & (tissue == reference))
        away = np.flatnonzero((lineage == name) & (tissue != reference))
        if len(home) >= MIN_CELLS and len(away):
            parts.append(_place_lineage(X, cells, home, away, seed=seed))
    if not parts:
        raise Skipped(Reason.TOO_FEW_CELLS, f"no lineage has {MIN_CELLS} cells in {reference} and cells elsewhere")
    return pd.concat(parts)


def _place_lineage(
    X: np.ndarray, cells: pd.DataFrame, home: np.ndarray, away: np.ndarray, *, seed: int
) -> pd.DataFrame:
    """Place the cells of one lineage, tissue by tissue."""
    half = np.random.default_rng(seed).random(len(home)) < 0.5
    rows = [home[half], home[~half]]
    smooth = [averages(X[part], seed=seed) for part in rows]
    first, second = (Index(part, seed=seed) for part in smooth)
    usual = np.median(np.concatenate([second.search(smooth[0], 1)[1], first.search(smooth[1], 1)[1]]))
    subset = cells[names.SUBSET].astype(str).to_numpy()
    means = _rare_means(X[home], subset[home])
    averaged = np.vstack([*smooth, means])
    index = Index(averaged, seed=seed)
    codes, levels = pd.factorize(np.concatenate([subset[np.concatenate(rows)], means.index]), sort=True)
    parts = []
    tissues = cells[names.TISSUE].astype(str).to_numpy()[away]
    for tissue in np.unique(tissues):
        here = away[tissues == tissue]
        own = averages(X[here], seed=seed)
        nearest, raw = index.search(own, 1)
        close = raw[:, 0] <= np.quantile(raw[:, 0], CLOSE)
        moved = own - np.median((own - averaged[nearest[:, 0]])[close], axis=0)
        near, distances = index.search(moved, NEAREST)
        votes = np.stack([(codes[near] == code).mean(axis=1) for code in range(len(levels))], axis=1)
        frame = cells.iloc[here][[names.TISSUE, names.LINEAGE]].astype(str)
        frame["subset"] = subset[here]
        frame["counterpart"] = np.asarray(levels)[votes.argmax(axis=1)]
        frame["counterpart_share"] = votes.max(axis=1)
        frame["counterpart_distance"] = raw[:, 0] / max(usual, 1e-9)
        frame["relative_distance"] = distances[:, 0] / max(usual, 1e-9)
        parts.append(frame)
    return pd.concat(parts)


def _rare_means(X: np.ndarray, subset: np.ndarray) -> pd.DataFrame:
    """Average the cells of each subset with fewer than 20: among the 15 nearest of such cells most are of another."""
    groups = pd.DataFrame(X).groupby(subset)
    size = groups.size()
    return groups.mean()[(size >= FEWEST) & (size < MIN_CELLS)]


def averages(X: np.ndarray, *, seed: int) -> np.ndarray:
    """Average each cell with its nearest 15 others, or as many as there are."""
    if len(X) < 2:
        return X
    near, _ = among_themselves(X, min(NEAREST, len(X) - 1), seed=seed)
    return (X + X[near].sum(axis=1)) / (near.shape[1] + 1)


def states(cells: pd.DataFrame, *, reference: str) -> pd.DataFrame:
    """Summarise each subset of each other tissue: nearest counterpart, distance, and whether a counterpart is missing.

    A state is without counterpart if its relative distance is above 2, it has 20 cells, and its own subset does not
    exist in the reference tissue in numbers. That is the one rule for every step.

    Parameters
    ----------
    cells
        Cells of all tissues with tissue, lineage, subset and, for those of other tissues, `NUMBERS` and the counterpart
        that `place` returned; donor if known.

    Returns
    -------
    pd.DataFrame
        A row per tissue, lineage and subset, the most distant first; distances are medians over the donors' medians.
    """
    keys = ["tissue", "lineage", "subset"]
    rows = cells[[*TEXT, *NUMBERS]].assign(**{name: cells[name].astype(str) for name in keys})
    rows["donor"] = cells[names.DONOR].astype(str) if names.DONOR in cells else ""
    rows = rows[~rows["subset"].isin(["", names.UNASSIGNED])]
    rows[NUMBERS] = rows[NUMBERS].apply(pd.to_numeric)
    placed = rows[(rows["tissue"] != reference) & rows["relative_distance"].notna()]
    by_donor = placed.groupby([*keys, "donor"], observed=True)[
        ["counterpart_distance", "relative_distance", "counterpart_share"]
    ]
    table = by_donor.median().groupby(level=keys).median()
    groups = placed.groupby(keys, observed=True)
    table.insert(0, "cells", groups.size())
    table.insert(1, "donors", groups["donor"].nunique())
    table["counterpart"] = groups["counterpart"].agg(lambda values: values.astype(str).mode().iloc[0])
    table = table.reset_index()
    table["reference_cells"], present = _present(table, rows, reference)
    far = table["relative_distance"] > FAR
    table["without_counterpart"] = far & (table["cells"] >= MIN_CELLS) & ~present
    return table.sort_values("relative_distance", ascending=False, ignore_index=True)


def _present(table: pd.DataFrame, rows: pd.DataFrame, reference: str) -> tuple[np.ndarray, np.ndarray]:
    """Count the reference tissue's cells of each state's subset, and mark subsets that exist there in numbers."""
    home = rows[rows["tissue"] == reference].groupby(["lineage", "subset"]).size()
    own = home.reindex(pd.MultiIndex.from_frame(table[["lineage", "subset"]])).fillna(0).to_numpy(int)
    in_reference = table["lineage"].map(home.groupby(level=0).sum()).fillna(0).clip(lower=1)
    in_tissue = table.groupby(["tissue", "lineage"])["cells"].transform("sum")
    return own, ((own >= MIN_CELLS) & (own / in_reference >= PRESENT * table["cells"] / in_tissue)).to_numpy()


def nothing() -> pd.DataFrame:
    """Return the table of placed cells without rows."""
    text = {name: pd.Series(dtype=str) for name in TEXT}
    return pd.DataFrame(
        {**text, **{name: pd.Series(dtype=np.float32) for name in NUMBERS}}, index=pd.Index([], dtype=str)
    )
