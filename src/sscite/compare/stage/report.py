"""Longitudinal report; p values only with six or more paired donors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts
from sscite.compare.pseudobulk.files import Pseudobulk
from sscite.compare.pseudobulk.sums import keep
from sscite.compare.stage import longitudinal
from sscite.errors import Reason, Skipped

PREFIX = "signature_"
PANELS = 9


def report_stages(
    counted: pd.DataFrame,
    pseudobulk: Pseudobulk,
    cells: pd.DataFrame,
    samples: pd.DataFrame,
    facts: Facts,
    *,
    features: list[str],
    min_cells: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Follow the requested features, and every subset and signature, over the stages.

    Returns
    -------
    the values, and the changes between stages
    """
    name = longitudinal.stage_variable(samples)
    rows = longitudinal.select_staged(samples, name)
    table = longitudinal.follow(gather(counted, pseudobulk, cells, features, min_cells=min_cells), rows, samples)
    summary = longitudinal.summarise(table)
    if summary.empty:
        raise Skipped(Reason.NO_STAGE, f"no gene, signature or subset was measured at two levels of '{name}'")
    requested = [feature for feature in features if feature in set(table["feature"].str.removeprefix(PREFIX))]
    for missing in [feature for feature in features if feature not in requested]:
        facts.warn(f"'{missing}' matches no gene, signature or subset in this cohort.")
    chosen = _choose(summary, requested)
    _summarise(facts, name, rows, table, chosen)
    facts.figure("course", draw(table, chosen), "Course over stages",
                 "One dot per donor and stage; line and band: mean ± 2 SD of the donors sampled once.")  # fmt: skip
    facts.table("changes", summary.head(40), "Changes between stages",
                "z: change in standard deviations between donors; p only with six or more paired donors.")  # fmt: skip
    return table, summary


def gather(
    counted: pd.DataFrame, pseudobulk: Pseudobulk, cells: pd.DataFrame, features: list[str], *, min_cells: int
) -> pd.DataFrame:
    """Measure subsets, signatures and the genes requested in every sample, long."""
    parts = [longitudinal.percents(counted)]
    totals = np.asarray(pseudobulk.X.sum(axis=1)).ravel()
    for gene in [feature for feature in features if feature in pseudobulk.var_names]:
        column = pseudobulk.X[:, pseudobulk.var_names.get_loc(gene)]
        counts = np.asarray(column.todense() if hasattr(column, "todense") else column).ravel()
        parts.append(longitudinal.expression(counts, totals, pseudobulk.obs, gene, min_cells=min_cells))
    kept = cells[keep(cells)]
    parts += [longitudinal.signature(kept, c, min_cells=min_cells) for c in kept.columns if c.startswith(PREFIX)]
    return pd.concat(parts, ignore_index=True)


def _choose(summary: pd.DataFrame, requested: list[str]) -> pd.DataFrame:
    """Choose the panels: each feature requested where it changes most, then the largest changes of the rest."""
    keys = ["kind", "feature", "unit", "tissue"]
    first = summary.drop_duplicates(keys)
    wanted = first[first["feature"].str.removeprefix(PREFIX).isin(requested)]
    wanted = wanted.groupby("feature", sort=False).head(3)
    wanted = wanted.sort_values(
        "feature", key=lambda names: names.str.removeprefix(PREFIX).map(requested.index), kind="stable"
    )
    return pd.concat([wanted, first.drop(wanted.index)])[keys].head(PANELS).reset_index(drop=True)


def _summarise(facts: Facts, name: str, rows: pd.DataFrame, table: pd.DataFrame, chosen: pd.DataFrame) -> None:
    """Summarise the course of the first feature and the number of donors."""
    donors, stages = rows["donor"].nunique(), list(rows.sort_values("order")["stage"].drop_duplicates())
    facts.number(variable=name, donors=donors, stages=len(stages))
    part = table.merge(chosen.head(1), on=list(chosen.columns))
    course = part.groupby("order").agg(stage=("stage", "first"), value=("value", "mean"))
    values = ", ".join(f"{row['stage']} {row['value']:.3g}" for _, row in course.iterrows())
    unit = {"gene": "log2 counts per million", "subset": "percent", "signature": "mean score"}[part["kind"].iloc[0]]
    reference = part.iloc[0]
    facts.summary(
        f"{donors} donor{'s' if donors > 1 else ''} sampled at several stages ({', '.join(stages)}). "
        f"{reference['feature']} in {reference['unit']}, {unit}: {values}; other donors "
        f"{reference['reference_mean']:.3g} ± {reference['reference_sd']:.2g}."
    )
    if donors < 6:
        subject = "1 donor with several stages is" if donors == 1 else f"{donors} donors with several stages are"
        facts.warn(f"{subject} too few for a p value; none is reported.")


def draw(table: pd.DataFrame, chosen: pd.DataFrame) -> Figure:
    """Draw each chosen feature over the stages, a line per donor, beside the donors sampled once."""
    columns = min(3, len(chosen))
    lines = -(-len(chosen) // columns)
    figure, axes = figures.new(width=2.6 * columns, height=2.2 * lines, rows=lines, columns=columns, squeeze=False)
    names = sorted(table["donor"].unique())
    colours = figures.colours(names)
    for axis, (_, keys) in zip(axes.flat, chosen.iterrows(), strict=False):
        part = table.merge(keys.to_frame().T, on=list(chosen.columns))
        mean, spread = part["reference_mean"].iloc[0], part["reference_sd"].iloc[0]
        if np.isfinite(mean):
            axis.axhspan(mean - 2 * spread, mean + 2 * spread, color=figures.BAND, lw=0)
            axis.axhline(mean, color=figures.GREY, lw=0.8)
        for donor, line in part.groupby("donor"):
            axis.plot(line["order"], line["value"], "o-", color=colours[donor], ms=6, label=donor)
        ticks = part.drop_duplicates("order").sort_values("order")
        axis.set_xticks(ticks["order"], ticks["stage"], fontsize=7)
        axis.set_title(f"{keys['feature'].removeprefix(PREFIX)}\nin {keys['unit']}", fontsize=8)
        axis.margins(x=0.2)
        axis.set_ylabel({"gene": "log2 CPM", "subset": "%", "signature": "score"}[keys["kind"]])
    for axis in list(axes.flat)[len(chosen) :]:
        axis.set_visible(False)
    if len(names) <= 8:
        axes[0, 0].legend(fontsize=6)
    return figure
