"""Null calibration: every primary statistic recomputed on donors with permuted labels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.composition import differential, effects
from sscite.compare.composition.effects import LEVEL, Fitted
from sscite.compare.composition.frequency import fill, nuisance
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.pseudobulk.sums import log_cpm
from sscite.compare.statistics import donor_tests, permutation

MAX_RELABELLINGS = 200
POOL = 1000  # arrangements that each relabelling is compared with
MIN_COUNT = 10  # summed counts of a gene that enters, on average over donors
COLUMNS = ["statistic", "observed", "permuted_mean", "permuted_95", "permuted_max", "chance_any", "p", "relabellings"]


def arrangements(comparison: Comparison, *, rng: np.random.Generator) -> np.ndarray:
    """List arrangements of the donors, the observed first, no more than `POOL` others.

    Returns
    -------
    (n_arrangements, n_donors) orders of the donors or, if paired, (n_arrangements, n_pairs) signs
    """
    group = comparison.donors["group"].to_numpy()
    if comparison.paired:
        listed = permutation.flips(int(group.sum()), draws=POOL, rng=rng)[0]
    else:
        exact = nuisance(comparison).shape[1] == 1
        listed = permutation.arrangements(group, draws=POOL, rng=rng, exact=exact)[0]
    if len(listed) > POOL + 1:
        listed = listed[np.append(0, 1 + rng.choice(len(listed) - 1, POOL, replace=False))]
    return listed


def labels(comparison: Comparison, arranged: np.ndarray) -> np.ndarray:
    """Return the group of each donor (rows of `Comparison.donors`) under each arrangement."""
    if comparison.paired:
        # rows are the references in order of donor, then the targets in the same order
        return np.hstack([arranged < 0, arranged > 0]).astype(int)
    return comparison.donors["group"].to_numpy()[arranged]


def relabellings(comparison: Comparison, arranged: np.ndarray, *, number: int) -> np.ndarray:
    """Choose arrangements that change the labels, after the observed one (place 0)."""
    groups = labels(comparison, arranged)
    others = np.flatnonzero((groups != groups[0]).any(axis=1))
    return np.append(0, others[:: max(1, len(others) // number)][:number])


def composition_calls(
    fitted: Fitted, comparison: Comparison, arranged: np.ndarray, chosen: np.ndarray
) -> dict[str, np.ndarray]:
    """Count the tests that each method calls under the chosen arrangements (the first is the observed one).

    Each relabelling is compared with all arrangements, as the observed labels are.
    """
    everyone = np.ones(len(comparison.donors), dtype=bool)
    found = effects.arrange(fitted, comparison, everyone, arranged)
    at = fitted.of_contrast
    statistic = found.t[0][:, at]
    percent, groups = fill(fitted.measures.percent[:, at]), labels(comparison, arranged)
    calls: dict[str, list[int]] = {name: [] for name in differential.METHODS}
    for place in chosen:
        rows = np.vstack([statistic[[place]], np.delete(statistic, place, axis=0)])
        calls["permutation"].append(_calls(permutation.Permuted(rows, exact=True).family_p()))
        calls["ks"].append(_calls(_ks(percent, groups[place])))
        calls["log_ratio"].append(_calls(donor_tests.holm(found.p(place)[at])))
        calls["share"].append(_calls(donor_tests.benjamini_hochberg(found.share_p(place)[at])))
    return {f"composition: {name}": np.array(counts) for name, counts in calls.items()}


def _calls(p: np.ndarray) -> int:
    return int((p <= LEVEL).sum())


def _ks(percent: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return Bonferroni-adjusted Kolmogorov-Smirnov p values."""
    reference, target = (int((group == side).sum()) for side in (0, 1))
    distance = donor_tests.ks_distance(percent, group)
    return donor_tests.bonferroni(donor_tests.ks_p(distance, reference, target, percent))


def separation_statistic(scaled: np.ndarray, comparison: Comparison, labels: np.ndarray) -> np.ndarray:
    """Return the share of the variance between donors that lies between the sides, under each labelling."""
    held = nuisance(comparison)
    y = donor_tests.residualise(scaled, held)
    x = donor_tests.residualise(labels.T.astype(float), held)
    return ((x.T @ y) ** 2).sum(axis=1) / (x**2).sum(axis=0) / (y**2).sum()


def expression_calls(counts: np.ndarray, held: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Count the genes of one subset that a moderated t on log2 counts per million calls (FDR 5 %) under each labelling.

    A quick stand-in for the count model of the expression question, which cannot be fitted hundreds of times.

    Parameters
    ----------
    counts
        (n_donors, n_genes) summed counts.
    labels
        (n_labellings, n_donors).

    Returns
    -------
    calls per labelling, and the number of genes tested
    """
    kept = counts[:, counts.mean(axis=0) >= MIN_COUNT]
    if not kept.shape[1]:
        return np.zeros(len(labels), dtype=int), 0
    log = log_cpm(kept, counts.sum(axis=1))
    fits = (donor_tests.moderated_t(log, side, held).p if _both(side) else np.ones(log.shape[1]) for side in labels)
    return np.array([int((donor_tests.benjamini_hochberg(p) <= LEVEL).sum()) for p in fits]), kept.shape[1]


def _both(side: np.ndarray) -> bool:
    """Return whether both sides have at least two donors."""
    return min(int(side.sum()), len(side) - int(side.sum())) >= 2


def summarise(name: str, values: np.ndarray) -> list[object]:
    """Set the observed value (first) beside the permuted ones: mean, 95th percentile, maximum, how often any, p."""
    observed, permuted = float(values[0]), values[1:]
    if not len(permuted):
        return [name, observed, *[float("nan")] * 5, 0]
    p = (1 + (permuted >= observed - permutation.ROUNDING).sum()) / (1 + len(permuted))
    return [
        name, observed, float(permuted.mean()), float(np.quantile(permuted, 0.95)), float(permuted.max()),
        float((permuted > 0).mean()), float(p), len(permuted),
    ]  # fmt: skip


def table(values: dict[str, np.ndarray]) -> pd.DataFrame:
    """Summarise every statistic; see `summarise`."""
    return pd.DataFrame([summarise(name, each) for name, each in values.items()], columns=COLUMNS)
