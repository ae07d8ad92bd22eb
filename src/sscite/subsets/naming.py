"""Name clusters by markers, with evidence that holds in most donors."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from sscite.names import UNASSIGNED

MIN_SCORE = 0.25  # of a cluster above the rest of its lineage, in standard deviations of the score
MIN_SUPPORT = 0.6  # share of donors in which the cluster is above the rest
MIN_CELLS = 5  # of a donor inside and outside of a cluster, to be heard
NATIVE = 0.5  # of the best evidence is enough for a subset of the tissue that most of the cluster's cells are from
DOMINATED = 0.7  # share of one donor or library beyond which a cluster is flagged


def donor_differences(scores: np.ndarray, donors: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Give, for each donor with enough cells on both sides, the mean score inside a cluster less that outside.

    Parameters
    ----------
    scores
        Cells × subsets.
    donors
        Code of each cell's donor, from 0.
    inside
        Mask of the cluster's cells.

    Returns
    -------
    np.ndarray
        Donors heard × subsets.
    """
    count = int(donors.max()) + 1
    sums = []
    for mask in (inside, ~inside):
        totals = np.stack(
            [np.bincount(donors[mask], scores[mask, j], minlength=count) for j in range(scores.shape[1])], 1
        )
        cells = np.bincount(donors[mask], minlength=count)
        sums.append((totals / np.maximum(cells, 1)[:, None], cells))
    heard = (sums[0][1] >= MIN_CELLS) & (sums[1][1] >= MIN_CELLS)
    return (sums[0][0] - sums[1][0])[heard]


def name_clusters(
    scores: pd.DataFrame,
    clusters: np.ndarray,
    obs: pd.DataFrame,
    *,
    tissues: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Name each cluster of a lineage by the subset whose markers stand out most, donor by donor.

    The evidence for a subset is the median over donors of the difference between cluster and rest; its support is
    the share of donors in which that difference is positive. A cluster is `unassigned` where the best evidence or
    support is too low. It is flagged where one donor or library holds most of its cells. A subset that belongs to
    certain tissues keeps much of the state that it arises from: in a cluster from these tissues it goes before that
    state once it has half of its evidence.

    Parameters
    ----------
    scores
        Cells × subsets, standardised.
    clusters
        Number of each cell's cluster.
    obs
        Cells with donor, library and, where `tissues` are given, tissue.
    tissues
        The tissues of each subset that does not occur everywhere.

    Returns
    -------
    pd.DataFrame
        A row per cluster: cluster, cells, donors, subset, score, margin, support, second, donor_share,
        library_share, flag.
    """
    values = scores.to_numpy(np.float64)
    donors = pd.factorize(obs["donor"].astype(str), sort=True)[0]
    rows = []
    for cluster in range(int(clusters.max()) + 1):
        inside = clusters == cluster
        differences = donor_differences(values, donors, inside)
        if len(differences) == 0:
            outside = values[~inside].mean(axis=0) if (~inside).any() else 0
            differences = (values[inside].mean(axis=0) - outside)[None]
        evidence = np.median(differences, axis=0)
        order = np.argsort(-evidence, kind="stable")
        native = _native(obs, inside, tissues or {})
        known = [
            j for j in order if native.get(scores.columns[j], 0) > 0.5 and evidence[j] >= NATIVE * evidence[order[0]]
        ]
        best = (known or order)[0]
        second = next((j for j in order if j != best), best)
        support = float((differences[:, best] > 0).mean())
        named = evidence[best] >= MIN_SCORE and support >= MIN_SUPPORT
        rows.append({
            "cluster": cluster, "cells": int(inside.sum()), "donors": len(differences),
            "subset": scores.columns[best] if named else UNASSIGNED, "score": evidence[best],
            "margin": evidence[best] - evidence[second] if len(order) > 1 else evidence[best],
            "support": support, "second": scores.columns[second], **_shares(obs[inside], obs),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _native(obs: pd.DataFrame, inside: np.ndarray, tissues: Mapping[str, Collection[str]]) -> dict[str, float]:
    """Give the share of a cluster that comes from the tissues of each subset, each tissue weighed by its cells."""
    if not tissues:
        return {}
    rate = obs["tissue"][inside].astype(str).value_counts() / obs["tissue"].astype(str).value_counts()
    return {subset: float(rate.reindex(list(where)).sum() / rate.sum()) for subset, where in tissues.items()}


def _shares(cluster: pd.DataFrame, everything: pd.DataFrame) -> dict[str, object]:
    """Say which share of a cluster one donor and one library hold, each weighed by how many cells it brought."""
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
