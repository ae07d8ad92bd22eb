"""Report differential abundance of neighbourhoods: a beeswarm by subset, and their place on the UMAP."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures, names
from sscite.command import Facts
from sscite.compare.abundance.milo import MIXED
from sscite.findings import Finding, Kind

SPATIAL_FDR = 0.1
LIMIT = 5.0
FEWEST = 3  # neighbourhoods of a subset that is reported
OTHER = names.OTHER_SUBSET.format(lineage="")


def report_abundance(
    facts: Facts,
    table: pd.DataFrame,
    positions: np.ndarray | None,
    sides: str,
    *,
    donors: int,
    groups: tuple[int, int] | None,
) -> None:
    """Add numbers, a sentence, a table by subset and the figures.

    Parameters
    ----------
    positions
        UMAP coordinates of each neighbourhood's index cell (n_neighbourhoods, 2); None draws no map.
    donors, groups
        Rows that were tested, and the donors of reference and target; None reports no finding (between tissues, where
        other cells are expected).
    """
    found = table["spatial_fdr"] < SPATIAL_FDR
    facts.number(
        neighbourhoods=len(table), neighbourhoods_differ=int(found.sum()), median_cells=float(table["cells"].median()),
        rows=donors, spatial_fdr=SPATIAL_FDR,
    )  # fmt: skip
    summary = by_subset(table)
    facts.table("subsets", summary, "Neighbourhoods by subset", f"up, down: spatial FDR below {SPATIAL_FDR:.0%}.")
    facts.summary(sentence(summary, sides))
    for finding in findings(table, sides, groups=groups) if groups else []:
        facts.finding(finding)
    facts.figure(
        "beeswarm", beeswarm(table), "Change of each neighbourhood, by subset",
        f"{sides}: right means more cells in the former. Coloured: spatial FDR below {SPATIAL_FDR:.0%}. "
        f"Fold changes beyond 2^{LIMIT:g} are drawn at the edge.",
    )  # fmt: skip
    if positions is not None:
        facts.figure(
            "map",
            on_map(table, positions),
            "Neighbourhoods on the UMAP",
            "One dot per neighbourhood; grey: not significant.",
        )


def findings(table: pd.DataFrame, sides: str, *, groups: tuple[int, int]) -> list[Finding]:
    """Return the subsets of which at least half of the neighbourhoods differ: support for the test of frequencies.

    The effect is the median fold change of the subset's neighbourhoods and p their median spatial FDR.
    """
    found = []
    for subset, part in table.groupby("subset"):
        change, fdr = float(part["log2_fold_change"].median()), float(part["spatial_fdr"].median())
        same = (part["spatial_fdr"] < SPATIAL_FDR) & (np.sign(part["log2_fold_change"]) == np.sign(change))
        if len(part) < FEWEST or same.mean() < 0.5 or subset in ("", MIXED) or subset.endswith(OTHER):
            continue
        found.append(Finding(
            Kind.COMPOSITION, subset, sides, direction="up" if change > 0 else "down", effect=2.0**change,
            unit="fold change", p=fdr, error_rate="spatial FDR", donors_reference=groups[0], donors_target=groups[1],
            text=f"{same.sum()} of {len(part)} neighbourhoods differ", figure="beeswarm",
        ))  # fmt: skip
    return found


def by_subset(table: pd.DataFrame) -> pd.DataFrame:
    """Count the neighbourhoods of each subset, those up and down, with the median fold change."""
    found = table["spatial_fdr"] < SPATIAL_FDR
    rows = table.assign(up=found & (table["log2_fold_change"] > 0), down=found & (table["log2_fold_change"] < 0))
    summary = rows.groupby("subset").agg(
        neighbourhoods=("cells", "size"), up=("up", "sum"), down=("down", "sum"),
        median_log2_fold_change=("log2_fold_change", "median"),
    )  # fmt: skip
    return summary.round({"median_log2_fold_change": 3}).reset_index()


def sentence(summary: pd.DataFrame, sides: str) -> str:
    """Describe in one sentence the subsets with differentially abundant neighbourhoods."""
    parts = []
    for column, word in (("up", "more"), ("down", "fewer")):
        share = summary[summary[column] > 0].assign(share=lambda rows, c=column: rows[c] / rows["neighbourhoods"])
        best = share.sort_values([column, "share"], ascending=False).head(3)
        named = ", ".join(f"{r['subset']} ({r[column]} of {r['neighbourhoods']})" for _, r in best.iterrows())
        if named:
            parts.append(f"{word} cells in neighbourhoods of {named}")
    total = int(summary["neighbourhoods"].sum())
    if not parts:
        return f"{sides}: none of {total} neighbourhoods differs (spatial FDR {SPATIAL_FDR:.0%})."
    return f"{sides}: {'; '.join(parts)} (spatial FDR {SPATIAL_FDR:.0%})."


def beeswarm(table: pd.DataFrame) -> Figure:
    """Draw the fold change of each neighbourhood in a row of its subset; equal values are spread upwards."""
    order = table.groupby("subset")["log2_fold_change"].median().sort_values()
    figure, axes = figures.new(width=6, height=max(2.2, 1 + 0.26 * len(order)))
    for row, subset in enumerate(order.index):
        part = table[table["subset"] == subset]
        x = part["log2_fold_change"].clip(-LIMIT, LIMIT).to_numpy()
        found = (part["spatial_fdr"] < SPATIAL_FDR).to_numpy()
        colour = np.where(~found, figures.MUTED, np.where(x > 0, figures.UP, figures.DOWN))
        axes.scatter(x, row + spread(x), s=5, c=colour, linewidths=0, rasterized=True)
    axes.set_yticks(range(len(order)), order.index, fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(xlabel="log2 fold change of cell numbers", ylim=(-0.6, len(order) - 0.4))
    return figure


def spread(values: np.ndarray, *, bins: int = 60) -> np.ndarray:
    """Shift values of one bin apart around zero, within ±0.4: dense places become wide."""
    edges = np.linspace(-LIMIT, LIMIT, bins + 1)
    place = np.digitize(values, edges)
    shift = np.zeros(len(values))
    widest = max(int(np.bincount(place).max(initial=0)), 8)
    for bin_number in np.unique(place):
        members = np.flatnonzero(place == bin_number)
        ranks = np.arange(len(members)) - (len(members) - 1) / 2
        shift[members] = 0.8 * ranks / widest
    return shift


def on_map(table: pd.DataFrame, positions: np.ndarray) -> Figure:
    """Draw the neighbourhoods on the map of cells; colour: fold change if significant, else grey."""
    figure, axes = figures.new(width=5.2, height=4.2)
    found = (table["spatial_fdr"] < SPATIAL_FDR).to_numpy()
    size = 3 + 22 * table["cells"].to_numpy() / table["cells"].max()
    axes.scatter(*positions[~found].T, s=size[~found], c=figures.FAINT, linewidths=0, rasterized=True)
    values = table["log2_fold_change"].clip(-3, 3).to_numpy()
    dots = axes.scatter(
        *positions[found].T, s=size[found], c=values[found], cmap="RdBu_r", vmin=-3, vmax=3, linewidths=0
    )
    figure.colorbar(dots, ax=axes, label="log2 fold change", shrink=0.6)
    axes.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    return figure
