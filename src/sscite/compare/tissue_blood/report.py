"""What the comparison of a tissue with blood tells the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts, Rank
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.expression.values import draw_dots, draw_effects
from sscite.compare.statistics.dissociation_stress import FLAG_GENE, FLAG_SCORE, NOT_ADJUSTABLE
from sscite.compare.tissue_blood.differences import resident
from sscite.subsets.tissue.counterparts import FAR

TISSUE, BLOOD = figures.HIGHLIGHT, figures.BLUE


def describe(facts: Facts, table: pd.DataFrame, comparison: Comparison, scores: pd.Series, *, tested: bool) -> None:
    """Add numbers, a sentence, tables and figures."""
    reference, tissue = comparison.counts()
    sides = comparison.contrast.label
    genes = table[table["kind"] == "expression"]
    found = genes[genes["fdr"] < 0.05]
    facts.number(
        donors_tissue=tissue, donors_reference=reference, paired=comparison.paired, tested=tested,
        genes_fdr_5=len(found), of_these_stress_genes=int((found["stress_flag"] == FLAG_GENE).sum()),
        of_these_explained_by_score=int((found["stress_flag"] == FLAG_SCORE).sum()),
        of_these_ambient=int((found["ambient_flag"] != "").sum()),
        findings_not_adjustable=int((found["stress_flag"] == NOT_ADJUSTABLE).sum()),
        of_these_mitochondrial_or_ribosomal=int((found["quality"] != "").sum()),
    )  # fmt: skip
    facts.summary(sentence(table, sides, comparison.paired, tested, (tissue, reference)))
    unadjusted = found[found["stress_flag"] == NOT_ADJUSTABLE]
    if len(unadjusted):
        units = ", ".join(sorted(set(unadjusted["subset"])))
        facts.warn(
            f"Differences in {units} could not be adjusted for stress: the score is collinear with the tissue.",
            rank=Rank.CHECK,
        )
    named = residency(genes)
    if len(named):
        facts.table("residency", named, "Genes of tissue residency, tested by name",
                    "log2 fold change, tissue against blood.")  # fmt: skip
    for kind, title in (
        ("composition", "Shares of a lineage"),
        ("protein", "Proteins"),
        ("state", "Distance to blood"),
    ):
        part = table[table["kind"] == kind]
        if len(part):
            columns = [c for c in part.columns if c not in ("tissue", "kind", "stress_gene") and part[c].notna().any()]
            order = part.sort_values(
                "p_value" if part["p_value"].notna().any() else "effect", ascending=kind != "state"
            )
            facts.table(kind, order[columns].head(60), title)
    _draw(facts, table, comparison, scores, tested=tested)


def _draw(facts: Facts, table: pd.DataFrame, comparison: Comparison, scores: pd.Series, *, tested: bool) -> None:
    """Add the figures of stress, genes, residency, composition, proteins and states."""
    genes = table[table["kind"] == "expression"]
    named = residency(genes)
    facts.figure("stress", stress_dots(comparison, scores), "Dissociation stress of each sample",
                 "Mean of immediate-early and heat-shock genes; a line joins the samples of one donor.")  # fmt: skip
    if len(genes):
        facts.figure("genes", gene_bars(genes, tested=tested), "Genes that differ, and what stress may explain",
                     "FDR 5% within a subset. Hatched: stress genes, or explained by the stress score.")  # fmt: skip
    if len(named):
        facts.figure("residency", residency_grid(genes), "Tissue residency by subset",
                     "Colour: log2 fold change, tissue against blood; ring: FDR below 5%.")  # fmt: skip
    _draw_effects(facts, table)


def _draw_effects(facts: Facts, table: pd.DataFrame) -> None:
    """Draw composition, protein and states where there are any."""
    composition = table[table["kind"] == "composition"]
    if len(composition):
        drawn = draw_effects(composition, "feature", "log ratio of the shares")
        facts.figure("composition", drawn, "Shares of a lineage",
                     "Right: larger share in the tissue. Filled: FDR below 5%.")  # fmt: skip
    protein = table[(table["kind"] == "protein") & (table["level"] == "lineage")]
    if len(protein):
        rows = protein.assign(label=protein["subset"] + ": " + protein["feature"])
        drawn = draw_effects(rows, "label", "difference of normalised protein")
        facts.figure("protein", drawn, "Proteins that differ most",
                     "Right: higher in the tissue. Filled: FDR below 5%.")  # fmt: skip
    state = table[table["kind"] == "state"]
    if len(state):
        facts.figure("states", state_dots(state), "Distance to the nearest counterpart in blood",
                     "1: usual for the tissue's cells of the lineage. Beyond the line: blood lacks it.")  # fmt: skip


def sentence(table: pd.DataFrame, sides: str, paired: bool, tested: bool, donors: tuple[int, int]) -> str:
    """Return in plain words what differs and how much of it stress may explain."""
    how = f"within {donors[0]} donors" if paired else f"{donors[0]} against {donors[1]} donors, unpaired"
    states = table[(table["kind"] == "state") & table["without_counterpart"].eq(True)]
    far = states.sort_values("effect", ascending=False)["subset"]
    tail = f" Without a counterpart in blood: {', '.join(far.head(5))}." if len(far) else ""
    if not tested:
        return f"{sides} ({how}): too few donors for a test; effects are described.{tail}"
    found = table[(table["kind"] == "expression") & (table["fdr"] < 0.05)]
    explained = int(found["stress_flag"].isin([FLAG_GENE, FLAG_SCORE]).sum())
    unadjusted = int((found["stress_flag"] == NOT_ADJUSTABLE).sum())
    ambient = int((found["ambient_flag"] != "").sum())
    clean = found[(found[["stress_flag", "ambient_flag", "quality"]] == "").all(axis=1)].nsmallest(1, "p_value")
    programme = table[(table["kind"] == "programme") & (table["p_value"] < 0.05)].nsmallest(1, "p_value")
    for row in programme.itertuples():
        direction = "higher" if row.effect > 0 else "lower"
        tail = f" The residency programme is {direction} in it, first in {row.subset} (p = {row.p_value:.2g}).{tail}"
    lead = f"; the top gene that neither explains is {clean.iloc[0]['feature']}" if len(clean) else ""
    stress = f"dissociation stress may explain {explained} and ambient RNA {ambient}"
    stress += f"; {unadjusted} could not be adjusted for stress" if unadjusted else ""
    return f"{sides} ({how}): {len(found)} differences of a gene in a subset (FDR 5%); {stress}{lead}.{tail}"


def residency(genes: pd.DataFrame) -> pd.DataFrame:
    """Take the rows of the residency genes, with the direction that is expected of each."""
    up, down = resident()
    rows = genes[genes["feature"].isin([*up, *down])]
    expected = np.where(rows["feature"].isin(up), "up", "down")
    rows = rows.assign(expected=expected, agrees=(rows["effect"] > 0) == (expected == "up"))
    columns = ["level", "subset", "feature", "expected", "agrees", "effect", "p_value", "fdr", "stress_flag"]
    return rows[columns].sort_values(["level", "subset", "feature"]).round({"effect": 3})


def stress_dots(comparison: Comparison, scores: pd.Series) -> Figure:
    """Draw the stress score of each sample, tissue beside blood, joined within donors."""
    figure, axes = figures.new(width=3.2, height=3.2)
    rows = comparison.samples.assign(score=scores.reindex(comparison.samples["sample"]).to_numpy())
    for _, part in rows.groupby("donor"):
        means = part.groupby("group")["score"].mean()
        if len(means) == 2:
            axes.plot([0, 1], means.loc[[0, 1]], color=figures.MUTED, linewidth=0.8, zorder=1)
    axes.scatter(rows["group"], rows["score"], c=np.where(rows["group"] == 1, TISSUE, BLOOD), s=18, zorder=2)
    names = ["+".join(comparison.contrast.reference), "+".join(comparison.contrast.target)]
    axes.set_xticks([0, 1], names)
    axes.set(xlim=(-0.5, 1.5), ylabel="stress score (mean log2)")
    return figure


def gene_bars(genes: pd.DataFrame, *, tested: bool) -> Figure:
    """Draw the numbers of genes up and down in each subset, those that stress may explain hatched."""
    found = genes[genes["fdr"] < 0.05] if tested else genes.iloc[:0]
    label = found["subset"].where(found["level"] == "subset", found["subset"] + " (all)")
    direction = np.where(found["effect"] > 0, "higher in tissue", "lower in tissue")
    bar = direction + np.where(found["stress_flag"].isin([FLAG_GENE, FLAG_SCORE]), ", stress", "")
    wide = pd.crosstab(label.to_numpy(), bar)
    wide = wide.loc[wide.sum(axis=1).sort_values(kind="stable").index].tail(40)
    figure, axes = figures.new(width=6, height=max(2.0, 1 + 0.19 * len(wide)))
    for kind, sign, colour in (("higher in tissue", 1, TISSUE), ("lower in tissue", -1, BLOOD)):
        start = np.zeros(len(wide))
        for name, hatch in ((kind, ""), (f"{kind}, stress", "////")):
            size = sign * wide.get(name, pd.Series(0, index=wide.index)).to_numpy()
            style = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0, "label": name}
            axes.barh(range(len(wide)), size, left=start, **style)
            start = start + size
    axes.set_yticks(range(len(wide)), wide.index, fontsize=7)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(xlabel="genes, FDR below 5%" if len(wide) else "no gene of FDR below 5%")
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    if len(wide):
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7)
    return figure


def residency_grid(genes: pd.DataFrame) -> Figure:
    """Draw the residency genes' fold changes as a grid of subsets and genes."""
    listed = [gene for part in resident() for gene in part]
    rows = genes[genes["feature"].isin(listed)]
    rows = rows.assign(label=rows["subset"].where(rows["level"] == "subset", rows["subset"] + " (all)"))
    order = [gene for gene in listed if gene in set(rows["feature"])]
    labels = list(dict.fromkeys(rows.sort_values(["level", "subset"])["label"]))
    figure, axes = figures.new(width=2.2 + 0.42 * len(order), height=1.4 + 0.2 * len(labels))
    x = [order.index(gene) for gene in rows["feature"]]
    y = [labels.index(label) for label in rows["label"]]
    significant = rows["fdr"] < 0.05
    edges = np.where(significant, "black", "none")
    dots = axes.scatter(
        x, y, c=rows["effect"].clip(-4, 4), cmap="RdBu_r", vmin=-4, vmax=4, s=55, edgecolors=edges, linewidths=0.9
    )
    axes.set_xticks(range(len(order)), order, rotation=90, fontsize=8)
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set(xlim=(-0.6, len(order) - 0.4), ylim=(len(labels) - 0.4, -0.6))
    figure.colorbar(dots, ax=axes, label="log2 fold change", shrink=0.6)
    return figure


def state_dots(state: pd.DataFrame) -> Figure:
    """Draw each subset's distance to its counterpart, named beside it."""
    shown = state.sort_values("effect").tail(40)
    figure, axes = figures.new(width=5.5, height=max(2.0, 0.9 + 0.2 * len(shown)))
    draw_dots(axes, shown["effect"].to_numpy(), shown["without_counterpart"].to_numpy(bool))
    labels = shown["subset"] + " → " + shown["feature"].astype(str)
    axes.set_yticks(range(len(shown)), labels, fontsize=7)
    axes.axvline(FAR, color="black", linewidth=0.6, linestyle="--")
    axes.set(xlabel="relative distance to the nearest blood cells")
    return figure
