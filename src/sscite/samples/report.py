"""Report of the steps on samples: numbers, tables and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from sscite import figures, totals
from sscite.command import Facts, Rank
from sscite.names import HASHTAG, PROTEIN, RNA
from sscite.samples.qc import WHOLE_TRANSCRIPTOME

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sscite.samples.assemble import Library
    from sscite.samples.qc import Limit
    from sscite.samples.validate import Validated


def validated(facts: Facts, checked: Validated) -> None:
    """Report the content of the samplesheet and the contrasts."""
    samples = checked.samples
    tissues = list(dict.fromkeys(samples["tissue"]))
    facts.number(
        libraries=len(checked.files), samples=len(samples), donors=samples["donor"].nunique(), tissues=len(tissues),
        contrasts=len(checked.contrasts),
    )  # fmt: skip
    facts.summary(
        f"{_n(len(samples), 'sample')} of {_n(samples['donor'].nunique(), 'donor')} in {', '.join(tissues)}, captured "
        f"in {_n(len(checked.files), 'library', 'libraries')}; {_n(len(checked.contrasts), 'comparison')} to make."
    )
    for warning in checked.warnings:
        facts.warn(warning)
    facts.table("samples", samples, "Samples", "The samplesheet after reading.")
    facts.table("contrasts", checked.contrasts, "Comparisons", "Target against reference, in the tissues named.")
    facts.table("covariates", checked.covariates, "Covariates", "Numbers show smallest and largest value.")
    if len(checked.left_out):
        facts.table("left_out", checked.left_out, "Excluded comparisons", "Each with its reason.")
    facts.figure(
        "design", design_figure(samples), "Samples by donor and tissue",
        "One dot per sample; a number gives several samples of one donor and tissue. Donors with dots in two columns "
        "allow paired comparisons.",
    )  # fmt: skip


def design_figure(samples: pd.DataFrame) -> Figure:
    """Draw donors against tissues, one dot per sample."""
    tissues, donors = list(dict.fromkeys(samples["tissue"])), list(dict.fromkeys(samples["donor"]))
    figure, axes = figures.new(2.5 + 0.9 * len(tissues), 1.2 + 0.22 * len(donors))
    colours = figures.colours(tissues)
    for (donor, tissue), group in samples.groupby(["donor", "tissue"]):
        x, y = tissues.index(tissue), donors.index(donor)
        axes.scatter(x, y, s=60, color=colours[tissue])
        if len(group) > 1:
            axes.annotate(str(len(group)), (x, y), ha="center", va="center", color="white", fontsize=7)
    axes.set_xticks(range(len(tissues)), tissues)
    axes.set_yticks(range(len(donors)), donors, fontsize=8)
    axes.set(xlim=(-0.5, len(tissues) - 0.5), ylim=(len(donors) - 0.5, -0.5), ylabel="donor")
    axes.grid(color="0.92", zorder=0)
    axes.set_axisbelow(True)
    return figure


def _n(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def inspected(facts: Facts, libraries: pd.DataFrame, warnings: list[str]) -> None:
    """Report the content of the count files."""
    cells = int(libraries["cells"].sum())
    facts.number(libraries=len(libraries), cells=cells, most_cells=int(libraries["cells"].max()))
    without = list(libraries["library"][libraries["antibodies"] == 0])
    facts.summary(
        f"All files are readable and hold raw counts: {cells:,} cells in {_n(len(libraries), 'library', 'libraries')}"
        + (f"; without antibodies: {', '.join(without)}." if without else ", all with antibodies.")
    )
    for warning in warnings:
        facts.warn(warning)
    facts.table(
        "libraries", libraries, "Content of the count files", "Features by type; droplets if raw counts were given."
    )
    facts.figure(
        "cells", cells_figure(libraries), "Cells and counts of each library",
        "Called cells, and mean counts (genes, antibodies, hashtags) per cell. Check libraries far from the others.",
    )  # fmt: skip


def cells_figure(libraries: pd.DataFrame) -> Figure:
    """Draw cells and mean counts of each library."""
    figure, axes = figures.new(8, 1.2 + 0.25 * len(libraries), columns=2, sharey=True)
    places = range(len(libraries))
    axes[0].barh(places, libraries["cells"], color=figures.BLUE)
    axes[0].set_yticks(places, libraries["library"], fontsize=8)
    axes[0].set(xlabel="cells", ylim=(len(libraries) - 0.5, -0.5))
    axes[1].barh(places, libraries["counts"] / libraries["cells"].clip(lower=1), color=figures.ORANGE)
    axes[1].set(xlabel="mean counts per cell")
    return figure


def loaded(
    facts: Facts, library: Library, flagged: pd.DataFrame, limits: list[Limit], empty: AnnData, doubts: list[str]
) -> None:
    """Report the content of a library and its flagged cells."""
    failed = ~flagged["qc_pass"]
    sizes = {kind: part.matrix.shape[1] for kind, part in library.modalities.items()}
    facts.number(
        cells=len(flagged), flagged=int(failed.sum()), genes=sizes.get(RNA, 0), antibodies=sizes.get(PROTEIN, 0),
        hashtags=sizes.get(HASHTAG, 0), droplets=empty.n_obs, median_genes=float(flagged["n_genes"].median()),
        median_counts=float(flagged["n_counts"].median()), median_pct_mt=_median(flagged["pct_mt"]),
    )  # fmt: skip
    for doubt in doubts + _doubts(library, flagged):
        facts.warn(_sentence(doubt), rank=Rank.CHECK)
    if library.notes:
        facts.table("reading", pd.DataFrame({"note": [_sentence(note) for note in library.notes]}), "Notes on reading")
    table = reasons(flagged, limits)
    main = f", mostly for {table['reason'].iloc[0]}" if failed.any() else ""
    facts.summary(
        f"{len(flagged):,} cells with a median of {flagged['n_genes'].median():,.0f} genes; {failed.sum():,} "
        f"({100 * failed.mean():.1f}%) are flagged{main}. Flagged cells are kept at this step."
    )
    facts.table("reasons", table, "Reasons for flags", "A cell may have several.")
    if RNA in library.modalities:
        facts.figure(
            "quality", quality_figure(flagged, limits), "Quality of the cells",
            "Cells by genes, counts and percent of mitochondrial counts. Dashed: fixed limits; dotted: limits by "
            "distance from the median. Orange: flagged cells.",
        )  # fmt: skip
    if empty.n_obs:
        facts.figure(
            "knee", knee_figure(library, flagged, empty), "Droplets by rank",
            "Droplets ranked by their counts. Cells are above the knee; droplets below it contain ambient RNA and "
            "antibody, from which the background of the antibodies is estimated.",
        )  # fmt: skip


def reasons(flagged: pd.DataFrame, limits: list[Limit]) -> pd.DataFrame:
    """Count the cells flagged by each limit, most first."""
    rows = [
        (limit.reason, limit.column, _bound(limit.low), _bound(limit.high), int(limit.flags(flagged).sum()))
        for limit in limits
    ]
    table = pd.DataFrame(rows, columns=["reason", "measure", "below", "above", "cells"])
    return table.sort_values("cells", ascending=False, kind="stable", ignore_index=True)


def _median(values: pd.Series) -> float | None:
    """Return the median; None if all values are missing."""
    return float(values.median()) if values.notna().any() else None


def _sentence(text: str) -> str:
    """Return a text as a sentence: a capital first and a full stop."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def _bound(value: float) -> float | None:
    """Return a rounded bound; None if it is infinite."""
    return round(float(value), 2) if np.isfinite(value) else None


def _doubts(library: Library, flagged: pd.DataFrame) -> list[str]:
    """Return warnings on a library's genes and flags."""
    if RNA not in library.modalities:
        return ["the library has no RNA counts: cell quality was not assessed"]
    features = library.modalities[RNA].features
    doubts = []
    if flagged["pct_mt"].isna().all():
        doubts.append(f"none of its {len(features):,} genes is mitochondrial: percent mitochondrial was not computed")
    if features.index.str.match(r"ENS[A-Z]*G\d{6,}").mean() > 0.5:
        doubts.append("its genes have Ensembl identifiers and no symbols: markers and cell types will not be found")
    if len(features) < WHOLE_TRANSCRIPTOME:
        doubts.append(f"it measures {len(features):,} genes, not a whole transcriptome: --min_genes was not applied")
    if (~flagged["qc_pass"]).mean() > 0.5:
        doubts.append("more than half of its cells are flagged: check that the limits suit this panel and tissue")
    return doubts


def quality_figure(flagged: pd.DataFrame, limits: list[Limit]) -> Figure:
    """Draw histograms of genes, counts and percent mitochondrial, with the limits."""
    panels = [("n_genes", "genes", True), ("n_counts", "counts", True), ("pct_mt", "percent mitochondrial", False)]
    figure, axes = figures.new(9, 3, columns=3)
    for axis, (column, label, logarithmic) in zip(axes, panels, strict=True):
        values = flagged[column].to_numpy(float)
        if np.isnan(values).all():
            axis.text(0.5, 0.5, "no mitochondrial genes", ha="center", transform=axis.transAxes)
            axis.set(xlabel=label, xticks=[], yticks=[])
            continue
        bins = figures.edges(values if logarithmic else np.append(values, 0), log=logarithmic)
        parts = [values[flagged["qc_pass"]], values[~flagged["qc_pass"]]]
        shades, states = [figures.BLUE, figures.ORANGE], ["kept", "flagged"]
        axis.hist(parts, bins, histtype="stepfilled", stacked=True, color=shades, label=states)
        axis.set(xlabel=label, xscale="log" if logarithmic else "linear", ylabel="cells" if column == "n_genes" else "")
        if logarithmic:
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axis.xaxis.set_minor_formatter(NullFormatter())
        _draw_limits(axis, [limit for limit in limits if limit.column == column])
    axes[0].legend(fontsize=8)
    return figure


def _draw_limits(axis: Axes, limits: list[Limit]) -> None:
    """Draw the limits that lie within the view."""
    view = axis.get_xlim()
    for limit in limits:
        for value in (limit.low, limit.high):
            if view[0] < value < view[1]:
                style = ":" if limit.reason.startswith("outlier") else "--"
                axis.axvline(value, color="black", linestyle=style, linewidth=1)


def knee_figure(library: Library, flagged: pd.DataFrame, empty: AnnData) -> Figure:
    """Draw droplets by rank of RNA counts and of antibody counts, cells and other droplets in two colours."""
    kinds = [(RNA, "RNA counts", "rna_counts"), (PROTEIN, "antibody counts", "prot_counts")]
    kinds = [kind for kind in kinds if kind[0] in library.modalities]
    figure, axes = figures.new(4 * len(kinds), 3, columns=len(kinds), squeeze=False)
    for axis, (kind, label, column) in zip(axes[0], kinds, strict=True):
        called = totals.per_cell(library.modalities[kind].matrix)
        values = np.concatenate([called, empty.obs[column]])
        order = np.argsort(-values, kind="stable")
        ranks = np.arange(1, len(values) + 1)
        chosen = np.unique(np.geomspace(1, len(values), 3000).astype(int)) - 1
        is_cell = (order < len(called))[chosen]
        for part, colour, name in ((is_cell, figures.BLUE, "cell"), (~is_cell, figures.GREY, "other droplet")):
            axis.scatter(ranks[chosen][part], values[order][chosen][part], s=4, color=colour, label=name,
                         rasterized=True)  # fmt: skip
        axis.set(
            xscale="log", yscale="symlog", xlabel="rank of droplet", ylabel=label, ylim=(0, 2 * max(values.max(), 1))
        )
    axes[0][0].legend(fontsize=8, loc="lower left")
    return figure


def doublets(facts: Facts, frame: pd.DataFrame, numbers: dict[str, float], simulated: np.ndarray) -> None:
    """Report the doublets."""
    share = float(frame["doublet"].mean())
    facts.number(cells=len(frame), doublets=int(frame["doublet"].sum()), doublet_share=share, **numbers)
    facts.summary(
        f"{frame['doublet'].sum():,} of {len(frame):,} cells ({100 * share:.1f}%) are called doublets of two types; "
        f"the loading predicts {100 * numbers['expected_rate']:.1f}% doublets of any kind."
    )
    facts.figure(
        "scores", scores_figure(frame, numbers["threshold"], simulated), "Doublet scores",
        "Scores of the cells (blue) and of doublets simulated from pairs of them (grey). Cells to the right of the "
        "line are flagged.",
    )  # fmt: skip


def scores_figure(frame: pd.DataFrame, threshold: float, simulated: np.ndarray) -> Figure:
    """Draw the scores of cells and of simulated doublets."""
    figure, axes = figures.new(5, 3)
    scores = frame["doublet_score"].dropna()
    bins = np.linspace(0, max(float(scores.max()), float(simulated.max()), 0.1), 60)
    axes.hist(simulated, bins, density=True, color=figures.GREY, alpha=0.6, label="simulated doublets")
    axes.hist(scores, bins, density=True, histtype="step", color=figures.BLUE, linewidth=1.5, label="cells")
    axes.axvline(threshold, color="black", linestyle="--", linewidth=1)
    axes.set(xlabel="doublet score", ylabel="density")
    axes.legend(fontsize=8)
    return figure
