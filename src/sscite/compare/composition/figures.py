"""What the composition question shows: effects with the four methods' calls, donors as dots, the map of donors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures, text
from sscite.compare.composition.differential import METHODS
from sscite.compare.composition.frequency import Measures
from sscite.compare.composition.separation import LONG_LOADING, Components
from sscite.points import Panel, Points

SIDES = {0: figures.GREY, 1: figures.HIGHLIGHT}
CALLED = {"up": figures.UP, "down": figures.DOWN, "": figures.GREY}


def label(row: pd.Series) -> str:
    """Name a test in a figure: `CD16 (% of monocyte)`."""
    return f"{row['subset']} (% of {row['parent'] if row['measure'] == 'parent' else 'all'})"


def effects(table: pd.DataFrame, *, top: int = 20) -> Figure:
    """Draw fold changes with 95% intervals of the first tests, and which methods report each."""
    rows = table[table["log_ratio_p"].notna()].head(top).iloc[::-1].reset_index(drop=True)
    figure, (left, right) = figures.new(
        width=7.4, height=1.3 + 0.24 * len(rows), columns=2, sharey=True, width_ratios=[3, 1]
    )
    for place, row in rows.iterrows():
        colour = CALLED[row["finding"]]
        left.plot([row["fold_change_low"], row["fold_change_high"]], [place, place], color=colour, lw=1.5)
        left.plot(row["fold_change"], place, "o", color=colour, ms=5)
        for column, p in enumerate(METHODS.values()):
            called = row[p] <= 0.05
            right.plot(
                column, place, "o", ms=6, mfc="black" if called else "white", mec="black" if called else figures.MUTED
            )
            right.set_xticks(range(len(METHODS)), list(METHODS), rotation=40, ha="right")
    left.axvline(1, color="black", lw=0.8)
    left.set_xscale("log")
    _plain_ticks(left)
    left.set_yticks(range(len(rows)), [label(row) for _, row in rows.iterrows()], fontsize=8)
    left.set_xlabel("fold change, target against reference (95% interval)")
    right.set(title="reported by", xlim=(-0.6, len(METHODS) - 0.4))
    right.tick_params(left=False)
    return figure


def donors(
    measures: Measures, table: pd.DataFrame, rows: pd.DataFrame, names: tuple[str, str], *, top: int = 8
) -> Figure:
    """Draw each donor as a dot for the first tests; lines join the sides of a donor who stands on both."""
    keys = ["measure", "level", "parent", "subset"]
    places = pd.MultiIndex.from_frame(measures.tests[keys])
    first = table.head(top)
    columns = min(4, len(first))
    lines = -(-len(first) // columns)
    figure, axes = figures.new(
        width=1.9 * columns + 0.6, height=2.3 * lines, rows=lines, columns=columns, squeeze=False
    )
    group, jitter = rows["group"].to_numpy(), np.random.default_rng(0).uniform(-0.12, 0.12, len(rows))
    pairs = [pair for _, pair in rows.groupby("donor") if pair["group"].nunique() == 2 == len(pair)]
    for axis, (_, row) in zip(axes.flat, first.iterrows(), strict=False):
        values = measures.percent[:, places.get_loc(tuple(row[keys]))]
        for side in (0, 1):
            axis.plot(group[group == side] + jitter[group == side], values[group == side], "o", ms=4, color=SIDES[side])
            axis.plot([side - 0.25, side + 0.25], [np.nanmedian(values[group == side])] * 2, color="black", lw=1.2)
        for pair in pairs:
            axis.plot([0, 1], values[pair.sort_values("group").index], color=figures.GREY, lw=0.6)
        p = row["family_p"]
        axis.set_title(
            f"{row['subset']}\nfamily p = {p:.2g}" if np.isfinite(p) else f"{row['subset']}\nnot tested", fontsize=8
        )
        axis.set_xticks([0, 1], names, fontsize=7)
        axis.set(xlim=(-0.5, 1.5), ylabel=f"% of {row['parent'] if row['measure'] == 'parent' else 'all cells'}")
        axis.set_ylim(bottom=0)
    for axis in list(axes.flat)[len(first) :]:
        axis.set_visible(False)
    return figure


def donor_points(measures: Measures, table: pd.DataFrame, rows: pd.DataFrame, names: tuple[str, str]) -> Points:
    """Return the percent of each donor as points, a panel for each test in the order of the table."""
    keys = ["measure", "level", "parent", "subset"]
    places = pd.MultiIndex.from_frame(measures.tests[keys])
    group, labels = rows["group"].to_numpy(int), list(rows["donor"])
    panels = [
        Panel(
            row["subset"], "",
            f"% of {row['parent'] if row['measure'] == 'parent' else 'all cells'}", group,
            measures.percent[:, places.get_loc(tuple(row[keys]))], labels, group, names,
            text.p_value(row["family_p"]) if np.isfinite(row["family_p"]) else "not tested",
        )
        for _, row in table.iterrows()
    ]  # fmt: skip
    return Points(panels, {names[side]: SIDES[side] for side in (0, 1)}, shown=8, what="donor")


def separation(found: Components, share: float, p: float, names: tuple[str, str]) -> Figure:
    """Draw donors on two components with arrows to the group means, and the loadings longer than 0.3."""
    figure, (left, right) = figures.new(width=8, height=3.8, columns=2)
    for side in (0, 1):
        rows = found.scores[found.scores["group"] == side]
        left.plot(rows["PC1"], rows["PC2"], "o", color=SIDES[side], label=f"{names[side]} ({len(rows)})", ms=5)
        arrow = {"arrowstyle": "->", "color": SIDES[side], "lw": 2}
        left.annotate("", xy=(rows["PC1"].mean(), rows["PC2"].mean()), xytext=(0, 0), arrowprops=arrow)
    explained = [f"PC{i + 1} ({share_i:.0%})" for i, share_i in enumerate(found.explained)]
    left.set(xlabel=explained[0], ylabel=explained[1], title=f"group explains {share:.0%}, permutation p = {p:.2g}")
    left.legend(fontsize=7)
    limit = 1.15 * max(found.loadings["length"].max(), LONG_LOADING)
    for _, row in found.loadings.iterrows():
        long = row["length"] > LONG_LOADING
        right.plot([0, row["PC1"]], [0, row["PC2"]], color="black" if long else figures.FAINT, lw=1 if long else 0.6)
        if long:
            right.text(row["PC1"] * 1.05, row["PC2"] * 1.05, row["subset"], fontsize=7, ha="center")
    right.add_patch(_circle())
    right.set_aspect("equal")
    right.set(xlim=(-limit, limit), ylim=(-limit, limit), xlabel="loading on PC1", ylabel="loading on PC2")
    right.set_title(f"loadings; named where longer than {LONG_LOADING}")
    return figure


def _plain_ticks(axis) -> None:
    """Label a logarithmic axis of ratios by plain numbers, few enough not to collide."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = axis.get_xlim()
    step = 2 if high / low < 300 else 8
    ticks = [float(step) ** i for i in range(-12, 13) if low <= float(step) ** i <= high]
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value >= 1 else f"1/{1 / value:g}"))


def _circle():
    from matplotlib.patches import Circle

    return Circle((0, 0), LONG_LOADING, fill=False, ls=":", color=figures.GREY)
