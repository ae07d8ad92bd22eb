#!/usr/bin/env python3
"""Name the subsets of independent simulated cohorts from which a state was left out, and count its false names.

    python benchmarks/absent_state.py --cohorts 50 --planted 10

Cells of the state's lineage only, with their true lineage; prints a row per cohort and a summary.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import typer
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from sscite.embedding import variable_genes
from sscite.simulate import cohort, plan, profiles
from sscite.simulate.library import Settings
from sscite.subsets.cluster import cluster_lineage, read_lineages
from sscite.subsets.definitions.subsets import Lineage, load_definitions

ROOT = Path(__file__).resolve().parents[1]
GENES = 2000


def simulate(state: str, *, absent: bool, seed: int, cells: int) -> tuple[sparse.csr_matrix, pd.DataFrame]:
    """Simulate the cells of the state's lineage: counts and truth, without doublets."""
    settings = Settings(effect=5, doublets=0, empties=0)
    design = plan.design({"HD": 4, "SSc": 4, "SRC": 6}, kidney=2, samples_per_library=4, seed=seed)
    counts, _ = cohort.compose(design, cells=cells, settings=settings, seed=seed)
    lineage = profiles.subsets()["lineage"].reindex(counts.columns)
    counts.loc[:, (lineage != lineage[state]).to_numpy()] = 0
    if absent:
        counts[state] = 0
    drawn = list(cohort.libraries(design, counts, genes=GENES, settings=settings, seed=seed))
    called = [library.counts[: len(library.truth), :GENES] for _, library in drawn]
    truth = pd.concat([library.truth.assign(library=name) for name, library in drawn]).set_index("cell")
    kept = (~truth["dying"]).to_numpy()
    return sparse.vstack(called, format="csr")[np.flatnonzero(kept)], truth[kept]


def lineage_cells(counts: sparse.csr_matrix, obs: pd.DataFrame, lineage: Lineage) -> cluster_lineage.LineageCells:
    """Normalise counts, and keep variable genes and markers."""
    genes, depth = profiles.build(GENES).genes, np.asarray(counts.sum(axis=1), dtype=float).ravel()
    X = sparse.csr_matrix(sparse.diags(1e4 / depth) @ counts).log1p().astype(np.float32)
    mean = np.asarray(X.mean(axis=0)).ravel()
    variance = np.asarray(X.multiply(X).mean(axis=0)).ravel() - mean**2
    chosen = variable_genes.choose(mean[None], variance[None], top=read_lineages.HVG, cells=np.array([len(depth)]))
    kept = np.flatnonzero(chosen | genes.isin(lineage.genes))
    return cluster_lineage.LineageCells(X[:, kept].tocsr(), genes[kept], obs.assign(n_counts=depth), None)


def judge(cells: pd.DataFrame, obs: pd.DataFrame, state: str) -> dict[str, float]:
    """Hold the found subsets against the planted ones."""
    truth = obs["subset"].astype(str)
    named, true = (cells["subset"] == state).to_numpy(), (truth == state).to_numpy()
    f1 = 2 * (named & true).sum() / max(named.sum() + true.sum(), 1)
    agreement = adjusted_rand_score(truth, cells["subset"])
    return {"cells": len(obs), "named": int(named.sum()), "true": int(true.sum()), "f1": round(f1, 4),
            "ari": round(agreement, 4)}  # fmt: skip


def main(cohorts: int = 50, planted: int = 10, cells: int = 8000, state: str = "CD14_EGR1") -> None:
    """Print cells named as the state in each cohort without it, and F1 and ARI in the first ones with it."""
    definitions = load_definitions(ROOT / "assets" / "subsets.yaml")
    name = profiles.subsets().loc[state, "lineage"]
    lineage = next(part for part in definitions.lineages if part.name == name)
    cluster_lineage.umap.embed = lambda fuzzy, embedding, seed: np.zeros((len(embedding), 2))  # not looked at
    rows = []
    for seed in range(cohorts):
        for absent in (True, False)[: 1 + (seed < planted)]:
            counts, obs = simulate(state, absent=absent, seed=seed, cells=cells)
            found = cluster_lineage.cluster_lineage(
                lineage_cells(counts, obs, lineage), lineage, resolution=None, seed=seed
            )
            rows.append({"seed": seed, "state": "absent" if absent else "planted", **judge(found.cells, obs, state)})
            print(*(f"{key}={value}" for key, value in rows[-1].items()), flush=True)
    table = pd.DataFrame(rows)
    print(table.groupby("state")[["named", "f1", "ari"]].agg(["mean", "min", "max"]).round(3).to_string())
    print(f"cohorts with a false name: {((table['state'] == 'absent') & (table['named'] > 0)).sum()} of {cohorts}")


if __name__ == "__main__":
    typer.run(main)
