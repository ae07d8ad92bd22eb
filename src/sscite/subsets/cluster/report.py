"""Report of the subsets steps, with figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import figures, names
from sscite.cohort import umap_figures
from sscite.command import Facts, Rank
from sscite.names import UNASSIGNED
from sscite.subsets.cluster.all_lineages import Subsets
from sscite.subsets.cluster.cluster_lineage import Found
from sscite.subsets.tissue.counterparts import FAR

if TYPE_CHECKING:
    from sscite.annotate.cohort_vote import Voted

FEWEST_SCORED = 0.005  # share of cells above zero below which a signature is a warning
OUTVOTED = 10  # cells of a lineage from which its loss is a warning


def clusters(facts: Facts, found: Subsets) -> None:
    """Report subsets found, lineages skipped, clusters flagged."""
    in_lineages = found.cells[names.LINEAGE].isin(found.lineages)
    subset = found.cells.loc[in_lineages, names.SUBSET]
    named = ~is_other(subset)
    facts.number(
        cells=len(found.cells), lineages=len(found.lineages), clusters=len(found.clusters),
        subsets=int(subset[named].nunique()), cells_named=int(named.sum()), cells_other=int((~named).sum()),
    )  # fmt: skip
    for name, count in found.skipped.items():
        facts.warn(f"{name}: {count} cells, too few to look for subsets; their subset is '{name}, other'.")
    if len(found.clusters) and "flag" in found.clusters:
        flagged = found.clusters[found.clusters["flag"].astype(str) != ""]
        for row in flagged.itertuples():
            facts.warn(f"Cluster {row.cluster} of {row.lineage} ({row.subset}) rests on {row.flag}.")
    without_name(facts, found.clusters)
    gated = gates(facts, found)
    facts.summary(
        f"{subset[named].nunique()} subsets were found in {len(found.lineages)} lineages; {named.sum():,} of "
        f"{len(subset):,} cells have the name of a subset{f', {gated:,} by a gate on proteins' if gated else ''}."
    )
    facts.table(
        "clusters", found.clusters.round(3), "Clusters and their names",
        "Best: subset with most evidence; second: runner-up, with the margin and its lower bound over donors. "
        "Detection: share of the cluster's cells with each defining gene, and rate ratio to the rest of the lineage. "
        "Shown: share of the subset's markers. Strongest: genes that stand out.",
    )  # fmt: skip
    facts.table(
        "resolutions",
        found.resolutions.round(3),
        "Stability of resolutions",
        "The finest of 0.7 or more within 0.05 of the best is taken; if none reaches 0.7, the coarsest.",
    )
    for name, part in found.lineages.items():
        stem = name.replace("/", "_").replace(" ", "_")
        facts.figure(f"map_{stem}", _maps(part), f"Subsets of {name}", "Left: clusters. Right: their names.")
        facts.figure(
            f"dots_{stem}", dot_plot(part.expression, part.cells[names.SUBSET]), f"Markers of {name}",
            "Size: share of cells with the gene. Colour: mean expression, scaled from 0 to 1 over subsets.",
        )  # fmt: skip
    if len(found.lineages):
        facts.figure("composition", composition(found.cells), "Cells of each subset", "Cells by lineage and subset.")


def is_other(subset: pd.Series) -> pd.Series:
    """Return which subsets are the rest of a lineage, without the name of a subset."""
    return subset.astype(str).str.endswith(names.OTHER_SUBSET.format(lineage=""))


def without_name(facts: Facts, clusters: pd.DataFrame) -> None:
    """List the clusters that no subset names, with the genes that stand out, so that a reader can name them."""
    columns = ["lineage", "cluster", "cells", "strongest", "best", "score", "shown", "detection", "flag"]
    unnamed = clusters[is_other(clusters["subset"])].reindex(columns=columns)
    if len(unnamed):
        facts.warn(
            f"{len(unnamed)} clusters ({unnamed['cells'].sum():,.0f} cells) show too few markers of any subset and "
            "are named '<lineage>, other'; the table of clusters without a subset lists the genes that stand out."
        )
        facts.table(
            "unnamed", unnamed.sort_values("cells", ascending=False).round(2), "Clusters without a subset",
            "Strongest: genes that stand out, the highest first. Best: the subset that came nearest, its score, and "
            "the share of its markers that the cluster shows; more than half are needed. A state that you know can be "
            "added to subsets.yaml.",
        )  # fmt: skip


def gates(facts: Facts, found: Subsets) -> int:
    """List the gates on proteins and what RNA shows of the cells inside; warn of gates that RNA does not confirm.

    Returns
    -------
    Number of cells that gates name.
    """
    rows = [
        {"lineage": name, "subset": gate.subset, "proteins": gate.proteins, "cells": int(gate.cells.sum()),
         "detection": gate.evidence, "named": "yes" if gate.confirmed else "no"}
        for name, part in found.lineages.items() for gate in part.gates
    ]  # fmt: skip
    if not rows:
        return 0
    facts.table(
        "gates", pd.DataFrame(rows), "Cells gated by proteins",
        "No cluster has the name of these subsets, so single cells were gated as in flow cytometry: beyond 2.5 robust "
        "standard deviations of their lineage's median in the proteins. Detection: share of the gated cells with the "
        "gene that the subset needs, its rate ratio to the rest of the lineage, and the lower bound of that ratio. The "
        "cells are named if the bound is at least 2.",
    )  # fmt: skip
    for row in rows:
        if row["cells"] and row["named"] == "no":
            facts.warn(
                f"{row['cells']:,} cells of {row['lineage']} have the proteins of {row['subset']} ({row['proteins']}), "
                f"but RNA does not confirm them ({row['detection']}): they keep the names of their clusters."
            )
    return sum(int(gate.cells.sum()) for part in found.lineages.values() for gate in part.gates if gate.confirmed)


def voted(facts: Facts, found: Voted) -> None:
    """Report the vote over the cohort."""
    facts.number(clusters_voted=found.clusters, clusters_refined=len(found.changed))
    types = found.cells.groupby([names.LINEAGE, names.CELL_TYPE]).size().reset_index(name="cells")
    facts.table(
        "voted", types.sort_values("cells", ascending=False), "Cell types by vote of the cohort",
        f"{found.clusters} fine clusters of all libraries each took the label that most of their cells had.",
    )  # fmt: skip
    facts.table(
        "kept", found.kept, "What the vote left of each lineage", "Cells by their own RNA, and those still in it after."
    )
    lost = found.kept[(found.kept["cells"] >= OUTVOTED) & (found.kept["kept"] < found.kept["cells"] / 2)]
    for row in lost[lost[names.LINEAGE] != UNASSIGNED].itertuples():
        facts.warn(
            f"The vote left {row.kept} of {row.cells} cells in {row.lineage}: the map of the cohort does not set them "
            "apart. If they matter, vote by library.",
            rank=Rank.CHECK,
        )
    if len(found.changed):
        facts.table(
            "refined", found.changed, "Clusters moved to another lineage",
            "More of their cells express the rival's genes than those of the voted lineage.",
        )  # fmt: skip


def by_sample(cells: pd.DataFrame) -> pd.DataFrame:
    """Count each cell type in each sample: a row a type, the most frequent first, a column a sample."""
    counts = pd.crosstab(cells[names.CELL_TYPE].astype(str).replace("", "no label"), cells[names.SAMPLE].astype(str))
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return counts.loc[order].rename_axis(columns=None).reset_index()


def _maps(part: Found) -> object:
    """Draw the lineage's own map by cluster and by subset."""
    cells = part.cells.assign(cluster=part.cells[names.CLUSTER].str.rpartition(":")[2])
    return umap_figures.maps(part.umap, cells, {"cluster": True, names.SUBSET: True}, seed=0)


def dot_plot(expression: pd.DataFrame, labels: pd.Series) -> object:
    """Draw markers by subset: size is the share of cells that express, colour the mean."""
    mean = expression.groupby(labels.to_numpy()).mean()
    share = (expression > 0).groupby(labels.to_numpy()).mean()
    low, high = mean.min(), mean.max()
    scaled = (mean - low) / (high - low).where(high > low, 1)
    figure, axis = figures.new(2.2 + 0.17 * mean.shape[1], 1.3 + 0.26 * len(mean))
    x, y = np.meshgrid(range(mean.shape[1]), range(len(mean)))
    dots = axis.scatter(x, y, s=70 * share.to_numpy(), c=scaled.to_numpy(), cmap="viridis_r", vmin=0, vmax=1)
    axis.set_xticks(range(mean.shape[1]), mean.columns, rotation=90, fontsize=6)
    axis.set_yticks(range(len(mean)), mean.index, fontsize=7)
    axis.invert_yaxis()
    figure.colorbar(dots, ax=axis, label="scaled mean", shrink=0.8)
    return figure


def composition(cells: pd.DataFrame) -> object:
    """Draw the number of cells of each subset, a bar each, in blocks of lineages."""
    counts = cells.groupby([names.LINEAGE, names.SUBSET], observed=True).size().reset_index(name="cells")
    figure, axis = figures.new(6.5, 1 + 0.17 * len(counts))
    colour = figures.colours(sorted(counts[names.LINEAGE].unique()))
    axis.barh(range(len(counts)), counts["cells"], color=[colour[name] for name in counts[names.LINEAGE]])
    axis.set_yticks(range(len(counts)), counts[names.LINEAGE] + " · " + counts[names.SUBSET], fontsize=7)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_xlabel("cells")
    return figure


def signatures(
    facts: Facts, scores: pd.DataFrame, by_subset: pd.DataFrame, sets: pd.DataFrame, left_out: list[str]
) -> None:
    """Report gene sets scored, and draw their means by subset."""
    facts.number(cells=len(scores), sets=scores.shape[1], sets_not_scored=int(len(sets) - scores.shape[1]))
    lacking = sets.loc[sets["measured"] < 3, "set"].tolist()
    if lacking:
        facts.warn(f"Fewer than three genes measured, not scored: {', '.join(lacking)}.")
    silent = [name.removeprefix("signature_") for name in scores if (scores[name] > 0).mean() < FEWEST_SCORED]
    if silent:
        facts.warn(
            f"Above zero in less than {FEWEST_SCORED:.1%} of the cells: {', '.join(silent)}. A score counts genes "
            "among the top 5% of those measured in a cell; with few genes measured these are the cell's most abundant."
        )
    if left_out:
        facts.warn(f"{len(left_out)} gene sets were excluded: a table of cells holds at most {scores.shape[1]}.")
    facts.summary(f"{scores.shape[1]} gene sets were scored in {len(scores):,} cells.")
    facts.table("sets", sets, "Gene sets", "Genes in the set, and how many of them were measured.")
    if scores.shape[1] and len(by_subset):
        columns = list(scores.columns)[:20]
        mean = by_subset.groupby("subset")[columns].mean()
        facts.figure(
            "by_subset", _heatmap(mean), "Signatures by subset", "Mean over donors, scaled from 0 to 1 in each column."
        )


def _heatmap(values: pd.DataFrame) -> object:
    """Draw a table scaled from 0 to 1 by column."""
    scaled = (values - values.min()) / (values.max() - values.min()).replace(0, 1)
    figure, axis = figures.new(3 + 0.35 * values.shape[1], 2.2 + 0.2 * len(values))
    picture = axis.imshow(scaled, cmap="viridis", aspect="auto")
    axis.set_xticks(
        range(values.shape[1]), [c.removeprefix("signature_") for c in values.columns], rotation=90, fontsize=6
    )
    axis.set_yticks(range(len(values)), values.index, fontsize=7)
    figure.colorbar(picture, ax=axis, label="scaled mean", shrink=0.6)
    return figure


def tissue(facts: Facts, placed: pd.DataFrame, states: pd.DataFrame, reference: str) -> None:
    """Report which tissue states lack a counterpart in the reference tissue."""
    missing = states[states["without_counterpart"]]
    facts.number(cells=len(placed), states=len(states), states_without_counterpart=len(missing))
    listed = ", ".join(f"{row.subset} in {row.tissue}" for row in missing.itertuples()) or "none"
    facts.summary(
        f"{len(placed):,} cells of other tissues were placed against {reference}; states without a "
        f"counterpart: {listed}."
    )
    facts.table("states", states.round(3), "Tissue states", f"Nearest counterpart in {reference} and distance to it.")
    figure, axis = figures.new(7, 1.2 + 0.22 * min(len(states), 40))
    shown = states[states["cells"] >= 10].head(40).iloc[::-1]
    colour = figures.colours(sorted(shown["tissue"].unique()))
    axis.barh(range(len(shown)), shown["relative_distance"], color=[colour[name] for name in shown["tissue"]])
    axis.set_yticks(range(len(shown)), shown["subset"] + " → " + shown["counterpart"], fontsize=7)
    axis.axvline(FAR, color=figures.GREY, lw=1, ls="--")
    for name in colour:
        axis.barh([0], [0], color=colour[name], label=name)
    axis.legend(loc="lower right")
    axis.set_xlabel(f"distance to the nearest {reference} state (1: usual within {reference})")
    facts.figure(
        "states",
        figure,
        f"Tissue states and their nearest {reference} subset",
        "Beyond the line and absent from the reference: no counterpart.",
    )


def collected(facts: Facts, cells: pd.DataFrame) -> None:
    """Report the finished cohort: cells by sample and lineage, and draw the composition of samples."""
    used = cells[cells["excluded"].astype(str) == ""]
    facts.number(cells=len(cells), cells_used=len(used), samples=used[names.SAMPLE].nunique(), columns=cells.shape[1])
    facts.summary(
        f"cohort.h5mu holds {len(used):,} cells of {used[names.SAMPLE].nunique()} samples; cells.parquet "
        f"has {len(cells):,}."
    )
    columns = pd.DataFrame({"column": cells.columns, "type": [str(t) for t in cells.dtypes]})
    facts.table("columns", columns, "Columns of cells.parquet", "docs/methods/cohort.md says what each means.")
    if used[names.SAMPLE].nunique() > 0 and names.CELL_TYPE in used:
        facts.table("cell_types", by_sample(used), "Cell types of each sample", "Cells used, a column a sample.")
    if used[names.SAMPLE].nunique() > 0:
        share = pd.crosstab(used[names.SAMPLE], used[names.LINEAGE], normalize="index")
        figure, axis = figures.new(7, 1.2 + 0.2 * len(share))
        left = np.zeros(len(share))
        colour = figures.colours(list(share.columns))
        for name in share.columns:
            axis.barh(share.index, share[name], left=left, color=colour[name], label=name)
            left += share[name].to_numpy()
        axis.invert_yaxis()
        axis.set_xlabel("share of the sample's cells")
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=7)
        facts.figure("composition", figure, "Lineages of each sample", "Share of cells by lineage.")
