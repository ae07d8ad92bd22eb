"""Report the ambient RNA of a library: how much, of which genes, in which cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sscite import figures
from sscite.names import AMBIENT_FRACTION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sscite.command import Facts
    from sscite.samples.ambient import Result

HIGH = 0.2  # fraction of a library above which a warning is given
TOP_GENES = 20


def describe(facts: Facts, result: Result) -> None:
    """Add numbers, a sentence, warnings, tables and a figure."""
    fraction = result.cells[AMBIENT_FRACTION].to_numpy()
    clusters = result.estimate.clusters
    top = result.profile["share"].nlargest(TOP_GENES)
    facts.number(
        ambient_fraction=result.estimate.library, ambient_fraction_of_cells=float(np.median(fraction)),
        ambient_profile_from=result.source, counts_corrected=result.corrected is not None,
    )  # fmt: skip
    facts.summary(
        f"{result.estimate.library:.1%} of the RNA counts are ambient (cells: 5% to 95% quantile "
        f"{np.quantile(fraction, 0.05):.1%} to {np.quantile(fraction, 0.95):.1%}); its most abundant genes are "
        f"{', '.join(top.index[:5])}. "
        + ("It was removed." if result.corrected is not None else "Counts are unchanged.")
    )
    if result.source == "cells":
        facts.warn(
            "Too few empty droplets are known: the ambient profile is approximated by all cells of the library. RNA of "
            "cells lost in preparation is missed; give raw_counts."
        )
    if result.estimate.library > HIGH:
        facts.warn(f"{result.estimate.library:.0%} of the RNA counts are ambient; consider --ambient_rna correct.")
    facts.table("genes", top.rename("share").reset_index(), "Most abundant genes of the ambient RNA")
    facts.table(
        "clusters", clusters, "Contamination by cluster",
        "Estimated from the genes that the cluster does not express. Not identified: a cluster that resembles the "
        "ambient profile itself; the library's fraction is used.",
    )  # fmt: skip
    facts.figure(
        "fraction", fraction_figure(result), "Ambient RNA of the cells",
        "Share of each cell's RNA counts that is ambient, and the most abundant genes of the ambient RNA.",
    )  # fmt: skip


def fraction_figure(result: Result) -> Figure:
    """Draw the cells' ambient fractions and the top genes of the profile."""
    figure, axes = figures.new(8, 3, columns=2)
    values = result.cells[AMBIENT_FRACTION].to_numpy()
    bins = np.linspace(0, max(0.1, float(np.quantile(values, 0.995))), 40)
    axes[0].hist(values, bins, histtype="stepfilled", color=figures.BLUE)
    axes[0].axvline(result.estimate.library, color="black", linestyle="--", linewidth=1)
    axes[0].set(xlabel="ambient fraction of RNA counts", ylabel="cells")
    top = result.profile["share"].nlargest(12)[::-1]
    axes[1].barh(top.index, 100 * top, color=figures.GREY)
    axes[1].set(xlabel="percent of the ambient RNA")
    axes[1].tick_params(axis="y", labelsize=7)
    return figure
