"""The house style of figures, and how one is saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Okabe and Ito's palette: told apart by readers with colour-vision deficiency
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000"]
GREY = "#9A9A9A"
STYLE = {
    "font.size": 9, "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False,
    "figure.constrained_layout.use": True, "svg.hashsalt": "sscite", "svg.fonttype": "none", "savefig.dpi": 150,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE), "legend.frameon": False,
}  # fmt: skip


def new(width: float = 6, height: float = 4, rows: int = 1, columns: int = 1, **options: object) -> tuple[Figure, Any]:
    """Open a figure of the given size in inches in the house style; axes as matplotlib's subplots gives them."""
    with plt.rc_context(STYLE):
        return plt.subplots(rows, columns, figsize=(width, height), **options)


def colours(names: list[str]) -> dict[str, object]:
    """Give each name a colour: the palette first, then a continuous map when there are more than eight."""
    if len(names) <= len(PALETTE):
        return dict(zip(names, PALETTE, strict=False))
    spread = matplotlib.colormaps["gist_ncar"]
    return {name: spread(0.03 + 0.92 * i / len(names)) for i, name in enumerate(names)}


def shares(axis: Axes, table: pd.DataFrame, *, numbers: bool = True) -> None:
    """Draw a table of counts as squares shaded by share of the row, with the counts where there is room."""
    share = table.div(table.sum(axis=1).clip(lower=1), axis=0).to_numpy()
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axis.set_xticks(range(table.shape[1]), table.columns, rotation=45, ha="right")
    axis.set_yticks(range(table.shape[0]), table.index)
    for (row, column), count in np.ndenumerate(table.to_numpy()):
        if numbers and count:
            colour = "white" if share[row, column] > 0.5 else "black"
            axis.text(column, row, f"{count:,}", ha="center", va="center", fontsize=7, color=colour)


def save(figure: Figure, stem: Path) -> str:
    """Save as PNG and SVG beside each other, without dates, and close; return the PNG's file name."""
    with plt.rc_context(STYLE):
        figure.savefig(f"{stem}.png", metadata={"Software": None})
        figure.savefig(f"{stem}.svg", metadata={"Date": None})
    plt.close(figure)
    return f"{stem.name}.png"
