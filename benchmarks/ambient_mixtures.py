#!/usr/bin/env python3
"""Check the ambient fraction on sorted cells into which RNA of sorted cells was mixed at a known share.

`pysoupx` and `decontx-scanpy` are compared where they are installed (docs/decisions/005).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from anndata import read_h5ad
from scipy import sparse

from sscite.samples import ambient

ROOT = Path(__file__).resolve().parents[1]
T_CELLS = ("CD4", "CD8")
CELLS, EMPTY_COUNTS = 900, 100_000
# kinds of cells of the library; weight of each kind in the ambient RNA, the rest equally
MIXTURES: dict[str, tuple[tuple[str, ...], dict[str, float], tuple[str, ...]]] = {
    "same populations": (("CD4", "CD8", "CD14", "CD19", "CD56"), {}, ("CD4", "CD8", "CD14", "CD19", "CD56")),
    "70% CD34+": (("CD4", "CD8", "CD14", "CD19", "CD56"), {"CD34": 0.7}, ("CD4", "CD8", "CD14", "CD19", "CD56")),
    "T cells, half B": (T_CELLS, {"CD19": 0.5}, T_CELLS),
    "80% monocytes": (("CD56", "CD19", "CD14"), {"CD14": 0.8}, ("CD56", "CD19")),
}


def mix(
    counts: sparse.csr_matrix, kind: np.ndarray, name: str, share: float, seed: int
) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Replace a share of each cell's counts by RNA of other cells; cells, ambient counts and the true share of each."""
    rng = np.random.default_rng(seed)
    of_library, weights, rest = MIXTURES[name]
    order = rng.permutation(len(kind))
    mine = order[np.char.startswith(kind[order], of_library[0])]
    for start in of_library[1:]:
        mine = np.concatenate([mine, order[np.char.startswith(kind[order], start)]])
    mine = rng.permutation(mine)[:CELLS]
    lysed = np.setdiff1d(order, mine)
    kinds = [k for k in np.unique(kind) if k.startswith(rest)]
    weight = dict.fromkeys(kinds, (1 - sum(weights.values())) / len(kinds))
    for start, value in weights.items():
        weight[next(k for k in np.unique(kind) if k.startswith(start))] = value
    soup = np.zeros(counts.shape[1])
    for k, value in weight.items():
        profile = np.asarray(counts[lysed[kind[lysed] == k]].sum(axis=0), float).ravel()
        soup += value * profile / profile.sum()
    soup /= soup.sum()
    cells = counts[mine].copy()
    totals = np.asarray(cells.sum(axis=1)).ravel()
    of_cell = rng.beta(4, 4 / share - 4, len(mine)) if share else np.zeros(len(mine))
    cells.data = rng.binomial(cells.data, np.repeat(1 - of_cell, np.diff(cells.indptr)))
    added = rng.poisson(of_cell * totals)
    cells = sparse.csr_matrix(cells + sparse.vstack([sparse.csr_matrix(rng.multinomial(n, soup)) for n in added]))
    return cells, rng.multinomial(EMPTY_COUNTS, soup), added / np.maximum(np.asarray(cells.sum(axis=1)).ravel(), 1)


def ours(counts: sparse.csr_matrix, soup: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Estimate by genes that clusters do not express."""
    return ambient.estimate(counts, soup, clusters).cells


def soupx(counts: sparse.csr_matrix, soup: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Estimate by the port of SoupX."""
    import pysoupx

    genes, cells = ([f"{kind}{i}" for i in range(n)] for kind, n in zip("gc", counts.shape[::-1], strict=True))
    table = sparse.csc_matrix(counts.T)
    channel = pysoupx.SoupChannel(table, table, genes=genes, cells=cells, calc_soup_profile=False)
    pysoupx.set_soup_profile(channel, pd.DataFrame({"est": soup / soup.sum(), "counts": soup}, index=genes))
    pysoupx.set_clusters(channel, pd.Series(clusters.astype(str), index=cells))
    pysoupx.auto_est_cont(channel, verbose=False, force_accept=True)
    return channel.meta_data["rho"].to_numpy()


def decontx(counts: sparse.csr_matrix, soup: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Estimate by the port of DecontX with the empty droplets given."""
    from pydecontx import decontx as run

    background = sparse.csr_matrix(soup[None].astype(float))
    found = run(counts.astype(float), z=clusters, background=background, compute_umap=False, verbose=False)
    return np.asarray(found["contamination"])


def main(
    data: Annotated[Path, typer.Option(help="folder of the shared real data")] = ROOT.parent / "shared" / "data",
    seed: Annotated[int, typer.Option(help="of the cells and counts drawn")] = 1,
) -> None:
    """Print for each mixture and share the estimate, its median error per cell and correlation, and the time."""
    cells = read_h5ad(data / "rna/pbmc_facs_3774.h5ad")
    counts, kind = sparse.csr_matrix(cells.X).astype(np.int64), cells.obs["celltype"].to_numpy(str)
    methods: dict[str, Callable[..., np.ndarray]] = {"ours": ours}
    methods |= {"soupx": soupx} if find_spec("pysoupx") else {}
    methods |= {"decontx": decontx} if find_spec("pydecontx") else {}
    rows = []
    for name in MIXTURES:
        for share in (0.0, 0.02, 0.05, 0.15, 0.3):
            mixed, soup, truth = mix(counts, kind, name, share, seed)
            clusters = ambient.cluster_cells(mixed, seed=0)
            for method, estimate in methods.items():
                start = perf_counter()
                found = estimate(mixed, soup, clusters)
                error, r = np.median(np.abs(found - truth)), np.nan
                if share and found.std() > 0:
                    r = np.corrcoef(found, truth)[0, 1]
                rows.append((name, method, truth.mean(), found.mean(), error, r, perf_counter() - start))
    columns = ["mixture", "method", "true", "estimate", "error_of_cell", "r", "seconds"]
    print(pd.DataFrame(rows, columns=columns).round(3).to_string(index=False))


if __name__ == "__main__":
    typer.run(main)
