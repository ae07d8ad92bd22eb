"""Dissociation and handling stress: its score in each sample, and whether it explains a finding.

Digesting a tissue induces immediate-early and heat-shock genes within minutes, and so does the time between drawing
blood and processing it. Every contrast is therefore examined, those between groups of blood samples too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import genes as lists

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk

SHRINKAGE = 0.5
FEWEST_CELLS = 20  # of a lineage in a sample
FEWEST_GENES = 5
FLAG_GENE, FLAG_SCORE, NOT_ADJUSTABLE = "stress gene", "explained by stress score", "could not be adjusted"


def stress_genes(genes: pd.Index) -> np.ndarray:
    """Mark the genes that dissociation induces."""
    return genes.isin(lists.named("DISSOCIATION"))


def score(counts: np.ndarray, genes: pd.Index) -> np.ndarray:
    """Score each row of summed counts: the mean over the core genes of log2 of counts per 10,000 plus one.

    Parameters
    ----------
    counts
        Summed raw counts, shape (n_rows, n_genes), dense or sparse.

    Returns
    -------
    shape (n_rows,); NaN everywhere where fewer than five core genes were measured
    """
    columns = np.flatnonzero(genes.isin(lists.named("DISSOCIATION_STRESS")))
    if len(columns) < FEWEST_GENES:
        return np.full(counts.shape[0], np.nan)
    core = counts[:, columns]
    core = core.toarray() if hasattr(core, "toarray") else np.asarray(core)
    totals = np.maximum(np.asarray(counts.sum(axis=1)).reshape(-1, 1), 1)
    return np.log2(1e4 * core / totals + 1).mean(axis=1)


def lineage_scores(pseudobulk: Pseudobulk) -> pd.DataFrame:
    """Score every sample in each lineage of 20 cells, as the difference from the lineage's mean over samples.

    Returns
    -------
    samples × lineages; NaN where a lineage has too few cells
    """
    obs = pseudobulk.obs
    kept = np.flatnonzero((obs["level"] == "lineage") & (obs["n_cells"] >= FEWEST_CELLS))
    values = score(pseudobulk.X[kept], pseudobulk.var_names)
    keys = pd.MultiIndex.from_frame(obs.iloc[kept][["sample", "name"]].astype(str))
    table = pd.Series(values, index=keys, dtype=float).unstack()  # noqa: PD010 pivot needs a frame
    return table - table.mean()


def sample_scores(scores: pd.DataFrame, *, without: str = "") -> pd.Series:
    """Average the scores of each sample over its lineages, without the one that is tested.

    Handling affects every lineage of a sample; a response of the tested lineage alone may be biology, and a score that
    included it would remove the finding from itself. If no other lineage was measured, the tested one is used.
    """
    others = scores.drop(columns=without, errors="ignore").mean(axis=1)
    return others.fillna(scores.mean(axis=1))


def adjusted(design: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """Add the stress score to a design whose last column is the group; None if it could not be adjusted for.

    That is if a regression of the group on the rest of the design leaves less than a tenth of the group's variance
    (variance inflation above ten), or no degree of freedom is left.
    """
    if not np.isfinite(values).all() or np.ptp(values) < 1e-9:
        return None
    base, group = design[:, :-1], design[:, -1]
    rest = np.column_stack([base, (values - values.mean()) / values.std()])
    if len(design) <= rest.shape[1] + 1 or np.linalg.matrix_rank(rest) < rest.shape[1]:
        return None
    if _unexplained(group, rest) < 0.1 * _unexplained(group, base):
        return None
    return np.column_stack([rest, group])


def _unexplained(values: np.ndarray, columns: np.ndarray) -> float:
    """Return the sum of squares that the columns leave."""
    return float(((values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]) ** 2).sum())


def explained(
    effect: np.ndarray, significant: np.ndarray, adjusted_effect: np.ndarray, adjusted_p: np.ndarray
) -> np.ndarray:
    """Mark findings that the stress score alone explains.

    A finding counts as explained when, with the donor's stress score as a covariate, it is no longer significant
    (p >= 0.05) and its effect has lost half its size or changed sign. The second condition keeps a finding from being
    marked only because a covariate costs power.
    """
    with np.errstate(invalid="ignore"):
        shrunk = adjusted_effect * np.sign(effect) < (1 - SHRINKAGE) * np.abs(effect)
        lost = ~(adjusted_p < 0.05)
    return significant & shrunk & lost


def flags(table: pd.DataFrame, significant: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Return per row why stress may explain a finding, from effect, effect_given_stress and p_given_stress.

    Parameters
    ----------
    table
        With columns effect, effect_given_stress, p_given_stress.
    significant, listed
        Rows that are findings, and rows of genes that dissociation induces: these are flagged if they are higher.
    """
    effect, given, p = (table[c].to_numpy(float) for c in ("effect", "effect_given_stress", "p_given_stress"))
    known = np.isfinite(given)
    by_score = known & explained(effect, significant, given, p)
    choices = [listed & significant & (effect > 0), by_score, significant & ~known]
    return np.select(choices, [FLAG_GENE, FLAG_SCORE, NOT_ADJUSTABLE], "")
