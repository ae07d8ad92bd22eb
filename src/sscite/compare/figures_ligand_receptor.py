"""What the ligands and receptors of a tissue tell the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts
from sscite.compare.ligand_receptor import CHEMOKINES, EXPRESSED, RECEIVER, RECEPTOR

SHOWN = 30
STRONG = 0.05


def describe(facts: Facts, table: pd.DataFrame, named: pd.DataFrame, tissue: str, *, cells: int, donors: int) -> None:
    """Add numbers, a sentence, tables and figures."""
    strong = table[(table["magnitude_rank"] < STRONG) & (table["specificity_rank"] < STRONG)]
    shared = strong[strong["donors"] >= 2]
    facts.number(
        cells=cells, donors=donors, pairs=len(table), strong_and_specific=len(strong), in_two_donors=len(shared)
    )
    facts.verdict(
        f"{tissue}: {len(strong)} pairs are strong and particular, {len(shared)} of them in at least two donors. "
        f"{answer(named)}"
    )
    if donors < 3:
        facts.warn(f"{tissue}: the cells come from {donors} donors; no pair is shown to hold beyond them.")
    best = strong.sort_values(["donors", "magnitude_rank"], ascending=[False, True])
    facts.table("pairs", best.drop(columns=["tissue"]).head(60).round(5), "Strong and particular pairs",
                "donors: of those asked, in how many both genes are expressed by a tenth of the cells.")  # fmt: skip
    if len(named):
        facts.table("asked", named.round(4).head(60), "Recruitment by CXCR3, asked by name",
                    "donors: those with ten cells, of whom a tenth express it.")  # fmt: skip
        facts.figure(
            "recruitment", recruitment(named), f"Who could recruit {RECEIVER}", "Share of cells that express it."
        )
    if len(best):
        facts.figure(
            "pairs", dots(best.head(SHOWN)), "Strong and particular pairs", "Colour: donors that show the pair."
        )


def answer(named: pd.DataFrame) -> str:
    """Answer in words whether CXCL9, CXCL10 and CXCL11 could recruit CD8_TEM_T2ISG by CXCR3."""
    question = f"{'/'.join(CHEMOKINES)} to {RECEPTOR} on {RECEIVER}"
    if named.empty:
        return f"{question}: not answered, the cells or the genes are absent."
    makers = named[named["sender_share"] >= EXPRESSED]
    carries = named["receiver_share"].iloc[0]
    if makers.empty or carries < EXPRESSED:
        top = named.iloc[0]
        return (
            f"{question}: not supported ({top['ligand']} in {top['sender_share']:.0%} of {top['sender']}; "
            f"{RECEPTOR} in {carries:.0%} of {RECEIVER})."
        )
    top = makers.iloc[0]
    made, carried = _shown(top["sender_donors"]), _shown(top["receiver_donors"])
    return (
        f"{question}: possible; {top['ligand']} is expressed by {top['sender_share']:.0%} of {top['sender']} ({made}), "
        f"{RECEPTOR} by {carries:.0%} of {RECEIVER} ({carried})."
    )


def _shown(donors: int) -> str:
    """Say how many donors show a gene by themselves."""
    return f"{donors} donors each with ten cells" if donors else "no donor with ten cells: pooled"


def recruitment(named: pd.DataFrame) -> Figure:
    """Draw the share of each sender that expresses each chemokine."""
    wide = named.pivot_table(index="sender", columns="ligand", values="sender_share")
    wide = wide.loc[wide.max(axis=1).sort_values().index].tail(20)
    figure, axes = figures.new(width=5, height=max(2.2, 1 + 0.24 * len(wide)))
    height = 0.8 / max(wide.shape[1], 1)
    for i, (ligand, colour) in enumerate(figures.colours(list(wide.columns)).items()):
        axes.barh(
            np.arange(len(wide)) + (i - 1) * height, 100 * wide[ligand], height=height, color=colour, label=ligand
        )
    axes.set_yticks(range(len(wide)), wide.index, fontsize=7)
    axes.axvline(100 * EXPRESSED, color="black", linewidth=0.5, linestyle="--")
    axes.set(xlabel="percent of cells")
    axes.set_title(f"{RECEPTOR} in {named['receiver_share'].iloc[0]:.0%} of {RECEIVER}", fontsize=9)
    axes.legend(fontsize=7, loc="lower right")
    return figure


def dots(table: pd.DataFrame) -> Figure:
    """Draw pairs of genes against pairs of subsets."""
    genes = table["ligand"] + " → " + table["receptor"]
    subsets = table["sender"] + " → " + table["receiver"]
    x_order, y_order = sorted(set(subsets)), sorted(set(genes), reverse=True)
    figure, axes = figures.new(width=3.4 + 0.24 * len(x_order), height=2.6 + 0.21 * len(y_order))
    size = 12 + 14 * np.minimum(-np.log10(table["magnitude_rank"].clip(lower=1e-12)), 8)
    x, y = [x_order.index(s) for s in subsets], [y_order.index(g) for g in genes]
    points = axes.scatter(x, y, s=size, c=table["donors"], cmap="viridis", vmin=0)
    axes.set_xticks(range(len(x_order)), x_order, rotation=90, fontsize=7)
    axes.set_yticks(range(len(y_order)), y_order, fontsize=7)
    figure.colorbar(points, ax=axes, label="donors", shrink=0.5)
    return figure
