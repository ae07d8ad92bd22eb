"""How often chance alone would give as much: every headline statistic re-run on donors with permuted labels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.composition.frequency import LEVEL, Measures, fill, moderated, nuisance, study_path
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import donor_tests, permutation

MAX_RELABELLINGS = 200
MIN_COUNT = 10  # summed counts of a gene that enters, on average over donors
COLUMNS = ["statistic", "observed", "permuted_mean", "permuted_95", "permuted_max", "chance_any", "p", "relabellings"]


def relabellings(comparison: Comparison, *, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw labels of donors (rows of `Comparison.donors`), the observed ones first; sides swap within donors if paired.

    Arrangements that repeat the observed one are left out; where there are few arrangements all are used once.
    """
    group = comparison.donors["group"].to_numpy()
    if comparison.paired:
        pairs = int(group.sum())
        signs = permutation.flips(pairs, draws=number, rng=rng)[0]
        # rows are the references in order of donor, then the targets in the same order
        labels = np.hstack([signs < 0, signs > 0]).astype(int)
    else:
        labels = group[permutation.arrangements(group, draws=number, rng=rng, exact=True)[0]]
    others = labels[1:][(labels[1:] != group).any(axis=1)]
    if not len(others):
        return group[None]
    chosen = rng.choice(len(others), min(number, len(others)), replace=False)
    return np.vstack([group, others[chosen]])


def composition_calls(
    measures: Measures, comparison: Comparison, labels: np.ndarray, *, draws: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Count the tests that each method calls under each labelling (row 0 observed).

    The permutation method is re-run with arrangements of each labelling, so that its error is measured, not assumed.
    """
    kept = measures.pick((measures.tests["note"] == "").to_numpy())
    held, logit = nuisance(comparison), fill(kept.logit)
    calls: dict[str, list[int]] = {"ks": [], "permutation": [], "logit": [], "clr": []}
    for group in labels:
        found = study_path(kept, group)
        fits = moderated(kept, group, held)
        drawn = _rerun(logit, group, held, comparison, draws=draws, rng=rng)
        calls["ks"].append(int((found["ks_bonferroni"] <= LEVEL).sum()))
        calls["permutation"].append(int((drawn.family_p() <= LEVEL).sum()))
        calls["logit"].append(int((fits["logit_fdr"] <= LEVEL).sum()))
        calls["clr"].append(int((fits["clr_fdr"] <= LEVEL).sum()))
    return {f"composition: {name}": np.array(counts) for name, counts in calls.items()}


def _rerun(
    values: np.ndarray,
    group: np.ndarray,
    held: np.ndarray,
    comparison: Comparison,
    *,
    draws: int,
    rng: np.random.Generator,
) -> permutation.Permuted:
    """Permute once more under given labels."""
    if not comparison.paired:
        return permutation.between_donors(values, group, held, draws=draws, rng=rng, limit=draws)
    half = len(values) // 2
    sign = np.where(group[half:] == 1, 1.0, -1.0)[:, None]
    return permutation.within_donors(sign * (values[half:] - values[:half]), draws=draws, rng=rng)


def separation_statistic(scaled: np.ndarray, comparison: Comparison, labels: np.ndarray) -> np.ndarray:
    """Give the share of the variance between donors that lies between the sides, under each labelling."""
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
    size = counts.sum(axis=1, keepdims=True)
    log = np.log2((kept + 0.5) / (size + 1) * 1e6)
    fits = (donor_tests.moderated_t(log, side, held).p if _both(side) else np.ones(log.shape[1]) for side in labels)
    return np.array([int((donor_tests.benjamini_hochberg(p) <= LEVEL).sum()) for p in fits]), kept.shape[1]


def _both(side: np.ndarray) -> bool:
    """Tell whether both sides have at least two donors."""
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
