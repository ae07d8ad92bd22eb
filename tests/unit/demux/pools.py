"""Pools with planted truth, simulated by other means than the model's: cell sizes, ambient tags, stray tags."""

from __future__ import annotations

import numpy as np
import pandas as pd


def pool(
    seed: int = 0,
    *,
    droplets: int = 1500,
    tags: int = 6,
    background: float = 10,
    fold: float = 30,
    weak: dict[int, float] | None = None,
    absent: tuple[int, ...] = (),
    doublets: float = 0.08,
    negatives: float = 0.03,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Give counts (droplets × tags, named T00, T01, ...) and the true call of each droplet."""
    rng = np.random.default_rng(seed)
    names = [f"T{h:02d}" for h in range(tags)]
    base = background * np.exp(rng.normal(0, 0.4, tags))
    folds = fold * np.exp(rng.normal(0, 0.2, tags))
    for tag, value in (weak or {}).items():
        folds[tag] = value
    present = np.array([h not in absent for h in range(tags)], dtype=float)
    cells = rng.choice([0, 1, 2], droplets, p=[negatives, 1 - negatives - doublets, doublets])
    means = (
        base * (0.5 + 0.5 * np.exp(rng.normal(0, 0.4, (droplets, 1)))) * np.exp(rng.normal(0, 0.25, (droplets, tags)))
    )
    truth = np.full(droplets, "Negative", dtype=object)
    for i in np.flatnonzero(cells):
        carried = rng.choice(tags, cells[i], p=present / present.sum())
        for h in carried:
            means[i, h] += base[h] * folds[h] * np.exp(rng.normal(0, 0.5))
            means[i] += 0.3 * base
        truth[i] = names[carried[0]] if len(set(carried)) == 1 else "Doublet"
    barcodes = ["".join(rng.choice(list("ACGT"), 16)) + "-1" for _ in range(droplets)]
    return pd.DataFrame(rng.poisson(means), index=barcodes, columns=names), truth


def mean_f(calls: np.ndarray, truth: np.ndarray) -> float:
    """Mean over tags of TP / (TP + (FP + FN) / 2)."""
    scores = []
    for tag in sorted(set(truth) - {"Doublet", "Negative"}):
        called, true = np.asarray(calls) == tag, truth == tag
        scores.append(2 * (called & true).sum() / (called.sum() + true.sum()))
    return float(np.mean(scores))
