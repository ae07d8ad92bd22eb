"""Report the null calibration of a contrast: numbers, a sentence, table, figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts
from sscite.compare.calibration import relabelling
from sscite.compare.composition import effects, frequency, separation
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.expression.differential import collect, requested_units
from sscite.compare.pseudobulk.files import Pseudobulk

EXPRESSION_RELABELLINGS = 50


def answer(
    counted: pd.DataFrame,
    pseudobulk: Pseudobulk,
    comparison: Comparison,
    facts: Facts,
    *,
    permutations: int,
    min_cells: int,
    min_donors: int,
    seed: int,
) -> pd.DataFrame:
    """Recompute composition, separation and expression of one contrast under permuted labels; a row per statistic."""
    arranged = relabelling.arrangements(comparison, rng=np.random.default_rng([seed, 3]))
    number = min(permutations, relabelling.MAX_RELABELLINGS)
    chosen = relabelling.relabellings(comparison, arranged, number=number)
    labels = relabelling.labels(comparison, arranged)[chosen]
    measures = frequency.measure(counted, comparison, min_donors=min_donors)
    fitted = effects.fit(measures, comparison, seed=seed, thinnings=1)
    values = relabelling.composition_calls(fitted, comparison, arranged, chosen)
    scaled = separation.scaled_percents(counted, comparison)
    if scaled.shape[1] > 1:
        values["separation of donors"] = relabelling.separation_statistic(scaled.to_numpy(), comparison, labels)
    genes, units = expression(
        pseudobulk, comparison, labels[: EXPRESSION_RELABELLINGS + 1], min_cells=min_cells, min_donors=min_donors
    )
    if units:
        values["expression: genes"] = genes
    table = relabelling.table(values)
    _report(facts, comparison, table, units)
    facts.figure("chance", draw(values), "Observed and permuted labels",
                 "Grey: labels of the donors permuted; coloured: observed labels.")  # fmt: skip
    facts.table("calibration", table, "Observed and permuted labels",
                "chance_any: share of permutations with any call; p: with at least the observed number.")  # fmt: skip
    return table


def expression(
    pseudobulk: Pseudobulk, comparison: Comparison, labels: np.ndarray, *, min_cells: int, min_donors: int
) -> tuple[np.ndarray, int]:
    """Count the genes called over all subsets under each labelling, and the subsets tested.

    The subsets and donors are those of the expression step.
    """
    held, total, units = frequency.nuisance(comparison), np.zeros(len(labels), dtype=int), 0
    everyone = pd.MultiIndex.from_frame(comparison.donors[["donor", "group"]])
    for level, name in requested_units(pseudobulk.obs, comparison.contrast.subset):
        bulk = collect(pseudobulk, comparison, level, name, min_cells=min_cells)
        if level != "subset" or min(bulk.donors(0), bulk.donors(1)) < min_donors:
            continue
        places = everyone.get_indexer(pd.MultiIndex.from_frame(bulk.rows[["donor", "group"]]))
        design = held[places][:, np.abs(held[places]).sum(axis=0) > 0]
        if len(places) > design.shape[1] + 1 and np.linalg.matrix_rank(design) == design.shape[1]:
            total += relabelling.expression_calls(bulk.counts, design, labels[:, places])[0]
            units += 1
    return total, units


def _report(facts: Facts, comparison: Comparison, table: pd.DataFrame, units: int) -> None:
    """Report how often the primary test finds anything under permuted labels, and the number of genes."""
    rows = table.set_index("statistic")
    primary = rows.loc["composition: log_ratio"]
    facts.number(
        relabellings=int(primary["relabellings"]), chance_any_primary=primary["chance_any"], subsets_expression=units
    )
    if not primary["relabellings"]:
        facts.summary(f"{comparison.contrast.label}: the labels of the donors have no other arrangement.")
        return
    sentence = (
        f"{comparison.contrast.label}: the primary test reports a subset in {primary['chance_any']:.1%} of "
        f"{int(primary['relabellings'])} label permutations (nominal 5%); with the observed labels it reports "
        f"{int(primary['observed'])}."
    )
    if "expression: genes" in rows.index:
        genes = rows.loc["expression: genes"]
        sentence += (
            f" Genes of {units} subsets at FDR 5% by a t test on log counts per million: {int(genes['observed'])}, "
            f"{genes['permuted_mean']:.0f} on average under permuted labels (at least as many in {genes['p']:.0%})."
        )
    facts.summary(sentence)


def draw(values: dict[str, np.ndarray]) -> Figure:
    """Draw permuted values as grey dots and the observed as an orange one, a panel per statistic."""
    figure, axes = figures.new(width=6.4, height=0.75 * len(values) + 0.5, rows=len(values), squeeze=False)
    jitter = np.random.default_rng(0)
    for axis, (name, each) in zip(axes[:, 0], values.items(), strict=True):
        axis.plot(each[1:], jitter.uniform(-0.3, 0.3, len(each) - 1), ".", color=figures.GREY, ms=4, alpha=0.6)
        axis.plot(each[0], 0, "D", color=figures.HIGHLIGHT, ms=7)
        axis.set_yticks([])
        axis.set_ylim(-0.6, 0.6)
        axis.set_ylabel(
            name.replace(": ", "\n").replace(" of ", "\nof "), rotation=0, ha="right", va="center", fontsize=7.5
        )
        if each.max() > 50:
            axis.set_xscale("symlog", linthresh=1)
        elif each.max() >= 1:
            axis.xaxis.set_major_locator(figures.plt.MaxNLocator(integer=True))
        axis.tick_params(labelsize=7)
    axes[-1, 0].set_xlabel("calls (separation: share of variance)")
    return figure
