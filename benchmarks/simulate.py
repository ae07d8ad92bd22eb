#!/usr/bin/env python3
"""How close simulated counts are to real ones: genes, dispersion within a cell type, hashtag signal over noise."""

from pathlib import Path
from typing import Annotated

import anndata
import numpy as np
import pandas as pd
import typer
from scipy import sparse

from sscite import simulate
from sscite.simulate import cohort
from sscite.simulate.library import Settings

ROOT = Path(__file__).resolve().parents[1]
GENES = 16_791  # as the real data have
LEVELS = [0.05, 0.2, 0.5, 1, 2, 5, 20]


def dispersion(counts: sparse.csr_matrix) -> pd.Series:
    """Median moment estimate of a gene's dispersion, by its mean counts in a cell; depth is taken out first."""
    depth = np.ravel(counts.sum(axis=1)).astype(float)
    scale = depth / np.median(depth)
    even = sparse.diags_array(1 / scale) @ counts
    mean = np.ravel(even.mean(axis=0))
    variance = np.ravel(even.multiply(even).mean(axis=0)) - mean**2
    noise = mean * np.mean(1 / scale)
    found = pd.Series((variance - noise) / np.maximum(mean, 1e-9) ** 2)
    return found.groupby(pd.cut(mean, LEVELS), observed=True).median()


def signal_over_noise(hashtags: np.ndarray) -> float:
    """Median ratio of a droplet's highest hashtag to the mean of its others."""
    ordered = np.sort(hashtags, axis=1)
    return float(np.median(ordered[:, -1] / (ordered[:, :-1].mean(axis=1) + 1)))


def simulated(seed: int, depth: float) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Simulate single cells; give counts, hashtag counts and subsets."""
    settings = Settings(doublets=0, empties=0, negatives=0, depth=depth, effect=0)
    design = simulate.design({"HD": 6}, samples_per_library=6)
    counts, _ = cohort.compose(design, cells=3774, settings=settings, seed=seed)
    _, library = next(iter(cohort.libraries(design, counts, genes=GENES, settings=settings, seed=seed)))
    tags = library.features["name"].str.startswith("Hashtag").to_numpy()
    return library.counts[:, :GENES], library.counts[:, tags].toarray(), library.truth["subset"].to_numpy()


def main(
    data: Annotated[Path, typer.Option(help="Folder of the real data.")] = ROOT.parent / "shared" / "data",
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 0,
) -> None:
    """Print real beside simulated."""
    real = anndata.read_h5ad(data / "rna" / "pbmc_facs_3774.h5ad")
    label = "celltype"
    kind = real.obs[label].value_counts().index[0]
    matrix = sparse.csr_matrix(real.X)
    ours, tags, subset = simulated(seed, float(np.median(np.ravel(matrix.sum(axis=1)))))
    common = pd.Series(subset).value_counts().index[0]
    rows = {
        f"real, {kind}": matrix[(real.obs[label] == kind).to_numpy()],
        f"simulated, {common}": ours[subset == common],
    }
    table = pd.DataFrame({name: dispersion(part) for name, part in rows.items()})
    for name, part in rows.items():
        per_cell = part.getnnz(axis=1)
        table.loc["cells", name] = part.shape[0]
        table.loc["median counts", name] = np.median(np.ravel(part.sum(axis=1)))
        table.loc["median genes", name] = np.median(per_cell)
    print(table.round(2).to_string())
    files = sorted((data / "hto" / "bal_batch1_c1").glob("hto_counts*"))
    noise = {"simulated": signal_over_noise(tags)}
    if files:
        read = pd.read_csv(files[0], index_col=0).to_numpy()
        noise["lung lavage"] = signal_over_noise(read if read.shape[0] > read.shape[1] else read.T)
    print("hashtag signal over noise: " + ", ".join(f"{name} {value:.1f}" for name, value in noise.items()))


if __name__ == "__main__":
    typer.run(main)
