"""Name clusters by markers, with evidence that holds in most donors."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from sscite.subsets.cluster import donor_evidence
from sscite.subsets.cluster.marker_support import MIN_SUPPORT, SHOWN

MIN_SCORE = 0.25  # of a cluster above the rest of its lineage, in standard deviations of the score
HOME = 0.5  # share of a cluster beyond which it is from a subset's tissues
NATIVE = 0.5  # of the best evidence is enough for a subset of the tissue that most of the cluster's cells are from
DOMINATED = 0.7  # share of one donor or library beyond which a cluster is flagged


def name_clusters(
    scores: pd.DataFrame,
    clusters: np.ndarray,
    obs: pd.DataFrame,
    *,
    shown: pd.DataFrame,
    other: str,
    tissues: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Name each cluster of a lineage by the subset whose markers stand out most, donor by donor.

    The evidence for a subset is the median over donors of the difference between cluster and rest; its support is
    the share of donors in which that difference is positive. Only a subset whose own markers the cluster shows can name
    it, with enough evidence and support, and one that belongs to certain tissues only a cluster most of which is from
    them. A cluster that none can name is `other`. A subset that belongs to certain tissues keeps much of the state that
    it arises from: in its tissues it goes before that state once it has half of its evidence. A cluster is flagged if
    one donor or library holds most of its cells, or if its margin over the runner-up may be zero (95% interval over
    donors).

    Parameters
    ----------
    scores
        Cells × subsets, standardised.
    clusters
        Number of each cell's cluster.
    obs
        Cells with donor, library and, where `tissues` are given, tissue.
    shown
        Clusters × subsets: share of the subset's markers that the cluster shows.
    tissues
        The tissues of each subset that does not occur everywhere.
    other
        Name of clusters that no subset names.

    Returns
    -------
    pd.DataFrame
        A row per cluster: cluster, cells, donors (included), subset, best, score, margin, margin_low, support, shown,
        second, donor_share, library_share, flag. Where no subset can name it, best is the one with most evidence.
    """
    donors = pd.factorize(obs["donor"].astype(str), sort=True)[0]
    values = scores.to_numpy(np.float64)
    found = donor_evidence.cluster_vs_rest(values, clusters, donors)
    share = shown[scores.columns].to_numpy()
    rows = []
    for cluster, strength in enumerate(found.difference):
        inside = clusters == cluster
        native = _native(obs, inside, tissues or {}, scores.columns)
        can = (share[cluster] > SHOWN) & (strength >= MIN_SCORE) & (found.support[cluster] >= MIN_SUPPORT)
        can &= ~(native <= HOME)
        best, second = _choose(strength, can, native > HOME)
        lower = donor_evidence.lower_bound(values[:, best] - values[:, second], inside, donors)
        shares = _shares(obs[inside], obs)
        if can[best] and lower <= 0:
            shares["flag"] = "; ".join(filter(None, [str(shares["flag"]), f"as likely {scores.columns[second]}"]))
        rows.append({
            "cluster": cluster, "cells": int(inside.sum()), "donors": found.donors[cluster],
            "subset": scores.columns[best] if can[best] else other, "best": scores.columns[best],
            "score": strength[best],
            "margin": strength[best] - (strength[second] if second != best else 0), "margin_low": lower,
            "support": found.support[cluster, best], "shown": share[cluster, best], "second": scores.columns[second],
            **shares,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _choose(strength: np.ndarray, can: np.ndarray, native: np.ndarray) -> tuple[int, int]:
    """Choose the best of the subsets that can name a cluster, of all where none can, and the next best of all."""
    order = np.argsort(-strength, kind="stable")
    possible = [j for j in order if can[j]] or list(order)
    known = [j for j in possible if can[j] and native[j] and strength[j] >= NATIVE * strength[possible[0]]]
    best = int((known or possible)[0])
    return best, int(next((j for j in order if j != best), best))


def _native(
    obs: pd.DataFrame, inside: np.ndarray, tissues: Mapping[str, Collection[str]], subsets: pd.Index
) -> np.ndarray:
    """Return the share of a cluster from each subset's tissues, each weighed by its cells; NaN if it has none."""
    if not tissues:
        return np.full(len(subsets), np.nan)
    rate = obs["tissue"][inside].astype(str).value_counts() / obs["tissue"].astype(str).value_counts()
    return np.array([
        rate.reindex(list(tissues[subset])).sum() / rate.sum() if subset in tissues else np.nan for subset in subsets
    ])  # fmt: skip


def _shares(cluster: pd.DataFrame, everything: pd.DataFrame) -> dict[str, object]:
    """Return which share of a cluster one donor and one library hold, each weighed by how many cells it brought."""
    result: dict[str, object] = {}
    flags = []
    for column in ("donor", "library"):
        brought = everything[column].astype(str).value_counts()
        rate = cluster[column].astype(str).value_counts() / brought
        share = float((rate / rate.sum()).max())
        result[f"{column}_share"] = share
        if len(brought) > 1 and share > DOMINATED:
            flags.append(f"one {column}: {rate.idxmax()}")
    result["flag"] = "; ".join(flags)
    return result
