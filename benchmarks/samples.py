#!/usr/bin/env python3
"""Doublet scores beside scanpy's Scrublet: doublets planted in FACS-sorted and in stimulated PBMC, found by each."""

from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

from sscite.formats import read_counts
from sscite.samples.doublets import choose_threshold
from sscite.samples.scrublet import doublet_scores

ROOT = Path(__file__).resolve().parents[1]
PLANTED = 0.1  # share of doublets


def plant(counts: sparse.csr_matrix, *, seed: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Replace pairs of cells by their sums until the planted share is reached; give counts and which are doublets."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(counts.shape[0])
    n = round(PLANTED * counts.shape[0] / (1 + PLANTED))
    pairs, rest = order[: 2 * n].reshape(n, 2), order[2 * n :]
    mixed = sparse.vstack([counts[rest], counts[pairs[:, 0]] + counts[pairs[:, 1]]], format="csr")
    return mixed, np.repeat([False, True], [len(rest), n])


def theirs(counts: sparse.csr_matrix, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Score and call by scanpy's Scrublet."""
    import scanpy as sc
    from anndata import AnnData

    data = AnnData(counts.astype(np.float32))
    sc.pp.scrublet(data, expected_doublet_rate=PLANTED, random_state=seed, verbose=False)
    called = data.obs.get("predicted_doublet", np.zeros(data.n_obs, bool))
    return data.obs["doublet_score"].to_numpy(), np.asarray(called, bool)


def ours(counts: sparse.csr_matrix, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Score and call by our own kernel."""
    scores, simulated = doublet_scores(counts, PLANTED, seed=seed)
    return scores, scores > choose_threshold(scores, simulated, PLANTED)


def main(
    data: Annotated[Path, typer.Option(help="folder of the shared real data")] = ROOT.parent / "shared" / "data",
    seeds: Annotated[int, typer.Option(help="repeats with other planted doublets")] = 3,
) -> None:
    """Compare scores and calls on planted doublets; print a table, then one line of figures."""
    cells = {"facs": "rna/pbmc_facs_3774.h5ad", "kang": "rna/kang_pbmc_ifnb_2000.h5ad"}
    rows: dict[str, list[list[float]]] = {"ours": [], "scanpy": []}
    agreement = []
    print("cells  seed method  seconds  auroc  average_precision  recall  precision")
    for name, path in cells.items():
        counts = read_counts(data / path).matrix
        for seed in range(seeds):
            mixed, truth = plant(counts, seed=seed)
            scores = {}
            for method, run in (("ours", ours), ("scanpy", theirs)):
                start = perf_counter()
                scores[method], called = run(mixed, seed=seed)
                seconds = perf_counter() - start
                recall, precision = called[truth].mean(), truth[called].mean() if called.any() else np.nan
                row = [seconds, roc_auc_score(truth, scores[method]), average_precision_score(truth, scores[method])]
                rows[method].append([*row, recall, precision])
                print(f"{name:6} {seed:4} {method:7}" + "  ".join(f"{value:.3f}" for value in rows[method][-1]))
            agreement.append(spearmanr(scores["ours"], scores["scanpy"]).statistic)
    mean = {method: np.nanmean(values, axis=0) for method, values in rows.items()}
    print(
        f"auroc ours {mean['ours'][1]:.3f} scanpy {mean['scanpy'][1]:.3f}; average precision ours "
        f"{mean['ours'][2]:.3f} scanpy {mean['scanpy'][2]:.3f}; "
        f"seconds ours {mean['ours'][0]:.1f} scanpy {mean['scanpy'][0]:.1f}; rank correlation {np.mean(agreement):.3f}"
    )


if __name__ == "__main__":
    typer.run(main)
