"""Figures of a trajectory: the map, the states, the transition scores, gene trends."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures, names
from sscite.compare.trajectory.inference import Trajectory


def on_map(path: Trajectory, everything: pd.DataFrame) -> Figure:
    """Draw the cells on their map, by pseudotime and by state; those of other states in grey."""
    figure, axes = figures.new(width=8.4, height=3.6, columns=2)
    cells = path.cells
    x, y = (cells[f"umap_{axis}"].to_numpy(float) for axis in (1, 2))
    for place in axes:
        shared = {"s": 2, "color": figures.FAINT, "linewidths": 0, "rasterized": True}
        place.scatter(everything["umap_1"], everything["umap_2"], **shared)
        place.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    dots = axes[0].scatter(x, y, c=cells["pseudotime"], s=3, cmap="viridis", linewidths=0, rasterized=True)
    root = cells.index.get_loc(path.root)
    axes[0].scatter(x[root], y[root], marker="*", s=130, c=figures.HIGHLIGHT, edgecolors="white", linewidths=0.6)
    figure.colorbar(dots, ax=axes[0], label="pseudotime", shrink=0.7)
    subsets = cells[names.SUBSET].astype(str)
    for name, colour in figures.colours(list(path.states)).items():
        mine = (subsets == name).to_numpy()
        axes[1].scatter(x[mine], y[mine], s=3, color=colour, label=name, linewidths=0, rasterized=True)
    axes[1].legend(bbox_to_anchor=(1.0, 1.0), loc="upper left", fontsize=7, markerscale=3)
    return figure


def by_subset(path: Trajectory) -> Figure:
    """Draw the pseudotime of each state by tissue, in the order of the path, and PAGA's connections as a grid."""
    cells, states = path.cells, list(path.states)
    levels = [*states, *(name for name in path.connections.index if name not in states)]
    figure, axes = figures.new(width=8.4, height=max(2.6, 1 + 0.28 * len(levels)), columns=2)
    tissues = sorted(set(cells[names.TISSUE].astype(str)))
    for shift, (tissue, colour) in zip((-0.17, 0.17), figures.colours(tissues).items(), strict=False):
        for row, name in enumerate(states):
            mine = (cells[names.SUBSET].astype(str) == name) & (cells[names.TISSUE].astype(str) == tissue)
            values = cells.loc[mine, "pseudotime"]
            if len(values) >= 5:
                low, middle, high = values.quantile([0.1, 0.5, 0.9])
                axes[0].plot([low, high], [row + shift] * 2, color=colour, linewidth=2)
                axes[0].plot(middle, row + shift, "o", color=colour, markersize=5)
        axes[0].plot([], [], color=colour, linewidth=2, label=tissue)
    axes[0].set_yticks(range(len(states)), states, fontsize=7)
    axes[0].set(xlabel="pseudotime (10%, median, 90% of cells)")
    axes[0].legend(fontsize=7)
    grid = path.connections.reindex(index=levels, columns=levels)
    image = axes[1].imshow(grid, cmap="Blues", vmin=0, vmax=1, origin="lower", aspect="auto")
    axes[1].set_xticks(range(len(levels)), levels, rotation=90, fontsize=7)
    axes[1].set_yticks(range(len(levels)), levels, fontsize=7)
    figure.colorbar(image, ax=axes[1], label="PAGA connectivity", shrink=0.7)
    return figure


def transition_scores(table: pd.DataFrame, terminal: str) -> Figure:
    """Draw the variance of the terminal state and of each state towards the other, and the bootstrap support."""
    shown = table.head(12).iloc[::-1]
    figure, axes = figures.new(width=8.4, height=max(2.2, 1 + 0.3 * len(shown)), columns=2)
    rows = np.arange(len(shown))
    axes[0].barh(rows + 0.2, shown["terminal_variance"], height=0.38, label=f"{terminal} towards the state")
    axes[0].barh(rows - 0.2, shown["state_variance"], height=0.38, label=f"the state towards {terminal}")
    axes[0].axvline(1, color="black", linewidth=0.6, linestyle="--")
    axes[0].set(xlabel="variance along the line between both,\nrelative to other states")
    axes[0].legend(fontsize=7, loc="lower right")
    axes[1].barh(rows, 100 * shown["draws"], color=figures.ORANGE, height=0.7)
    axes[1].set(xlabel="donor bootstraps with this\npredecessor (%)", xlim=(0, 100))
    for place in axes:
        place.set_yticks(rows, shown.index, fontsize=7)
    return figure


def trends(path: Trajectory, markers: pd.DataFrame) -> Figure:
    """Draw each marker's mean in ten bins of pseudotime, per donor and over donors."""
    chosen = list(markers.columns[:9])
    columns = min(3, len(chosen))
    lines = -(-len(chosen) // columns)
    figure, axes = figures.new(width=2.8 * columns, height=2.1 * lines, rows=lines, columns=columns, squeeze=False)
    bins = pd.cut(path.cells["pseudotime"].rank(pct=True), 10, labels=False)
    donor = path.cells[names.DONOR].astype(str)
    for place, gene in zip(axes.flat, chosen, strict=False):
        means = markers[gene].groupby([donor, bins]).agg(["mean", "size"])
        wide = means["mean"].where(means["size"] >= 5).rename_axis(["donor", "bin"]).reset_index()
        wide = wide.pivot_table(index="bin", columns="donor", values="mean").reindex(range(10))
        place.plot(wide.index, wide.to_numpy(), color=figures.MUTED, linewidth=0.7)
        place.plot(wide.index, wide.mean(axis=1), color=figures.BLUE, linewidth=2)
        place.set_title(gene, fontsize=9)
        place.set(xticks=[0, 9], xticklabels=["root", "terminal"], ylabel="log1p CP10K")
    for place in axes.flat[len(chosen) :]:
        place.set_axis_off()
    return figure
