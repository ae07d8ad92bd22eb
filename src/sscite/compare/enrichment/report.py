"""What the enrichment step tells the report: a dot plot of sets and subsets, and running scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts
from sscite.compare.enrichment.competitive import Sets, membership, of_question, running_scores
from sscite.subsets.definitions.questions import GeneSets

SETS_SHOWN, SUBSETS_SHOWN, CURVES, SETS_NAMED = 25, 30, 6, 4
Questions = tuple[GeneSets, ...]


def describe(facts: Facts, table: pd.DataFrame, what: str, questions: Questions, *, ranked: bool) -> None:
    """Add numbers, a sentence, tables (one for each question that was answered) and the dot plot."""
    found = table[table["fdr"] < 0.05]
    facts.number(tests=len(table), sets_fdr_5=len(found), subsets=int(table["subset"].nunique()))
    facts.summary(" ".join([_sentence(table, what), *(answer(table, question) for question in questions)]))
    columns = [name for name in table.columns if name != "contrast_id" and table[name].notna().any()]
    facts.table("sets", found.sort_values("p_value")[columns].head(100).round({"effect": 3, "enrichment_score": 3}),
                "Gene sets of smallest p", "p_without_stress: the same without dissociation-stress genes.")  # fmt: skip
    for number, question in enumerate(questions, start=1):
        named = of_question(table, question)
        if len(named):
            absent = ", ".join(name for name in question.sets if name not in set(named["gene_set"]))
            facts.table(f"question_{number}", named[columns], f"Named in subsets.yaml: {_title(question)}",
                        f"Not tested: {absent}." if absent else "")  # fmt: skip
            facts.number(**{f"question_{number}_smallest_p": float(named["p_value"].min())})
    if len(found):
        caption = (
            "Colour: difference of the mean statistic." if ranked else "Colour: log2 of observed over expected overlap."
        )
        facts.figure("sets", dots(table), "Gene sets by subset", f"Size: -log10 p; ring: FDR below 5%. {caption}")


def _sentence(table: pd.DataFrame, what: str) -> str:
    """Name the clearest findings."""
    found = table[table["fdr"] < 0.05].sort_values("p_value")
    if found.empty:
        return f"{what}: no gene set stands out in any subset (FDR 5%)."
    top = [f"{_short(r.gene_set)} in {r.subset}" for r in found.head(3).itertuples()]
    lost = found["p_without_stress"] > 0.05
    tail = f" {int(lost.sum())} of them rest on dissociation-stress genes." if lost.any() else ""
    return f"{what}: {len(found)} gene sets stand out in a subset (FDR 5%), first {', '.join(top)}.{tail}"


def answer(table: pd.DataFrame, question: GeneSets) -> str:
    """Answer in words whether the sets of a question stand out in its subset, by that of smallest p."""
    named = of_question(table, question).sort_values("p_value")
    if named.empty:
        tested = ((table["level"] == "subset") & (table["subset"] == question.subset)).any()
        missing = "none of the gene sets was tested in it" if tested else "the subset was not tested"
        return f"{_title(question)}: not answered, {missing}."
    best = named.iloc[0]
    reply = "no" if best["fdr"] >= 0.05 else "yes" if best["effect"] > 0 else "no, lower"
    calm = best["p_without_stress"]
    stressed = f", without stress genes p = {calm:.2g}" if np.isfinite(calm) else ""
    which = f"{_short(best['gene_set'])}, " if len(question.sets) > 1 else ""
    return f"{_title(question)}: {reply} ({which}p = {best['p_value']:.2g}{stressed})."


def dots(table: pd.DataFrame) -> Figure:
    """Draw the sets of smallest p against the subsets."""
    found = table[table["fdr"] < 0.05]
    sets = found.groupby("gene_set")["p_value"].min().nsmallest(SETS_SHOWN).index
    subsets = (
        found[found["gene_set"].isin(sets)]
        .groupby("subset")["p_value"]
        .min()
        .nsmallest(SUBSETS_SHOWN)
        .index.sort_values()
    )
    shown = table[table["gene_set"].isin(sets) & table["subset"].isin(subsets)]
    order = sorted(sets)
    figure, axes = figures.new(width=3.6 + 0.24 * len(subsets), height=1.8 + 0.21 * len(order))
    x, y = subsets.get_indexer(shown["subset"]), [order.index(name) for name in shown["gene_set"]]
    size = 4 + 7 * np.minimum(-np.log10(shown["p_value"].clip(lower=1e-300)), 12)
    limit = float(shown["effect"].abs().quantile(0.98)) or 1.0
    edges = np.where(shown["fdr"] < 0.05, "black", "none")
    points = axes.scatter(
        x, y, s=size, c=shown["effect"], cmap="RdBu_r", vmin=-limit, vmax=limit, edgecolors=edges, linewidths=0.7
    )
    axes.set_xticks(range(len(subsets)), subsets, rotation=90, fontsize=7)
    axes.set_yticks(range(len(order)), [_short(name) for name in order], fontsize=7)
    axes.set(xlim=(-0.6, len(subsets) - 0.4), ylim=(len(order) - 0.4, -0.6))
    figure.colorbar(points, ax=axes, label="effect", shrink=0.5)
    return figure


def curves(genes: pd.DataFrame, table: pd.DataFrame, sets: Sets, questions: Questions) -> Figure | None:
    """Draw running scores: the sets named in questions, and the clearest up to six; None where there is nothing."""
    shown = _drawn(table, questions)
    if shown.empty:
        return None
    columns = min(3, len(shown))
    lines = -(-len(shown) // columns)
    figure, axes = figures.new(width=3.1 * columns, height=2.4 * lines, rows=lines, columns=columns, squeeze=False)
    for place, row in zip(axes.flat, shown.itertuples(), strict=False):
        part = genes[(genes["level"] == row.level) & (genes["subset"] == row.subset)]
        part = part[part["statistic"].notna() & part["p_value"].notna()].drop_duplicates("gene")
        matrix, _ = membership({row.gene_set: sets[row.source][row.gene_set]}, pd.Index(part["gene"]))
        statistic = part["statistic"].to_numpy(float)
        curve = running_scores(statistic, matrix)[0]
        place.plot(curve, color=figures.GREEN, linewidth=1.2)
        hits = np.flatnonzero(matrix[0][np.argsort(-statistic, kind="stable")])
        low, high = min(curve.min(), 0), max(curve.max(), 0)
        place.vlines(hits, low - 0.12 * (high - low), low - 0.02 * (high - low), color="black", linewidth=0.4)
        place.axhline(0, color="black", linewidth=0.4)
        place.set_title(f"{_short(row.gene_set)}\n{row.subset}, p = {row.p_value:.1g}", fontsize=7.5)
        place.set(xlabel="genes, highest first", ylabel="running score")
    for place in axes.flat[len(shown) :]:
        place.set_axis_off()
    return figure


def _drawn(table: pd.DataFrame, questions: Questions) -> pd.DataFrame:
    """Choose the rows whose curves are drawn: those named in questions, twelve at most, then the clearest up to six."""
    once = ["level", "subset", "gene_set"]
    parts = [of_question(table, question).sort_values("p_value") for question in questions]
    named = pd.concat([table.head(0), *parts]).drop_duplicates(once).head(2 * CURVES)
    clear = table[table["fdr"] < 0.05].nsmallest(CURVES, "p_value")
    return pd.concat([named, clear]).drop_duplicates(once).head(max(CURVES, len(named)))


def _title(question: GeneSets) -> str:
    """Write a question in few words: its name, or its sets, four at most, in its subset."""
    if question.name:
        return f"{question.name} in {question.subset}"
    sets = ", ".join(_short(name) for name in question.sets[:SETS_NAMED])
    more = len(question.sets) - SETS_NAMED
    return f"{sets}{f' and {more} more' if more > 0 else ''} in {question.subset}"


def _short(name: str) -> str:
    """Shorten a set's name."""
    return name.removeprefix("HALLMARK_").replace("_", " ")[:40]
