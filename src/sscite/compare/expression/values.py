"""Measured values of donors between two groups: a moderated t, given the stress score, and without each donor."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sscite import figures
from sscite.compare.expression import differential, robustness
from sscite.compare.statistics import dissociation_stress
from sscite.compare.statistics.donor_tests import benjamini_hochberg, moderated_t


def test_values(
    values: np.ndarray, features: pd.Index, rows: pd.DataFrame, score: np.ndarray, *, covariates: list[str],
    paired: bool,
) -> pd.DataFrame:  # fmt: skip
    """Compare measured values (rows × features, finite) by a moderated t test, and again given the stress score.

    Parameters
    ----------
    rows
        donor, group and covariates of each row.
    score
        Stress score of each row; NaN where it is not known.

    Returns
    -------
    a row per feature: effect, its 95% interval `low high`, p_value, fdr, the same given the score, and the range
    without each donor; no rows where no degree of freedom is left
    """
    design = differential.design_matrix(rows, covariates, paired=paired)
    if not len(features) or len(rows) <= design.shape[1]:
        return pd.DataFrame()
    fit = moderated_t(values, design[:, -1], design[:, :-1])
    table = pd.DataFrame(
        {"feature": features, "effect": fit.effect, "low": fit.low, "high": fit.high, "p_value": fit.p}
    )
    table["fdr"] = benjamini_hochberg(table["p_value"].to_numpy())
    adjusted = dissociation_stress.adjusted(design, score)
    if adjusted is not None:
        again = moderated_t(values, adjusted[:, -1], adjusted[:, :-1])
        table = table.assign(effect_given_stress=again.effect, p_given_stress=again.p)
    return _without_each_donor(table, values, rows, covariates=covariates, paired=paired)


def _without_each_donor(
    table: pd.DataFrame, values: np.ndarray, rows: pd.DataFrame, *, covariates: list[str], paired: bool
) -> pd.DataFrame:
    """Add the largest p value without one donor, that donor, and the range of the effect, of every feature."""
    people = rows["donor"].unique()
    effects, p = (np.full((len(people), len(table)), np.nan) for _ in range(2))
    for place, person in enumerate(people):
        kept = (rows["donor"] != person).to_numpy()
        design = differential.design_matrix(rows[kept].reset_index(drop=True), covariates, paired=paired)
        if kept.sum() > design.shape[1] and rows.loc[kept, "group"].nunique() == 2:
            fit = moderated_t(values[kept], design[:, -1], design[:, :-1])
            effects[place], p[place] = fit.effect, fit.p
    return robustness.write_influence(table, table.index.to_numpy(), effects, p, people)


def draw_effects(rows: pd.DataFrame, label: str, unit: str) -> Figure:
    """Draw the largest effects as dots around zero; filled where found."""
    shown = rows.loc[rows["effect"].abs().sort_values().tail(35).index].sort_values("effect")
    figure, axes = figures.new(width=5, height=max(2.0, 0.9 + 0.18 * len(shown)))
    draw_dots(axes, shown["effect"].to_numpy(), (shown["fdr"] < 0.05).to_numpy())
    axes.set_yticks(range(len(shown)), shown[label], fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(xlabel=unit)
    return figure


def draw_dots(axes: Axes, values: np.ndarray, filled: np.ndarray) -> None:
    """Draw values in rows, orange to the right of zero and blue to the left, hollow where not filled."""
    colour = np.where(values > 0, figures.HIGHLIGHT, figures.BLUE)
    face = [c if full else "white" for c, full in zip(colour, filled, strict=True)]
    axes.scatter(values, range(len(values)), c=face, edgecolors=colour, s=22, linewidths=1)
    axes.grid(axis="y", color=figures.BAND)
    axes.set_axisbelow(True)
