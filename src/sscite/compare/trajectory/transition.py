"""Transition score: variance of two states along the line joining their centroids, relative to other states."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import names

FEWEST = 10  # cells of a state in the tissue
GRADUAL = 2.0  # transition score of a gradual transition
COLUMNS = ["cells", "terminal_variance", "state_variance", "transition_score"]


def transition_scores(space: np.ndarray, cells: pd.DataFrame, *, terminal: str, tissue: str) -> pd.DataFrame:
    """Compute the transition score of the terminal state with every other state of a tissue.

    k-NN connectivity is biased towards central and rare states, so the score uses the spread of the cells themselves:
    in a gradual transition the cells of both states vary more along the line joining the centroids than cells of other
    states do in that direction. Variances are computed within donors and tissues.

    Parameters
    ----------
    space
        Positions, shape (n_cells, n_components).
    tissue
        Tissue of the transition; the variance of the other states is computed in all tissues.

    Returns
    -------
    One row per state with ten cells in the tissue, the highest first: cells, terminal_variance and state_variance (each
    relative to the median of the other states), transition_score (the geometric mean of both)
    """
    state, place = (cells[name].to_numpy(str) for name in (names.SUBSET, names.TISSUE))
    here = {name: (state == name) & (place == tissue) for name in np.unique(state)}
    centred = _within(space.astype(float), cells)
    found = {}
    for name, mine in here.items():
        if name == terminal or mine.sum() < FEWEST:
            continue
        line = space[mine].mean(axis=0) - space[here[terminal]].mean(axis=0)
        along = centred @ (line / np.linalg.norm(line))
        others = pd.Series(along**2).groupby(state).mean().drop([name, terminal], errors="ignore")
        usual = others.median()
        ends, its = (float(np.mean(along[rows] ** 2)) / usual for rows in (here[terminal], mine))
        found[name] = (int(mine.sum()), ends, its, float(np.sqrt(ends * its)))
    table = pd.DataFrame.from_dict(found, orient="index", columns=COLUMNS).rename_axis("subset")
    return table.sort_values("transition_score", ascending=False, kind="stable")


def _within(space: np.ndarray, cells: pd.DataFrame) -> np.ndarray:
    """Centre the cells of each state, donor and tissue; scaled so that a mean square is an unbiased variance."""
    keys = [cells[name].astype(str).to_numpy() for name in (names.SUBSET, names.DONOR, names.TISSUE)]
    groups = pd.DataFrame(space).groupby(keys)
    size = groups[0].transform("size").to_numpy()
    centred = space - groups.transform("mean").to_numpy()
    return centred * np.sqrt(size / np.maximum(size - 1, 1))[:, None]
