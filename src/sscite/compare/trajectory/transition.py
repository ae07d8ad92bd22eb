"""Between which states of a tissue cells change gradually: where the cells of both are drawn out towards each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import names

FEWEST = 10  # cells of a state in the tissue
GRADUAL = 2.0  # bridging of a change that is seen
COLUMNS = ["cells", "end_towards_it", "it_towards_end", "bridging"]


def bridging(space: np.ndarray, cells: pd.DataFrame, *, end: str, tissue: str) -> pd.DataFrame:
    """Measure how far the cells of an end and of each other state are drawn out along the line between their centres.

    Neighbours in a graph do not tell: a state in the middle of all, or one of few cells, is near everything. A gradual
    change shows in the cells themselves: those of both states vary along the line that joins them more than the cells
    of other states do in that direction. Variances are taken within donors and tissues, so that neither counts.

    Parameters
    ----------
    space
        Positions, shape (n_cells, n_components).
    tissue
        Where the change is sought; the other states' variance is taken in all tissues.

    Returns
    -------
    A row per state with ten cells in the tissue, the highest first: cells, end_towards_it and it_towards_end (variance
    against the median of the other states'; 1 is no more than they), bridging (the geometric mean of both)
    """
    state, place = (cells[name].to_numpy(str) for name in (names.SUBSET, names.TISSUE))
    here = {name: (state == name) & (place == tissue) for name in np.unique(state)}
    centred = _within(space.astype(float), cells)
    found = {}
    for name, mine in here.items():
        if name == end or mine.sum() < FEWEST:
            continue
        line = space[mine].mean(axis=0) - space[here[end]].mean(axis=0)
        along = centred @ (line / np.linalg.norm(line))
        others = pd.Series(along**2).groupby(state).mean().drop([name, end], errors="ignore")
        usual = others.median()
        ends, its = (float(np.mean(along[rows] ** 2)) / usual for rows in (here[end], mine))
        found[name] = (int(mine.sum()), ends, its, float(np.sqrt(ends * its)))
    table = pd.DataFrame.from_dict(found, orient="index", columns=COLUMNS).rename_axis("subset")
    return table.sort_values("bridging", ascending=False, kind="stable")


def _within(space: np.ndarray, cells: pd.DataFrame) -> np.ndarray:
    """Centre the cells of each state, donor and tissue; scaled so that a mean square is an unbiased variance."""
    keys = [cells[name].astype(str).to_numpy() for name in (names.SUBSET, names.DONOR, names.TISSUE)]
    groups = pd.DataFrame(space).groupby(keys)
    size = groups[0].transform("size").to_numpy()
    centred = space - groups.transform("mean").to_numpy()
    return centred * np.sqrt(size / np.maximum(size - 1, 1))[:, None]
