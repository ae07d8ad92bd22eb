"""AUC of each comparison, held-out places of donors, and the clearest correlations."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from sscite import figures, text
from sscite.biomarkers.donors.report import Assessed, labels
from sscite.points import Panel, Points

PANELS = 6


def draw_auc(found: list[Assessed]) -> Figure:
    """Draw the held-out AUC of each comparison with its interval, on the range of permuted labels."""
    rows = [one for one in found if one.groups]
    figure, axis = figures.new(5.6, 1.0 + 0.42 * len(rows))
    for place, one in enumerate(rows):
        result = one.groups
        if result is None:
            continue
        low, high = np.quantile(result.null, [0.025, 0.975])
        axis.barh(place, high - low, left=low, height=0.6, color=figures.BAND)
        colour = figures.HIGHLIGHT if one.family_p <= 0.05 else figures.GREY
        axis.plot([result.low, result.high], [place, place], color=colour, lw=2)
        axis.plot(result.auc, place, "o", color=colour)
        axis.text(1.03, place, f"{text.number(result.auc, 2)}, {text.p_value(one.family_p)}", va="center", fontsize=8)
    names = [f"{one.variable.comparison}\n({one.variable.counts[1]} against {one.variable.counts[0]})" for one in rows]
    axis.set_yticks(range(len(rows)), names, fontsize=8)
    axis.axvline(0.5, color=figures.GREY, lw=0.8, ls=":")
    axis.set(xlim=(0, 1.02), xlabel="AUC in held-out donors, 95% interval")
    axis.invert_yaxis()
    return figure


def draw_donors(found: list[Assessed]) -> Figure:
    """Draw for each comparison where its donors were placed when held out, a dot per donor."""
    rows = [one for one in found if one.groups]
    figure, axes = figures.new(2.5 * len(rows), 2.6, 1, len(rows), squeeze=False)
    for axis, one in zip(axes.flat, rows, strict=True):
        colours = figures.colours(one.variable.levels)
        for group, level in enumerate(one.variable.levels):
            ranks = np.sort(one.groups.rank[one.variable.outcome == group]) if one.groups else np.empty(0)
            spread = np.linspace(-0.25, 0.25, len(ranks)) if len(ranks) > 1 else np.zeros(1)
            axis.plot(group + spread, ranks, "o", ms=5, color=colours[level], alpha=0.85)
        axis.set_xticks([0, 1], [wrap(level) for level in one.variable.levels], fontsize=7)
        axis.set(xlim=(-0.6, 1.6), ylim=(-0.05, 1.05))
    axes[0, 0].set_ylabel("held-out rank")
    return figure


def donor_points(found: list[Assessed]) -> Points:
    """Return the held-out rank of each donor as points, a panel for each comparison."""
    rows = [one for one in found if one.groups]
    levels = list(dict.fromkeys(level for one in rows for level in one.variable.levels))
    panels = [
        Panel(
            one.variable.comparison, "", "held-out rank", one.variable.outcome, one.groups.rank,
            sorted(one.variable.donors.unique()),
            [levels.index(one.variable.levels[int(group)]) for group in one.variable.outcome],
            one.variable.levels,
        )
        for one in rows if one.groups
    ]  # fmt: skip
    return Points(panels, figures.colours(levels), shown=8, what="donor")


def wrap(name: str, width: int = 14) -> str:
    """Break a name into lines."""
    import textwrap

    return "\n".join(textwrap.wrap(name, width)) or name


def draw_correlations(found: list[Assessed]) -> Figure:
    """Draw the clearest correlations, a dot per donor: six, or three if none is significant."""
    best: list[tuple[float, int, Assessed, int]] = []
    for one in found:
        if one.ranks and one.profile:
            order = np.lexsort([-np.abs(one.ranks.rho), one.ranks.family_p])
            best += [(float(one.ranks.family_p[i]), place, one, int(i)) for place, i in enumerate(order[:PANELS])]
    found_any = any(p <= 0.05 for p, *_ in best)
    shown = sorted(best, key=lambda each: (each[1] > 0 and each[0] > 0.05, each[1], each[0]))[
        : PANELS if found_any else 3
    ]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = figures.new(2.7 * columns, 2.4 * rows, rows, columns, squeeze=False)
    for axis, (family_p, _, one, i) in zip(axes.flat, shown, strict=False):
        if one.ranks is None or one.profile is None:
            continue
        axis.plot(one.variable.outcome, one.profile.matrix[:, i], "o", ms=4, color=figures.BLUE, alpha=0.8)
        name = wrap(labels(one.profile)[i], 34)
        title = f"{name}\nrho {text.number(float(one.ranks.rho[i]), 2)}, {text.p_value(family_p)}"
        axis.set_title(title, fontsize=7)
        axis.set_xlabel(one.variable.name, fontsize=8)
        axis.set_ylabel(one.profile.features["unit"].iloc[i], fontsize=8)
        if one.variable.levels != ("low", "high"):
            axis.set_xticks(range(len(one.variable.levels)), [wrap(n) for n in one.variable.levels], fontsize=7)
    for axis in axes.flat[len(shown) :]:
        axis.axis("off")
    return figure
