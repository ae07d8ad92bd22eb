"""Figures of the cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN = 60_000  # cells drawn at most; the eye sees no more
MOST_LIBRARIES = 40  # that can be read in a figure


def sample_rows(cells: int, *, seed: int) -> np.ndarray:
    """Choose the cells that are drawn, in random order so that no group hides another."""
    return np.random.default_rng(seed).permutation(cells)[:DRAWN]


def scatter(axis: Axes, X: np.ndarray, labels: pd.Series, *, names_on_map: bool, legend: bool = True) -> None:
    """Draw cells coloured by a label, with its name at the middle of each label's cells."""
    levels = sorted(labels.unique(), key=lambda name: (len(name), name) if name.isdigit() else (0, name))
    colour = figures.colours(levels)
    size = float(np.clip(30_000 / max(len(X), 1), 0.4, 12))
    axis.scatter(X[:, 0], X[:, 1], s=size, c=[colour[name] for name in labels], linewidths=0, rasterized=True)
    for name in levels:
        if names_on_map:
            x, y = np.median(X[(labels == name).to_numpy()], axis=0)
            axis.annotate(
                name,
                (x, y),
                ha="center",
                va="center",
                fontsize=7,
                bbox={"fc": "white", "alpha": 0.6, "lw": 0, "pad": 1},
            )
        elif legend:
            axis.scatter([], [], color=colour[name], label=name, s=15)
    if legend and not names_on_map and len(levels) <= 30:
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=7, ncols=1 + (len(levels) > 15))
    axis.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")


def maps(X: np.ndarray, obs: pd.DataFrame, columns: dict[str, bool], *, seed: int) -> Figure:
    """Draw one map a column; `columns` says whether names are written on the map or beside it."""
    rows = sample_rows(len(X), seed=seed)
    figure, axes = figures.new(5.6 * len(columns), 4.4, 1, len(columns), squeeze=False)
    for axis, (column, on_map) in zip(axes[0], columns.items(), strict=True):
        scatter(axis, X[rows], obs[column].astype(str).iloc[rows].reset_index(drop=True), names_on_map=on_map)
        axis.set_title(column)
    return figure


def libraries(cells: pd.DataFrame) -> tuple[Figure, str]:
    """Draw cells of each library, used and excluded, of many those with the fewest cells used; figure and caption."""
    which = ""
    if len(cells) > MOST_LIBRARIES:
        cells = cells.loc[cells["used"].nsmallest(MOST_LIBRARIES).index]
        which = f", of the {MOST_LIBRARIES} libraries with the fewest cells used"
    figure, axis = figures.new(7, 1.2 + 0.22 * len(cells))
    colours = figures.colours([column for column in cells.columns if column != "used"])
    left = np.zeros(len(cells))
    for column in cells.columns:
        axis.barh(cells.index, cells[column], left=left, label=column, color=colours.get(column, figures.GREY))
        left += cells[column].to_numpy()
    axis.invert_yaxis()
    axis.set_xlabel("cells")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure, f"Cells used, and cells excluded by reason{which}."


def before_after(metrics: pd.DataFrame, mixing: pd.DataFrame) -> Figure:
    """Draw each library's mixing before and after, of many those mixed least, beside the numbers of the whole."""
    if len(mixing) > MOST_LIBRARIES:
        mixing = mixing.iloc[np.argsort((mixing["after"] - mixing["if_mixed"]).to_numpy())[:MOST_LIBRARIES]]
    figure, (left, right) = figures.new(9, 1.6 + 0.18 * max(len(mixing), 8), 1, 2)
    order = np.argsort(mixing["before"].to_numpy())
    y = np.arange(len(mixing))
    left.hlines(y, mixing["before"].iloc[order], mixing["after"].iloc[order], color=figures.GREY, lw=1)
    left.scatter(mixing["before"].iloc[order], y, label="before", color=figures.ORANGE, s=16)
    left.scatter(mixing["after"].iloc[order], y, label="after", color=figures.BLUE, s=16)
    left.scatter(mixing["if_mixed"].iloc[order], y, label="if fully mixed", color="black", marker="|", s=30)
    left.set_yticks(y, mixing["library"].iloc[order])
    left.set_xlabel("share of neighbours from other libraries")
    left.legend(fontsize=7)
    shown = ["ilisi", "clisi", "label_kept", "connectivity"]
    titles = [
        "libraries around a cell (iLISI)",
        "lineages around a cell (cLISI)",
        "neighbours of own lineage",
        "graph connectivity",
    ]
    right.axis("off")
    rows = [[f"{metrics[c].iloc[0]:.2f}", f"{metrics[c].iloc[1]:.2f}"] for c in shown]
    drawn = right.table(
        cellText=rows, rowLabels=titles, colLabels=["before", "after"], loc="center", colWidths=[0.25, 0.25]
    )
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(8)
    return figure
