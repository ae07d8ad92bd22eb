#!/usr/bin/env python3
"""Frequencies of a tissue against blood in pairs of donors: false findings where a biopsy has few cells, power."""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from calibration import tidy

from sscite import simulate
from sscite.compare.tissue_blood import shares
from sscite.compare.tissue_blood.differences import choose

LEVEL = 0.05
HIT = "CD14_EGR1"
BETWEEN_TISSUES = 0.4  # standard deviation of the log frequency between the tissues of one donor


def cohort(
    donors: int, cells: tuple[int, int], fold: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate pairs of blood and kidney with the subsets of blood in both, HIT a number of times as frequent.

    Parameters
    ----------
    cells
        Cells of a sample of blood and of kidney.
    """
    blood = simulate.design({"HD": donors}, seed=int(rng.integers(1 << 30))).astype(str)
    share = simulate.proportions(blood, rng, effect=0, spread=0.55)
    share, kidney = (share * np.exp(rng.normal(0, BETWEEN_TISSUES / np.sqrt(2), share.shape)) for _ in range(2))
    kidney[HIT] *= fold
    kept = simulate.subsets()["blood"].astype(float) > 0
    parts = [part.loc[:, kept].div(part.loc[:, kept].sum(axis=1), axis=0) for part in (share, kidney)]
    drawn = [rng.multinomial(n, part.to_numpy()) for n, part in zip(cells, parts, strict=True)]
    samples = pd.concat([blood, blood.assign(tissue="kidney", sample=blood["sample"] + "k")], ignore_index=True)
    return samples, tidy(pd.DataFrame(np.vstack(drawn), samples["sample"], parts[0].columns))


def run(donors: int, cells: tuple[int, int], fold: float, *, cohorts: int, seed: int) -> dict[str, float]:
    """Return how often anything is found at FDR 5%, and how often HIT is."""
    found_any, hits = [], []
    for i in range(cohorts):
        rng = np.random.default_rng([seed, i, donors, *cells])
        samples, counted = cohort(donors, cells, fold, rng)
        comparison, tested = choose("kidney", "blood", samples, min_donors=3)
        lineages = simulate.subsets()["lineage"].unique()
        scores = pd.DataFrame(rng.normal(size=(len(samples), len(lineages))), samples["sample"], lineages)
        table = shares.compare_composition(counted, comparison, scores, tested=tested, seed=i)
        found = table[table["fdr"] < LEVEL]
        hits.append(bool(((found["subset"] == HIT) & (found["effect"] > 0)).any()))
        found_any.append(len(found) > 0)
    return {"any": float(np.mean(found_any)), "hit": float(np.mean(hits))}


def main(
    cohorts: Annotated[int, typer.Option(help="cohorts of each row")] = 100,
    donors: Annotated[str, typer.Option(help="pairs, separated by commas")] = "4,8",
    seed: Annotated[int, typer.Option(help="of all cohorts")] = 0,
) -> None:
    """Print a row per number of pairs, cells and fold."""
    start = time.monotonic()
    for pairs in map(int, donors.split(",")):
        for cells in ((3000, 3000), (3000, 300), (3000, 100)):
            for fold in (1, 3):
                row = run(pairs, cells, fold, cohorts=cohorts, seed=seed)
                print(f"pairs={pairs} blood={cells[0]} kidney={cells[1]} fold={fold}", row, flush=True)
    print(f"seconds={time.monotonic() - start:.0f}")


if __name__ == "__main__":
    typer.run(main)
