#!/usr/bin/env python3
"""Tissue states without a counterpart in blood: how often the planted one is found, and how often another is named.

Each cohort has four donors with blood and kidney; THBS1_Mac exists in kidney alone. Every other state of
the kidney that blood has too is a false one if it is called without counterpart.
"""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from scipy import sparse

from sscite import names, simulate
from sscite.cohort import writer
from sscite.cohort.integrate import embed
from sscite.embedding import pca
from sscite.errors import Skipped
from sscite.simulate import cohort
from sscite.simulate.library import Settings
from sscite.subsets.tissue import counterparts

PLANTED = "THBS1_Mac"
FEWEST = 100  # cells of a lineage


def simulated(fold: float, *, cells: int, genes: int, seed: int) -> tuple[sparse.csr_matrix, pd.DataFrame]:
    """Return log-normalised counts and cells of a cohort, without dying ones."""
    settings = Settings(doublets=0, empties=0, negatives=0, effect={"kidney_thbs1": fold})
    design = simulate.design({"SRC": 4}, kidney=4, seed=seed)
    counts, _ = cohort.compose(design, cells=cells, settings=settings, seed=seed)
    drawn = [library for _, library in cohort.libraries(design, counts, genes=genes, settings=settings, seed=seed)]
    obs = pd.concat([library.truth for library in drawn]).set_index("cell")
    matrix = sparse.vstack([library.counts[:, :genes] for library in drawn], format="csr").astype(np.float32)
    matrix.data = writer.log_normalise(matrix, np.asarray(matrix.sum(axis=1)).ravel())
    kept = np.flatnonzero(~obs["dying"].to_numpy(bool))
    return matrix[kept], obs.iloc[kept].assign(lineage=lambda table: table["subset"].map(simulate.subsets()["lineage"]))


def without_counterpart(matrix: sparse.csr_matrix, obs: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the states called without counterpart, each lineage embedded by itself as in SUBSETS_CLUSTER."""
    parts = []
    for _, rows in sorted(obs.groupby("lineage").indices.items()):
        cells = obs.iloc[rows]
        if len(rows) < FEWEST or cells[names.TISSUE].nunique() < 2:
            continue
        space = embed.correct(pca.fit(matrix[rows], components=30).project(matrix[rows]), cells, seed=seed)[0]
        try:
            placed = counterparts.place(space, cells, reference="blood", seed=seed)
        except Skipped:
            continue
        table = counterparts.states(cells.join(placed[["counterpart", *counterparts.NUMBERS]]), reference="blood")
        parts.append(table[table["without_counterpart"]])
    return pd.concat(parts, ignore_index=True)


def main(
    cohorts: Annotated[int, typer.Option(help="cohorts")] = 50,
    fold: Annotated[float, typer.Option(help="of THBS1_Mac in kidney; 3 is 9% of the kidney's cells")] = 3,
    cells: Annotated[int, typer.Option(help="cells of each sample")] = 2000,
    genes: Annotated[int, typer.Option(help="genes")] = 600,
    seed: Annotated[int, typer.Option(help="of the first cohort")] = 40_000,
    seconds: Annotated[int, typer.Option(help="no further cohort is begun after so long")] = 3600,
) -> None:
    """Print for each cohort whether the planted state was found, and the false ones; then both shares."""
    start, found, wrong = time.monotonic(), [], []
    for number in range(seed, seed + cohorts):
        if time.monotonic() - start > seconds:
            break
        matrix, obs = simulated(fold, cells=cells, genes=genes, seed=number)
        states = without_counterpart(matrix, obs, seed=number)
        found.append(PLANTED in set(states["subset"]))
        false = states[(states["subset"] != PLANTED) & (states["reference_cells"] > 0)]
        wrong.append(len(false))
        print(f"{number} cells={len(obs)} found={found[-1]} false={false['subset'].tolist()}", flush=True)
    print(f"cohorts={len(found)} found={np.mean(found):.3f} with_false={np.mean(np.array(wrong) > 0):.3f}")


if __name__ == "__main__":
    typer.run(main)
