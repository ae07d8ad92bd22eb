"""Which gene sets stand out: among the marker genes of each subset, and along the ranking of each contrast.

Marker genes by Fisher's exact test, as the study does; rankings by the competitive test of Wu and Smyth 2012
(doi:10.1093/nar/gks461), which allows for genes of a set being correlated, with the running score of Subramanian et al.
2005 (doi:10.1073/pnas.0506580102) to show where in the ranking a set lies. Both are repeated without the genes of
dissociation stress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.compare.expression import differential
from sscite.compare.pseudobulk.sums import log_cpm
from sscite.compare.statistics import dissociation_stress, distributions
from sscite.compare.statistics.donor_tests import benjamini_hochberg, moderated_t

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk
    from sscite.subsets.definitions.questions import GeneSets

COLUMNS = [
    "contrast_id", "level", "subset", "source", "gene_set", "genes", "overlap", "effect", "enrichment_score", "p_value",
    "fdr", "p_without_stress", "p_given_stress", "worst_p", "influential_donor", "lowest_effect", "highest_effect",
    "leading_genes",
]  # fmt: skip
FEWEST, MOST = 5, 500
CORRELATION = 0.01
MARKER_FOLD, MARKERS_KEPT, FEWEST_MARKERS = 0.5, 200, 5

Sets = dict[str, dict[str, list[str]]]


def membership(sets: dict[str, list[str]], genes: pd.Index) -> tuple[np.ndarray, list[str]]:
    """Return the 0/1 matrix (n_sets, n_genes) of sets with 5 to 500 of the genes, and their names."""
    rows, kept = [], []
    for name, members in sets.items():
        places = genes.get_indexer(pd.Index(members).unique())
        places = places[places >= 0]
        if FEWEST <= len(places) <= MOST and len(places) < len(genes):
            row = np.zeros(len(genes), bool)
            row[places] = True
            rows.append(row)
            kept.append(name)
    return np.array(rows).reshape(len(rows), len(genes)), kept


def competitive(statistic: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Test whether a set's genes have a higher or lower mean statistic than the others, allowing for correlation.

    Parameters
    ----------
    statistic
        One value per gene, shape (n_genes,).
    members
        0/1, shape (n_sets, n_genes).

    Returns
    -------
    difference of the means, and two-sided p, per set
    """
    total = members.shape[1]
    size = members.sum(axis=1)
    mean, variance = statistic.mean(), statistic.var(ddof=1)
    difference = total / (total - size) * (members @ statistic / size - mean)
    pooled = ((total - 1) * variance - difference**2 * size * (total - size) / total) / (total - 2)
    inflation = 1 + (size - 1) * CORRELATION
    t = difference / np.sqrt(np.maximum(pooled, 1e-12) * (inflation / size + 1 / (total - size)))
    return difference, distributions.t_p(t, total - 2)


def running_scores(statistic: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Return running enrichment score of each set along the ranking, shape (n_sets, n_genes), highest gene first."""
    order = np.argsort(-statistic, kind="stable")
    hits = members[:, order] * np.abs(statistic[order])
    misses = ~members[:, order]
    up = np.cumsum(hits, axis=1) / np.maximum(hits.sum(axis=1, keepdims=True), 1e-12)
    return up - np.cumsum(misses, axis=1) / misses.sum(axis=1, keepdims=True)


def rank_unit(genes: pd.DataFrame, sets: Sets) -> pd.DataFrame:
    """Test every gene set along the ranking of one subset's genes by their statistic."""
    known = genes[genes["statistic"].notna() & genes["p_value"].notna()].drop_duplicates("gene")
    index, statistic = pd.Index(known["gene"]), known["statistic"].to_numpy(float)
    if len(index) < 2 * MOST // 10:
        return pd.DataFrame()
    unstressed = ~dissociation_stress.stress_genes(index)
    tables = []
    for source, members in sets.items():
        matrix, names = membership(members, index)
        if not names:
            continue
        effect, p = competitive(statistic, matrix)
        enough = matrix[:, unstressed].sum(axis=1) >= FEWEST
        without = np.full(len(names), np.nan)
        if enough.any():
            without[enough] = competitive(statistic[unstressed], matrix[enough][:, unstressed])[1]
        curves = running_scores(statistic, matrix)
        peak = np.take_along_axis(curves, np.abs(curves).argmax(axis=1)[:, None], axis=1)[:, 0]
        tables.append(
            pd.DataFrame(
                {
                    "source": source,
                    "gene_set": names,
                    "genes": matrix.sum(axis=1),
                    "effect": effect,
                    "enrichment_score": peak,
                    "p_value": p,
                    "fdr": benjamini_hochberg(p),
                    "p_without_stress": without,
                    "leading_genes": [
                        leading(index, statistic, row, sign) for row, sign in zip(matrix, effect, strict=True)
                    ],
                }
            )
        )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def leading(genes: pd.Index, statistic: np.ndarray, members: np.ndarray, sign: float) -> str:
    """Name the eight genes of a set that carry it most."""
    places = np.flatnonzero(members)
    return ";".join(genes[places[np.argsort(-np.sign(sign) * statistic[places], kind="stable")][:8]])


def rank_contrast(genes: pd.DataFrame, sets: Sets) -> pd.DataFrame:
    """Test every gene set in every subset and lineage of a contrast."""
    parts = []
    for (level, subset), part in genes.groupby(["level", "subset"], sort=False):
        table = rank_unit(part, sets)
        if len(table):
            parts.append(table.assign(level=level, subset=subset, contrast_id=part["contrast_id"].iloc[0]))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return table.reindex(columns=COLUMNS)


def markers(pseudobulk: Pseudobulk, *, min_cells: int, min_donors: int) -> pd.DataFrame:
    """Find the genes of each subset that are higher in it than in the rest of its lineage, within donors.

    Returns
    -------
    subset, gene, log2_fold_change, p_value, fdr of every gene tested; no rows where no subset has enough donors
    """
    obs = pseudobulk.obs[pseudobulk.obs["level"] == "subset"]
    parts = []
    for parent, rows in obs.groupby("parent", observed=True):
        for name in sorted(set(rows["name"])):
            table = _subset_against_rest(pseudobulk, rows, name, min_cells, min_donors)
            if len(table):
                parts.append(table.assign(subset=name, parent=parent))
    columns = ["subset", "parent", "gene", "log2_fold_change", "p_value", "fdr"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _subset_against_rest(
    pseudobulk: Pseudobulk, rows: pd.DataFrame, name: str, min_cells: int, min_donors: int
) -> pd.DataFrame:
    """Compare a subset with the sum of its lineage's other subsets, donor by donor."""
    own = (rows["name"] == name).to_numpy()
    donor = rows["donor"].astype(str).to_numpy()
    cells = pd.DataFrame({"donor": donor, "own": own, "cells": rows["n_cells"].to_numpy()})
    sums = cells.pivot_table(index="donor", columns="own", values="cells", aggfunc="sum", fill_value=0)
    if sums.shape[1] < 2:
        return pd.DataFrame()
    donors = sums.index[(sums >= min_cells).all(axis=1)]
    if len(donors) < min_donors:
        return pd.DataFrame()
    places = pseudobulk.obs_names.get_indexer(rows.index)
    onehot = np.vstack([(donor == person) & (own == side) for side in (True, False) for person in donors])
    counts = np.asarray(onehot.astype(float) @ pseudobulk.X[places])
    group = np.repeat([1, 0], len(donors))
    kept = differential.expressed(counts, group)
    if kept.sum() < MOST:
        kept = counts.sum(axis=0) >= differential.MIN_TOTAL
    values = log_cpm(counts[:, kept], counts.sum(axis=1))
    pairs = pd.get_dummies(np.tile(donors, 2)).to_numpy(float)
    fit = moderated_t(values, group, pairs)
    genes = pseudobulk.var_names[kept]
    fdr = benjamini_hochberg(fit.p)
    return pd.DataFrame({"gene": genes, "log2_fold_change": fit.effect, "p_value": fit.p, "fdr": fdr})


def marker_genes(table: pd.DataFrame) -> list[str]:
    """Choose a subset's marker genes: FDR 5 %, log2 fold change above 0.5, the 200 of smallest p."""
    chosen = table[(table["fdr"] < 0.05) & (table["log2_fold_change"] > MARKER_FOLD)]
    return chosen.nsmallest(MARKERS_KEPT, "p_value")["gene"].tolist()


def fisher(chosen: list[str], universe: pd.Index, sets: dict[str, list[str]]) -> pd.DataFrame:
    """Test whether a list holds more genes of a set than by chance (Fisher's exact test, one-sided)."""
    from scipy import stats  # half a second

    matrix, names = membership(sets, universe)
    if not names:
        return pd.DataFrame()
    listed = universe.isin(chosen)
    size, overlap = matrix.sum(axis=1), matrix[:, listed].sum(axis=1)
    p = stats.hypergeom.sf(overlap - 1, len(universe), size, listed.sum())
    expected = size * listed.sum() / len(universe)
    shared = [";".join(universe[row & listed][:20]) for row in matrix]
    return pd.DataFrame(
        {"gene_set": names, "genes": size, "overlap": overlap, "effect": np.log2((overlap + 0.5) / (expected + 0.5)),
         "p_value": p, "leading_genes": shared}
    )  # fmt: skip


def test_markers(table: pd.DataFrame, sets: Sets) -> pd.DataFrame:
    """Test every gene set among the marker genes of every subset, and again without stress genes."""
    parts = []
    for subset, part in table.groupby("subset", sort=False):
        chosen = marker_genes(part)
        if len(chosen) < FEWEST_MARKERS:
            continue
        universe = pd.Index(part["gene"]).unique()
        calm = universe[~dissociation_stress.stress_genes(universe)]
        for source, members in sets.items():
            found = fisher(chosen, universe, members)
            if found.empty:
                continue
            again = fisher([gene for gene in chosen if gene in calm], calm, members)
            without = again.set_index("gene_set")["p_value"] if len(again) else pd.Series(dtype=float)
            found = found.assign(
                source=source, subset=subset, level="subset", contrast_id="markers",
                fdr=benjamini_hochberg(found["p_value"].to_numpy()),
                p_without_stress=found["gene_set"].map(without).astype(float),
            )  # fmt: skip
            parts.append(found)
    result = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return result.reindex(columns=COLUMNS)


def of_question(table: pd.DataFrame, question: GeneSets) -> pd.DataFrame:
    """Take the answer to a question by name: its gene sets in its subset, not in a lineage of the same name."""
    inside = (table["level"] == "subset") & (table["subset"] == question.subset)
    return table[inside & table["gene_set"].isin(question.sets)]
