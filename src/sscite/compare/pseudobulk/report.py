"""What the pseudobulk step tells the report: how many cells each sample has where."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts


def describe(facts: Facts, composition: pd.DataFrame) -> None:
    """Add numbers, a sentence and the figures of cell numbers."""
    subsets = composition[composition["level"] == "subset"]
    samples, kinds = composition["sample"].nunique(), subsets["subset"].nunique()
    empty = float((subsets["cells"] == 0).mean()) if len(subsets) else 0.0
    facts.number(samples=samples, donors=composition["donor"].nunique(), subsets=kinds, empty_sample_subsets=empty)
    facts.summary(
        f"{samples} samples of {composition['donor'].nunique()} donors in {kinds} subsets; "
        f"{empty:.0%} of the sample and subset pairs hold no cell."
    )
    rare = subsets.groupby("subset")["cells"].agg(lambda counts: (counts > 0).mean())
    if (rare < 0.5).any():
        facts.warn(f"Empty in more than half of the samples: {', '.join(rare.index[rare < 0.5])}.")
    facts.figure(
        "lineages",
        lineages(composition),
        "Lineages of each sample",
        "Percent of the cells that count; grey: unassigned.",
    )
    if len(subsets):
        facts.figure(
            "cells", cell_numbers(subsets), "Cells of each sample in each subset",
            "Colour: number of cells (logarithmic); white: none.",
        )  # fmt: skip


def lineages(composition: pd.DataFrame) -> Figure:
    """Draw each sample as a bar of its lineages, ordered by tissue and donor."""
    rows = composition[composition["level"] == "lineage"]
    percent = rows.assign(percent=100 * rows["cells"] / rows["total_cells"])
    wide = percent.pivot_table(index=["tissue", "donor", "sample"], columns="subset", values="percent").sort_index()
    figure, axes = figures.new(width=max(4.0, 1.8 + 0.24 * len(wide)), height=3.6)
    colours, bottom = figures.colours(list(wide.columns)), np.zeros(len(wide))
    for name in wide.columns:
        axes.bar(range(len(wide)), wide[name], bottom=bottom, color=colours[name], label=name, width=0.85)
        bottom += wide[name].to_numpy()
    axes.bar(range(len(wide)), 100 - bottom, bottom=bottom, color=figures.FAINT, width=0.85)
    axes.set_xticks(range(len(wide)), wide.index.get_level_values("sample"), rotation=90, fontsize=7)
    axes.set(ylabel="percent of cells", ylim=(0, 100), xlim=(-0.6, len(wide) - 0.4))
    axes.legend(bbox_to_anchor=(1.01, 1), loc="upper left", fontsize=7)
    return figure


def cell_numbers(subsets: pd.DataFrame) -> Figure:
    """Draw cell numbers as a grid of subsets and samples."""
    wide = subsets.pivot_table(index=["parent", "subset"], columns=["tissue", "donor", "sample"], values="cells")
    values = np.log10(wide.to_numpy(float).clip(min=0.5))
    size = (2.6 + 0.22 * wide.shape[1], 1.4 + 0.17 * wide.shape[0])
    figure, axes = figures.new(width=max(4.5, size[0]), height=max(3.0, size[1]))
    image = axes.imshow(np.where(wide > 0, values, np.nan), aspect="auto", cmap="viridis", interpolation="nearest")
    axes.set_xticks(range(wide.shape[1]), wide.columns.get_level_values("sample"), rotation=90, fontsize=7)
    axes.set_yticks(range(wide.shape[0]), wide.index.get_level_values("subset"), fontsize=7)
    figure.colorbar(image, ax=axes, label="log10 cells", shrink=0.6)
    return figure
