"""What the trajectory tells the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures, names
from sscite.command import Facts
from sscite.compare.trajectory import Path

STABLE, APART = 0.8, 0.1


def describe(
    facts: Facts, path: Path, table: pd.DataFrame, carried: pd.DataFrame, tissue: str, markers: pd.DataFrame
) -> None:
    """Add numbers, a sentence, tables and figures; `markers` holds values of genes to draw, a row per cell."""
    stability = path.stability[np.isfinite(path.stability)]
    middle = float(np.median(stability)) if len(stability) else float("nan")
    number = int(carried["carries"].sum())
    facts.number(
        cells=len(path.cells), donors=len(carried), donors_carrying=number, root_cell=path.root,
        not_connected=int(path.cells["pseudotime"].isna().sum()), stability_median=middle,
        stability_lowest=float(stability.min()) if len(stability) else float("nan"),
    )  # fmt: skip
    facts.verdict(sentence(path, table, middle, number, len(carried), tissue))
    if number < 3:
        facts.warn(f"{number} donors carry the whole path: it describes them and is no test.")
    apart = path.cells["pseudotime"].isna()
    if apart.mean() > APART:
        facts.warn(f"{apart.mean():.0%} of the cells are not connected with the root: there is no single path.")
    if len(stability) and middle < STABLE:
        facts.warn(f"The order is not stable under other donors (median correlation {middle:.2f}).")
    facts.table("donors", carried, "Donors along the path", "Cells in each third; carries: ten cells at both ends.")
    shown = pd.concat([table.head(25), table.tail(25)]).drop_duplicates(["kind", "feature"])
    facts.table("features", shown.round(4), "Genes and proteins along the path", "Mean correlation within donors.")
    facts.figure("path", on_map(path), "The path", "Pseudotime from the root, and the subsets.")
    facts.figure("subsets", by_subset(path), "Pseudotime by subset", "Lines beside: subsets that PAGA connects.")
    if markers.shape[1]:
        facts.figure(
            "markers", trends(path, markers), "Genes along the path", "Thin: a donor; thick: the mean of donors."
        )


def sentence(path: Path, table: pd.DataFrame, middle: float, number: int, donors: int, tissue: str) -> str:
    """Say in one sentence where the path leads, who carries it and how stable it is."""
    place = path.cells.groupby(path.cells[names.SUBSET].astype(str))["pseudotime"].median().sort_values()
    rising = table[(table["kind"] == "gene")].head(4)["feature"]
    stable = f"; its order agrees with that of other draws of donors at {middle:.2f}" if np.isfinite(middle) else ""
    return (
        f"Blood to {tissue}: the path runs from {place.index[0]} to {place.index[-1]}, "
        f"{number} of {donors} donors carry it whole{stable}. Genes that rise along it: {', '.join(rising)}."
    )


def on_map(path: Path) -> Figure:
    """Draw the cells on their map, by pseudotime and by subset."""
    figure, axes = figures.new(width=8.4, height=3.6, columns=2)
    cells = path.cells
    x, y = cells["umap_1"].to_numpy(float), cells["umap_2"].to_numpy(float)
    dots = axes[0].scatter(x, y, c=cells["pseudotime"], s=3, cmap="viridis", linewidths=0, rasterized=True)
    root = cells.index.get_loc(path.root)
    axes[0].scatter(x[root], y[root], marker="*", s=130, c=figures.PALETTE[5], edgecolors="white", linewidths=0.6)
    figure.colorbar(dots, ax=axes[0], label="pseudotime", shrink=0.7)
    subsets = cells[names.SUBSET].astype(str)
    colours = figures.colours(sorted(set(subsets)))
    for name, colour in colours.items():
        mine = (subsets == name).to_numpy()
        axes[1].scatter(x[mine], y[mine], s=3, color=colour, label=name, linewidths=0, rasterized=True)
    axes[1].legend(bbox_to_anchor=(1.0, 1.0), loc="upper left", fontsize=7, markerscale=3)
    for place in axes:
        place.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    return figure


def by_subset(path: Path) -> Figure:
    """Draw each subset's pseudotime, by tissue, and PAGA's connections as a grid."""
    cells = path.cells[path.cells["pseudotime"].notna()]
    place = cells.groupby(cells[names.SUBSET].astype(str))["pseudotime"].median().sort_values()
    figure, axes = figures.new(width=8.4, height=max(2.6, 1 + 0.28 * len(place)), columns=2)
    tissues = sorted(set(cells[names.TISSUE].astype(str)))
    for shift, (tissue, colour) in zip((-0.17, 0.17), figures.colours(tissues).items(), strict=False):
        for row, name in enumerate(place.index):
            mine = (cells[names.SUBSET].astype(str) == name) & (cells[names.TISSUE].astype(str) == tissue)
            values = cells.loc[mine, "pseudotime"]
            if len(values) >= 5:
                low, middle, high = values.quantile([0.1, 0.5, 0.9])
                axes[0].plot([low, high], [row + shift] * 2, color=colour, linewidth=2)
                axes[0].plot(middle, row + shift, "o", color=colour, markersize=5)
        axes[0].plot([], [], color=colour, linewidth=2, label=tissue)
    axes[0].set_yticks(range(len(place)), place.index, fontsize=7)
    axes[0].set(xlabel="pseudotime (10 %, median, 90 % of cells)")
    axes[0].legend(fontsize=7)
    grid = path.connections.reindex(index=place.index, columns=place.index)
    image = axes[1].imshow(grid, cmap="Blues", vmin=0, vmax=1, origin="lower", aspect="auto")
    axes[1].set_xticks(range(len(place)), place.index, rotation=90, fontsize=7)
    axes[1].set_yticks([])
    figure.colorbar(image, ax=axes[1], label="PAGA connectivity", shrink=0.7)
    return figure


def trends(path: Path, markers: pd.DataFrame) -> Figure:
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
        place.plot(wide.index, wide.to_numpy(), color="#BBBBBB", linewidth=0.7)
        place.plot(wide.index, wide.mean(axis=1), color=figures.PALETTE[0], linewidth=2)
        place.set_title(gene, fontsize=9)
        place.set(xticks=[0, 9], xticklabels=["root", "end"], ylabel="log1p CP10K")
    for place in axes.flat[len(chosen) :]:
        place.set_axis_off()
    return figure
