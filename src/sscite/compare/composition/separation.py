"""Whether the whole composition separates two groups of donors: principal components and a permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.compare.composition.frequency import nuisance, per_sample
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import permutation
from sscite.compare.statistics.donor_tests import residualise

LONG_LOADING = 0.3


@dataclass(frozen=True)
class Components:
    """Principal components of donors' subset percents, each scaled to unit variance.

    Attributes
    ----------
    scores
        A row per donor and group: donor, group, level, PC1, PC2.
    loadings
        A row per subset: subset, PC1, PC2, length.
    explained
        Share of the variance of the first two.
    """

    scores: pd.DataFrame
    loadings: pd.DataFrame
    explained: tuple[float, float]


def scaled_percents(composition: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Return subsets' percents of all cells per donor, scaled to mean 0 and variance 1; constant ones are left out."""
    frame = comparison.collapse(per_sample(composition, measure="all")["percent"])
    frame = frame.loc[:, frame.columns.get_level_values("level") == "subset"].droplevel(["level"], axis=1)
    frame = frame.fillna(frame.mean())
    spread = frame.std(ddof=1)
    varying = spread > 1e-9
    return (frame.loc[:, varying] - frame.loc[:, varying].mean()) / spread[varying]


def components(scaled: pd.DataFrame, comparison: Comparison) -> Components:
    """Find the first two principal components; the sign is fixed so that the longest loading is positive."""
    u, sizes, v = np.linalg.svd(scaled.to_numpy(), full_matrices=False)
    sign = np.sign(v[np.arange(len(v)), np.abs(v).argmax(axis=1)])
    scores, axes = (u * sizes * sign)[:, :2], (v * sign[:, None])[:2]
    share = sizes**2 / (sizes**2).sum()
    loadings = pd.DataFrame({"subset": scaled.columns.get_level_values("subset"), "PC1": axes[0], "PC2": axes[1]})
    table = comparison.donors[["donor", "group", "level"]].assign(PC1=scores[:, 0], PC2=scores[:, 1])
    return Components(table, loadings.assign(length=np.hypot(axes[0], axes[1])), (float(share[0]), float(share[1])))


def separation(
    scaled: pd.DataFrame, comparison: Comparison, *, draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Test whether the groups' mean compositions are farther apart than under permuted labels.

    The statistic is the squared distance between group means over all subsets, which orders permutations as the
    pseudo-F of Anderson 2001 (doi 10.1111/j.1442-9993.2001.01070.pp.x) does.

    Returns
    -------
    share of the variance between donors that lies between the groups (within pairs, where paired), and p
    """
    group = comparison.donors["group"].to_numpy()
    values = scaled.to_numpy()
    if comparison.paired:
        differences = values[group == 1] - values[group == 0]
        signs = permutation.flips(len(differences), draws=draws, rng=rng)[0]
        between = len(signs[0]) * ((signs @ differences / len(differences)) ** 2).sum(axis=1)
        total = (differences**2).sum()
    else:
        held = nuisance(comparison)
        orders = permutation.arrangements(group, draws=draws, rng=rng, exact=held.shape[1] == 1)[0]
        y = residualise(values, held)
        x = residualise(group.astype(float)[:, None], held)[:, 0]
        between = ((x[orders] @ y) ** 2).sum(axis=1) / (x @ x)
        total = (y**2).sum()
    p = (between >= between[0] - permutation.ROUNDING).mean()
    return float(between[0] / total), float(p)
