"""Gates drawn in sequence as biplots, AUROC per donor, and held-out measures by number of antibodies."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sscite import figures, text
from sscite.biomarkers.panel.assess import Assessed
from sscite.biomarkers.panel.gates import Gate, inside
from sscite.biomarkers.panel.gatingml import Plot, biplots
from sscite.biomarkers.panel.targets import Antibodies, Target

DRAWN = 20_000  # cells of a biplot at most
TARGETS = 1_000  # of the subset among them
PROTEINS = 12


def draw_gates(assessed: Assessed, target: Target, values: np.ndarray, antibodies: Antibodies, unit: str) -> Figure:
    """Draw the gates in sequence; a biplot shows the cells inside all gates before it (density: all; dots: subset)."""
    plots = [(target.lineage, plot) for plot in biplots(assessed.lineage.gates)]
    plots += [(target.subset, plot) for plot in biplots(assessed.within.gates)]
    width = min(len(plots), 4)
    rows = -(-len(plots) // width)
    figure, axes = figures.new(3.1 * width, 3.3 * rows, rows, width, squeeze=False)
    kept = np.ones(len(values), dtype=bool)
    for number, (axis, (name, plot)) in enumerate(zip(axes.flat, plots, strict=False), start=1):
        gated = kept & inside(values, antibodies.offered, plot)
        drawn = plot if len(plot) == 2 else (*plot, Gate(_partner(assessed, plot[0], antibodies)))
        columns = [values[:, antibodies.offered.index(gate.protein)] for gate in drawn]
        _biplot(axis, columns, kept, assessed.target, drawn, unit)
        share = gated.sum() / max(kept.sum(), 1)
        own = (gated & assessed.target).sum() / max((kept & assessed.target).sum(), 1)
        title = f"{number}. {name}: {text.percent(share)}\n({text.percent(own)} of {target.subset})"
        axis.set_title(title, fontsize=8)
        kept = gated
    for axis in axes.flat[len(plots) :]:
        axis.axis("off")
    return figure


def _partner(assessed: Assessed, gate: Gate, antibodies: Antibodies) -> str:
    """Return the protein to draw beside a gate on one antibody: the best of those that are not in the panel."""
    areas = np.where(np.isfinite(assessed.areas["parent"]), assessed.areas["parent"], 0.5)
    used = {other.protein for other in assessed.gates}
    order = np.argsort(-np.abs(np.median(areas, axis=0) - 0.5), kind="stable")
    names = [antibodies.offered[i] for i in order]
    free = [name for name in names if name not in used] or [name for name in names if name != gate.protein]
    return (free or [gate.protein])[0]


def _biplot(axis: Axes, columns: list[np.ndarray], kept: np.ndarray, target: np.ndarray, plot: Plot, unit: str) -> None:
    """Draw one biplot: density of the cells, dots for cells of the subset, the gate as a rectangle."""
    rng = np.random.default_rng(0)
    rows, dots = np.flatnonzero(kept), np.flatnonzero(kept & target)
    rows = rng.choice(rows, min(DRAWN, len(rows)), replace=False)
    dots = rng.choice(dots, min(TARGETS, len(dots)), replace=False)
    x, y = (_range(column[rows]) for column in columns)
    extent = (*x, *y)
    axis.hexbin(
        columns[0][rows], columns[1][rows], gridsize=45, bins="log", cmap="Greys", mincnt=1, extent=extent, lw=0
    )
    axis.plot(columns[0][dots], columns[1][dots], ".", color=figures.HIGHLIGHT, ms=3.5, alpha=0.7, mew=0)
    left, right = _clipped(plot[0].low, plot[0].high, x)
    bottom, top = _clipped(plot[1].low, plot[1].high, y)
    axis.add_patch(Rectangle((left, bottom), right - left, top - bottom, fill=False, lw=1.4, zorder=5))
    axis.set_xlim(*x)
    axis.set_ylim(*y)
    axis.set_xlabel(f"{plot[0].protein} ({unit})")
    axis.set_ylabel(f"{plot[1].protein} ({unit})")


def _range(values: np.ndarray) -> tuple[float, float]:
    """Return the limits of an axis that holds all but the most extreme 0.2% of the values."""
    low, high = np.quantile(values, [0.001, 0.999]) if len(values) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 1.0
    return float(low - margin), float(high + margin)


def _clipped(low: float, high: float, limits: tuple[float, float]) -> tuple[float, float]:
    """Bring a gate's open ends just inside the limits of the axis."""
    inset = 0.015 * (limits[-1] - limits[0])
    return max(low, limits[0] + inset), min(high, limits[-1] - inset)


def draw_auroc(assessed: Assessed, target: Target, antibodies: Antibodies) -> Figure:
    """Draw AUROC per donor (dots) and the median (bar) of the proteins that separate the subset best in its lineage."""
    areas = assessed.areas["parent"]
    shown = np.isfinite(areas).any(axis=0)
    median = np.full(areas.shape[1], 0.5)
    median[shown] = np.nanmedian(areas[:, shown], axis=0)
    best = np.argsort(-np.abs(median - 0.5), kind="stable")[:PROTEINS][::-1]
    figure, axis = figures.new(5.2, 0.27 * len(best) + 1.1)
    used = {gate.protein for gate in assessed.within.gates}
    for height, (scope, colour, name) in enumerate(
        (("all", figures.MUTED, "against all cells"), ("parent", figures.BLUE, f"within {target.lineage}"))
    ):
        for place, column in enumerate(best):
            donors = assessed.areas[scope][:, column]
            donors = donors[np.isfinite(donors)]
            at = place + 0.16 * (2 * height - 1)
            axis.plot(
                donors,
                np.full(len(donors), at),
                "o",
                ms=3.2,
                mew=0,
                alpha=0.6,
                color=colour,
                label=name if not place else "",
            )
            if len(donors):
                axis.plot([np.median(donors)] * 2, [at - 0.16, at + 0.16], color=colour, lw=2)
    axis.axvline(0.5, color="black", lw=0.6)
    axis.set_yticks(
        range(len(best)), [antibodies.offered[i] + (" *" if antibodies.offered[i] in used else "") for i in best]
    )
    axis.set_xlabel("AUROC per donor (bar: median; *: in the panel)")
    axis.set_xlim(-0.02, 1.02)
    axis.legend(fontsize=7, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def draw_sizes(assessed: Assessed) -> Figure:
    """Draw purity, yield and F1 of donors left out by number of antibodies: grey lines donors, colour all donors."""
    within = assessed.within
    sizes = np.arange(1, len(within.held_out) + 1)
    figure, axes = figures.new(7.2, 2.5, 1, 3, sharey=True)
    for axis, name, title in zip(axes, ("purity", "sensitivity", "f1"), ("purity", "yield", "F1"), strict=True):
        for donor in within.per_donor[0]:
            axis.plot(sizes, [getattr(each[donor], name) for each in within.per_donor], color=figures.FAINT, lw=0.9)
        axis.plot(sizes, [getattr(each, name) for each in within.held_out], "o-", color=figures.BLUE, ms=4)
        axis.axvline(max(within.size, 1), color="black", lw=0.6, ls=":")
        axis.set_title(title)
        axis.set_xticks(sizes)
        axis.set_ylim(0, 1.02)
    axes[1].set_xlabel("antibodies after the lineage gates (dotted: chosen)")
    axes[0].set_ylabel("held-out cells")
    return figure
