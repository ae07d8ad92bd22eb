"""Whether a gene's difference holds given the stress score of the donors, and without any one donor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.statistics import dissociation_stress, quasi_likelihood

LEVEL = 0.05
MOST_GENES = 20  # of a subset, by p value, that are tested again without each donor


def given_stress(
    table: pd.DataFrame, counts: np.ndarray, design: np.ndarray, fitted: quasi_likelihood.Fit, score: np.ndarray
) -> pd.DataFrame:
    """Add effect and p value given the stress score of the genes that differ, and what stress may explain."""
    significant = (table["fdr"] < LEVEL).to_numpy()
    effect, p = np.full(len(table), np.nan), np.full(len(table), np.nan)
    adjusted = dissociation_stress.adjusted(design, score)
    if adjusted is not None and significant.any():
        effect[significant], p[significant] = quasi_likelihood.retest(
            counts, adjusted, fitted, np.flatnonzero(significant)
        )
    table = table.assign(effect_given_stress=effect, p_given_stress=p)
    listed = table["stress_gene"].to_numpy()
    values = table.rename(columns={"log2_fold_change": "effect"})
    return table.assign(stress_flag=dissociation_stress.flags(values, significant, listed))


def without_each_donor(
    table: pd.DataFrame, counts: np.ndarray, design: np.ndarray, fitted: quasi_likelihood.Fit, donors: np.ndarray
) -> pd.DataFrame:
    """Add the largest p value without one donor, that donor, and the range of the effect, of the clearest genes."""
    candidates = table[(table["fdr"] < LEVEL) & (table["quality"] == "")]
    genes = candidates.nsmallest(MOST_GENES, "p_value").index.to_numpy()
    people = np.unique(donors)
    columns = ["worst_p", "lowest_effect", "highest_effect"]
    table = table.assign(**dict.fromkeys(columns, np.nan), influential_donor="")
    if not len(genes):
        return table
    results = [quasi_likelihood.retest(counts, design, fitted, genes, rows=donors != person) for person in people]
    effects, p = (np.array(part) for part in zip(*results, strict=True))
    return write_influence(table, genes, effects, p, people)


def write_influence(
    table: pd.DataFrame, rows: np.ndarray, effects: np.ndarray, p: np.ndarray, donors: np.ndarray
) -> pd.DataFrame:
    """Write worst p, influential donor and range of the effect into rows of a table.

    Parameters
    ----------
    rows
        Index labels of the table, shape (n_rows,).
    effects, p
        Without each donor, shape (n_donors, n_rows); NaN if the test is not possible without that donor.
    """
    known = np.isfinite(p).any(axis=0)
    rows, effects, p = rows[known], effects[:, known], p[:, known]
    table.loc[rows, "worst_p"] = np.nanmax(p, axis=0) if len(rows) else []
    table.loc[rows, "lowest_effect"] = np.nanmin(effects, axis=0) if len(rows) else []
    table.loc[rows, "highest_effect"] = np.nanmax(effects, axis=0) if len(rows) else []
    table.loc[rows, "influential_donor"] = donors[np.nanargmax(p, axis=0)] if len(rows) else []
    return table
