"""Report ligand-receptor interactions of a tissue."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts
from sscite.compare.ligand_receptor.liana import EXPRESSED, Answer
from sscite.subsets.definitions.questions import Recruitment

SHOWN = 30
STRONG = 0.05


def report_interactions(
    facts: Facts, table: pd.DataFrame, answers: list[Answer], tissue: str, *, cells: int, donors: int
) -> None:
    """Add numbers, a sentence, tables and figures; a table and a figure for each question that was answered."""
    ranked = table[(table["magnitude_rank"] < STRONG) & (table["specificity_rank"] < STRONG)]
    strong = ranked[ranked["ambient"] == ""]
    shared = strong[strong["donors"] >= 2]
    facts.number(
        cells=cells, donors=donors, pairs=len(table), strong_and_specific=len(strong), in_two_donors=len(shared)
    )
    found = f"{tissue}: {len(strong)} pairs are strong and specific, {len(shared)} of them in at least two donors."
    facts.summary(" ".join([found, *(sentence(answer) for answer in answers)]))
    if len(strong) < len(ranked):
        facts.warn(
            f"{tissue}: {len(ranked) - len(strong)} strong and specific pairs are not counted: their ligand or "
            "receptor is mostly ambient RNA in its subset."
        )
    if donors < 3:
        facts.warn(f"{tissue}: the cells come from {donors} donors, so results cannot be generalised to other donors.")
    best = strong.sort_values(["donors", "magnitude_rank"], ascending=[False, True])
    facts.table("pairs", best.drop(columns=["tissue"]).head(60).round(5), "Strong and specific pairs",
                "donors: number with both genes expressed by at least 10% of the cells, of donors_tested.")  # fmt: skip
    for number, answer in enumerate(answers, start=1):
        if len(answer.table):
            facts.table(f"question_{number}", answer.table.round(4).head(60), f"Recruitment: {_title(answer.question)}",
                        "donors: number with at least ten cells of which at least 10% express the gene.")  # fmt: skip
            facts.figure(f"recruitment_{number}", recruitment(answer), f"Recruitment: {_title(answer.question)}",
                         "Share of each sender's cells that express the ligand.")  # fmt: skip
    if len(best):
        facts.figure(
            "pairs", dots(best.head(SHOWN)), "Strong and specific pairs", "Colour: donors that express the pair."
        )


def sentence(answer: Answer) -> str:
    """Describe whether the ligands of a question could recruit its receiver through the receptor."""
    question, named = answer.question, answer.table
    title, names = _title(question), ", ".join(answer.absent)
    if named.empty:
        return f"{title}: not assessable, absent or too rare: {names}."
    makers, top = named[named["sender_share"] >= EXPRESSED], named.iloc[0]
    made, carried = f"{top['sender_share']:.0%} of {top['sender']}", f"{top['receiver_share']:.0%} of {top['receiver']}"
    without = f" Not detected: {names}." if names else ""
    if makers.empty or top["receiver_share"] < EXPRESSED:
        return f"{title}: not supported ({top['ligand']} in {made}; {question.receptor} in {carried}).{without}"
    return (
        f"{title}: possible; {top['ligand']} is expressed by {made} ({_shown(top['sender_donors'])}), "
        f"{question.receptor} by {carried} ({_shown(top['receiver_donors'])}).{without}"
    )


def _title(question: Recruitment) -> str:
    """Write a question in few words."""
    return f"{'/'.join(question.ligands)} to {question.receptor} on {question.receiver}"


def _shown(donors: int) -> str:
    """Describe how many donors express a gene individually."""
    return f"{donors} donors with at least ten cells each" if donors else "cells pooled, no donor has ten"


def recruitment(answer: Answer) -> Figure:
    """Draw the share of each sender that expresses each ligand, the twenty highest senders."""
    named, question = answer.table, answer.question
    wide = named.pivot_table(index="sender", columns="ligand", values="sender_share")
    wide = wide[[ligand for ligand in dict.fromkeys(question.ligands) if ligand in wide]]
    wide = wide.loc[wide.max(axis=1).sort_values().index].tail(20)
    count = wide.shape[1]
    figure, axes = figures.new(width=5, height=max(2.2, 1 + 0.08 * max(count, 3) * len(wide)))
    height = 0.8 / count
    for i, (ligand, colour) in enumerate(figures.colours(list(wide.columns)).items()):
        places = np.arange(len(wide)) + ((count - 1) / 2 - i) * height
        axes.barh(places, 100 * wide[ligand], height=height, color=colour, label=ligand)
    axes.set_yticks(range(len(wide)), wide.index, fontsize=7)
    axes.axvline(100 * EXPRESSED, color="black", linewidth=0.5, linestyle="--")
    axes.set(xlabel="percent of cells", ylim=(-0.6, len(wide) - 0.4))
    axes.set_title(f"{question.receptor} in {named['receiver_share'].iloc[0]:.0%} of {question.receiver}", fontsize=9)
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
