"""Whether a change of frequency holds given the donors' score of dissociation and handling stress.

Handling can change frequencies: fragile cells die, and immediate-early genes move cells into a subset that such genes
define. The score of a test comes from the lineages other than its own, in which the cells that changed do not count.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sscite.compare.composition import effects, frequency
from sscite.compare.composition.effects import LEVEL, Fitted
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import dissociation_stress

SCORE = "stress score"
COLUMNS = ["fold_change_given_stress", "p_given_stress", "stress_flag"]


def scores(composition: pd.DataFrame) -> pd.DataFrame:
    """Return the stress scores that composition.csv holds, samples × lineages."""
    rows = composition[composition["level"] == "lineage"]
    return rows.pivot_table(index="sample", columns="subset", values="stress_score", dropna=False).astype(float)


def given_score(
    fitted: Fitted, comparison: Comparison, table: pd.DataFrame, measured: pd.DataFrame, *, centre: np.ndarray
) -> pd.DataFrame:
    """Repeat the primary test of the findings of a table with the stress score as a covariate.

    Parameters
    ----------
    measured
        Scores as `scores` returns them.
    centre
        What the effects are measured from, (n_tests,); that of the test without the score.

    Returns
    -------
    a row per finding, indexed as `table`: fold change and p given the score, NaN if it could not be
    adjusted for, and the flag of `dissociation_stress.flags`
    """
    lineage = table["parent"].where(table["level"] == "subset", table["subset"])
    given = pd.DataFrame(np.nan, index=table.index, columns=COLUMNS[:2])
    for name, rows in table.groupby(lineage):
        adjusted = with_score(comparison, measured.drop(columns=name, errors="ignore").mean(axis=1))
        if adjusted is not None:
            everyone = np.ones(len(comparison.donors), dtype=bool)
            arranged, at = effects.observed(fitted, adjusted, everyone, centre), fitted.places(rows)
            given.loc[rows.index] = np.column_stack([np.exp(arranged.effect[at]), arranged.p()[at]])
    compared = pd.DataFrame({
        "effect": np.log(table["fold_change"]), "effect_given_stress": np.log(given["fold_change_given_stress"]),
        "p_given_stress": given["p_given_stress"],
    })  # fmt: skip
    found, none = np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    return given.assign(stress_flag=dissociation_stress.flags(compared, found, none))


def with_score(comparison: Comparison, score: pd.Series) -> Comparison | None:
    """Add the score of the samples to the covariates; None if it is collinear with the groups or not known of all."""
    values = comparison.collapse(score.to_frame("score"))["score"].to_numpy(float)
    design = np.column_stack([frequency.nuisance(comparison), comparison.donors["group"]])
    if dissociation_stress.adjusted(design, values) is None:
        return None
    samples = comparison.samples.assign(**{SCORE: comparison.samples["sample"].map(score).to_numpy(float)})
    return replace(comparison, samples=samples, covariates=[*comparison.covariates, SCORE])


def described(row: pd.Series) -> str:
    """Describe what the test given the score shows; empty if it was not made."""
    if not np.isfinite(row["p_given_stress"]):
        return ""
    holds = "" if row["p_given_stress"] <= LEVEL else ", not significant"
    fold, p = row["fold_change_given_stress"], row["p_given_stress"]
    return f"given the stress score of the other lineages {fold:.2g}-fold (p = {p:.2g}{holds})"
