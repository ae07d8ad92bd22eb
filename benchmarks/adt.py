#!/usr/bin/env python3
"""dsb beside muon's and beside the results of the R package: difference, time, memory, separation of cell types."""

import resource
import subprocess
import sys
import warnings
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from scipy import sparse
from sklearn.metrics import roc_auc_score

from sscite.adt import clr, dsb
from sscite.adt.panels import canonical
from sscite.formats import read_counts

ROOT = Path(__file__).resolve().parents[1]
# marker: published types that carry it, types left out because part of them does
MARKERS = {
    "CD3": (["CD4 T", "CD8 T"], []), "CD4": (["CD4 T"], ["monocytes", "DCs"]), "CD8": (["CD8 T"], ["NK", "DCs"]),
    "CD19": (["B"], []), "CD20": (["B"], []), "CD56": (["NK"], []), "CD14": (["monocytes"], []),
    "CD11c": (["monocytes"], ["DCs", "NK"]),
}  # fmt: skip


def ours(counts: sparse.csr_matrix, empties: sparse.csr_matrix, isotypes: np.ndarray) -> np.ndarray:
    """Both steps of dsb."""
    values = dsb.correct(counts, dsb.ambient(empties))
    return dsb.regress_out(values, dsb.technical(values, isotypes).noise)


def theirs(counts: sparse.csr_matrix, empties: sparse.csr_matrix, isotypes: np.ndarray) -> np.ndarray:
    """Run muon's dsb on the same matrices, given as dense as it makes them."""
    from anndata import AnnData
    from muon import prot

    cells, background = AnnData(counts.toarray().astype(float)), AnnData(empties.toarray().astype(float))
    background.obs_names = [f"e{i}" for i in range(background.n_obs)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prot.pp.dsb(cells, background, isotype_controls=list(cells.var_names[isotypes]) if len(isotypes) else None)
    return cells.X


def timed(run, *arguments: object) -> tuple[np.ndarray, float]:
    """Run and time, in seconds."""
    begin = perf_counter()
    return run(*arguments), perf_counter() - begin


def compare(values: np.ndarray, reference: np.ndarray) -> tuple[float, float, float]:
    """Correlation overall, of the worst protein, and largest difference."""
    overall = np.corrcoef(values.ravel(), reference.ravel())[0, 1]
    worst = min(np.corrcoef(a, b)[0, 1] for a, b in zip(values.T, reference.T, strict=True))
    return overall, worst, float(np.abs(values - reference).max())


def resized(counts: sparse.csr_matrix, cells: int, proteins: int, *, seed: int) -> sparse.csr_matrix:
    """Draw cells and columns again and add Poisson noise, a block at a time, to any size."""
    rng = np.random.default_rng(seed)
    columns = np.arange(proteins) % counts.shape[1]
    blocks = [rng.choice(counts.shape[0], min(10_000, cells - i)) for i in range(0, cells, 10_000)]
    return sparse.vstack(
        [sparse.csr_matrix(rng.poisson(counts[rows][:, columns].toarray()).astype(np.int32)) for rows in blocks],
        format="csr",
    )


def separation(values: np.ndarray, proteins: list[str], types: pd.Series) -> tuple[float, float]:
    """AUROC of the lineage markers: mean over markers, and with one threshold for all (cells and markers pooled)."""
    single, scores, truth = [], [], []
    for marker, (carriers, unclear) in MARKERS.items():
        use = ~types.isin([*unclear, "undefined"]).to_numpy()
        scores.append(values[use, proteins.index(marker)])
        truth.append(types[use].isin(carriers).to_numpy())
        single.append(roc_auc_score(truth[-1], scores[-1]))
    return float(np.mean(single)), float(roc_auc_score(np.concatenate(truth), np.concatenate(scores)))


def large(cells: int, proteins: int, data: Path) -> None:
    """Normalise a large matrix and print time and peak memory of this process."""
    counts = resized(read_counts(data / "cells_counts.csv.gz").matrix, cells, proteins, seed=0)
    empties = resized(read_counts(data / "empty_counts.csv.gz").matrix, 10_000, proteins, seed=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    _, seconds = timed(ours, counts, empties, np.arange(4))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{cells:>9,} x {proteins}  {seconds:7.2f} s  peak {peak:.2f} GB (inputs {before:.2f} GB)", flush=True)


def main(
    data: Annotated[Path, typer.Option(help="Folder with the dsb_tsang tables.")] = ROOT.parent
    / "shared/data/adt/dsb_tsang",
    cells: Annotated[int, typer.Option(help="Cells of the timed comparison.")] = 10_000,
    proteins: Annotated[int, typer.Option(help="Proteins of the timed comparison.")] = 140,
    large_cells: Annotated[int, typer.Option(help="Only time and measure this many cells, without muon.")] = 0,
) -> None:
    """Print the equality table, the speed beside muon, scaling and memory, and how well cell types separate."""
    if large_cells:
        large(large_cells, proteins, data)
        return
    counts, empties = read_counts(data / "cells_counts.csv.gz"), read_counts(data / "empty_counts.csv.gz")
    panel = canonical(list(counts.features.index))
    isotypes, none = np.flatnonzero(panel["is_isotype"]), np.array([], dtype=int)
    reference = {
        name: pd.read_csv(data / f"dsb_{name}.csv.gz", index_col=0).T.to_numpy()
        for name in ("step1_only", "isotype_denoised", "denoised_no_isotype")
    }
    dsb.technical(dsb.correct(counts.matrix[:100], dsb.ambient(empties.matrix)), none)  # compiled before timing
    step1 = dsb.correct(counts.matrix, dsb.ambient(empties.matrix))
    print("difference from R          r overall    worst protein   largest difference   seconds")
    print(f"  step 1, sscite           {'':27}   {np.abs(step1 - reference['step1_only']).max():.1e}")
    for name, chosen in (("isotype_denoised", isotypes), ("denoised_no_isotype", none)):
        for label, run in (("sscite", ours), ("muon", theirs)):
            found, seconds = timed(run, counts.matrix, empties.matrix, chosen)
            overall, worst, largest = compare(found, reference[name])
            print(f"  {name}, {label:7} {overall:.10f} {worst:.10f}   {largest:.1e}   {seconds:8.2f}", flush=True)

    big, background = resized(counts.matrix, cells, proteins, seed=0), resized(empties.matrix, 8_000, proteins, seed=1)
    own = min(timed(ours, big, background, isotypes)[1] for _ in range(3))
    other = timed(theirs, big, background, isotypes)[1]
    print(f"{cells:,} x {proteins}: sscite {own:.3f} s, muon {other:.1f} s, {other / own:.0f} times", flush=True)
    for size in (30_000, 100_000, 300_000):
        subprocess.run([sys.executable, __file__, "--data", data, "--large-cells", str(size)], check=True)

    types = pd.read_csv(data / "cell_type_labels_matched_from_ADTnorm.csv", index_col=0)["cell_type_l1"]
    types = types.reindex(counts.barcodes).reset_index(drop=True)
    print("AUROC of lineage markers    mean of markers   one threshold for all")
    methods = {
        "dsb": ours(counts.matrix, empties.matrix, isotypes), "dsb, step 1": step1,
        "clr_cell": clr.clr_cell(counts.matrix), "clr_protein": clr.clr_protein(counts.matrix),
    }  # fmt: skip
    pooled = {}
    for name, values in methods.items():
        mean, pooled[name] = separation(values, list(panel["protein"]), types)
        print(f"  {name:24} {mean:.4f}            {pooled[name]:.4f}")
    print(f"adt: {other / own:.0f} times muon on {cells:,} x {proteins}; pooled AUROC dsb {pooled['dsb']:.4f}, "
          f"clr_protein {pooled['clr_protein']:.4f}, clr_cell {pooled['clr_cell']:.4f}")  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
