"""What the expression step tells the report: how many genes differ where, and volcano plots."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts, Rank
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import dissociation_stress, distributions
from sscite.points import Panel, Points

SHOWN = 6
SHOWN_COLUMNS = [
    "level", "subset", "gene", "log2_fold_change", "shrunken_log2_fold_change", "p_value", "fdr", "stress_flag",
    "p_given_stress", "worst_p", "influential_donor",
]  # fmt: skip
LABELLED = 8
IN_REPORT = 250  # genes of a subset in the volcano of the report
RAISED, LOWERED = figures.UP, figures.DOWN


def describe(facts: Facts, genes: pd.DataFrame, tested: pd.DataFrame, sides: str) -> None:
    """Add numbers, a sentence, the table of what was tested and the figures."""
    done = tested[tested["why_not"] == ""]
    subsets = done[done["level"] == "subset"]
    changed = subsets[(subsets["up"] + subsets["down"]) > 0]
    facts.number(
        subsets_tested=len(subsets),
        subsets_not_tested=int((tested["level"] == "subset").sum() - len(subsets)),
        subsets_with_a_difference=len(changed),
        genes_fdr_5=int((subsets["up"] + subsets["down"]).sum()),
        genes_fdr_5_over_all_subsets=int((genes["fdr_contrast"] < 0.05).sum()),
    )
    facts.summary(sentence(genes, done, sides))
    missing = tested[tested["why_not"] != ""]
    if len(missing):
        facts.warn(f"Not tested (too few donors or cells): {', '.join(missing['subset'])}.")
    facts.table(
        "tested", tested, "Subsets and lineages tested",
        "up, down: genes of FDR below 5% within the subset; why_not: why it was not tested.",
    )  # fmt: skip
    best = genes[(genes["fdr"] < 0.05) & (genes["quality"] == "")].sort_values("p_value").head(50)
    facts.table("genes", best[SHOWN_COLUMNS],
                "Genes of smallest p",
                "All genes, mitochondrial and ribosomal ones too, are in expression.csv.")  # fmt: skip
    facts.figure("overview", overview(done), "Genes that differ, by subset", f"FDR below 5% within a subset; {sides}.")
    facts.figure(
        "volcano", volcanoes(genes, done), "Effect and evidence of each gene",
        f"{sides}: right means higher in the former. Orange and blue: FDR below 5%; rings (black dots in the report): "
        "dissociation-stress genes.",
        points=volcano_points(genes, done),
    )  # fmt: skip


def describe_stress(facts: Facts, comparison: Comparison, scores: pd.DataFrame) -> None:
    """Add the stress score of both groups: the difference between them, its p value and a figure."""
    values = comparison.collapse(dissociation_stress.sample_scores(scores).to_frame("score"))["score"].to_numpy(float)
    rows = comparison.donors.assign(score=values)
    known = np.isfinite(values)
    if known.sum() < 3 or rows.loc[known, "group"].nunique() < 2:
        return
    target, reference = (values[known & (rows["group"] == side).to_numpy()] for side in (1, 0))
    p = distributions.welch_p(target, reference)
    facts.number(stress_difference=float(target.mean() - reference.mean()), stress_p=p)
    if p < 0.05:
        facts.warn(
            f"The score of dissociation and handling stress differs between the groups (p = {p:.2g}).", rank=Rank.CHECK
        )
    figure, axes = figures.new(width=3.2, height=2.8)
    axes.scatter(rows["group"], rows["score"], c=np.where(rows["group"] == 1, RAISED, LOWERED), s=18)
    axes.set_xticks([0, 1], comparison.contrast.group_names)
    axes.set(xlim=(-0.5, 1.5), ylabel="stress score (log2, mean of lineages 0)")
    facts.figure("stress", figure, "Dissociation and handling stress of each donor",
                 "Immediate-early and heat-shock genes, averaged over lineages.")  # fmt: skip


def sentence(genes: pd.DataFrame, done: pd.DataFrame, sides: str) -> str:
    """Return in one sentence how many subsets differ and which most."""
    subsets = done[done["level"] == "subset"] if (done["level"] == "subset").any() else done
    total = subsets["up"] + subsets["down"]
    if not total.sum():
        return f"{sides}: no gene differs in any of {len(subsets)} subsets tested (FDR 5%)."
    top = subsets.loc[total.idxmax()]
    found = genes[(genes["level"] == top["level"]) & (genes["subset"] == top["subset"]) & (genes["fdr"] < 0.05)]
    found = found[found["quality"] == ""]
    up = found[found["log2_fold_change"] > 0].nsmallest(4, "p_value")["gene"]
    led = f", led by {', '.join(up)}" if len(up) else ""
    return (
        f"{sides}: genes differ in {(total > 0).sum()} of {len(subsets)} subsets tested (FDR 5% within each); "
        f"most in {top['subset']}: {top['up']} higher{led}; {top['down']} lower."
    )


def overview(done: pd.DataFrame) -> Figure:
    """Draw the number of genes up (right) and down (left) in each subset and lineage."""
    rows = done.assign(total=done["up"] + done["down"]).sort_values(["level", "total"], ascending=[False, True])
    rows = rows.tail(45)
    figure, axes = figures.new(width=6, height=max(2.2, 1 + 0.19 * len(rows)))
    places = np.arange(len(rows))
    axes.barh(places, rows["up"], color=RAISED, label="higher")
    axes.barh(places, -rows["down"], color=LOWERED, label="lower")
    labels = rows["subset"].where(rows["level"] == "subset", rows["subset"] + " (all)")
    axes.set_yticks(places, labels, fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(xlabel="genes, FDR below 5%")
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.legend(loc="lower right", fontsize=8)
    return figure


def volcanoes(genes: pd.DataFrame, done: pd.DataFrame) -> Figure:
    """Draw a volcano plot of each of the subsets with most differences."""
    order = done.assign(total=done["up"] + done["down"]).sort_values("total", ascending=False, kind="stable")
    chosen = order.head(SHOWN)
    columns = min(3, len(chosen))
    lines = -(-len(chosen) // columns)
    figure, axes = figures.new(width=3.3 * columns, height=3.0 * lines, rows=lines, columns=columns, squeeze=False)
    for place, (_, row) in zip(axes.flat, chosen.iterrows(), strict=False):
        part = genes[(genes["level"] == row["level"]) & (genes["subset"] == row["subset"])]
        volcano(place, part)
        kind = " (all)" if row["level"] == "lineage" else ""
        place.set_title(
            f"{row['subset']}{kind}: {row['donors_target']} and {row['donors_reference']} donors", fontsize=8
        )
    for place in axes.flat[len(chosen) :]:
        place.set_axis_off()
    return figure


def volcano_points(genes: pd.DataFrame, done: pd.DataFrame) -> Points:
    """Return the genes of smallest p of each subset as points, the subsets with most differences first."""
    order = done.assign(total=done["up"] + done["down"]).sort_values("total", ascending=False, kind="stable")
    panels = []
    for row in order.to_dict("records"):
        part = genes[(genes["level"] == row["level"]) & (genes["subset"] == row["subset"]) & genes["p_value"].notna()]
        part = part.nsmallest(IN_REPORT, "p_value")
        x = part["shrunken_log2_fold_change"].to_numpy(float)
        clear, stress = (part["fdr"] < 0.05).to_numpy(), part["stress_gene"].to_numpy(bool)
        groups = np.where(~clear, 0, np.where(stress, 3, np.where(x > 0, 1, 2)))
        y = -np.log10(part["p_value"].clip(lower=1e-300))
        title = row["subset"] + (" (all)" if row["level"] == "lineage" else "")
        panels.append(Panel(title, "log2 fold change, shrunken", "-log10 p", x, y, list(part["gene"]), groups))
    shades = {"not significant": figures.MUTED, "higher": RAISED, "lower": LOWERED, "stress gene": figures.INK}
    return Points(panels, shades, shown=1, what="gene")


def volcano(axes: Axes, genes: pd.DataFrame) -> None:
    """Draw one volcano plot; the genes of smallest p are named."""
    known = genes[genes["p_value"].notna()]
    x = known["shrunken_log2_fold_change"].to_numpy()
    y = -np.log10(known["p_value"].clip(lower=1e-300).to_numpy())
    significant = (known["fdr"] < 0.05).to_numpy()
    colour = np.where(significant & (x > 0), RAISED, np.where(significant, LOWERED, figures.MUTED))
    axes.scatter(x, y, s=5, c=colour, linewidths=0, rasterized=True)
    stressed = known["stress_gene"].to_numpy(bool) & significant
    axes.scatter(x[stressed], y[stressed], s=18, facecolors="none", edgecolors="black", linewidths=0.6)
    for place in np.argsort(y)[::-1][:LABELLED]:
        side = 1 if x[place] > 0 else -1
        axes.annotate(
            known["gene"].iloc[place], (x[place], y[place]), xytext=(3 * side, 2), textcoords="offset points",
            fontsize=6.5, ha="left" if side > 0 else "right",
        )  # fmt: skip
    limit = max(1.0, float(np.abs(x).max())) * 1.3 if len(x) else 1.0
    axes.set(xlabel="log2 fold change, shrunken", ylabel="-log10 p", xlim=(-limit, limit))
    axes.axvline(0, color="black", linewidth=0.4)
