"""Pictures of the labels: how many, how sure, by which genes, where they lie, and whether the proteins agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import genes as genes_by_role
from sscite import names
from sscite.annotate.predict import blocks
from sscite.annotate.vote import neighbour_graph
from sscite.figures import GREY, HIGHLIGHT, LINEAGES, SKY, edges, new, shares

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from scipy import sparse

MOST_DRAWN = 5_000  # cells in the map


def counts_and_confidence(cells: pd.DataFrame, most: int = 30) -> Figure:
    """Draw the cells of each label, and how probable their label is."""
    frequent = cells[names.CELL_TYPE].value_counts().head(most).index[::-1]
    figure, (left, right) = new(9, 1.2 + 0.24 * len(frequent), 1, 2, sharey=True)
    groups = [cells[cells[names.CELL_TYPE] == label] for label in frequent]
    paint = [LINEAGES[group[names.LINEAGE].mode()[0]] for group in groups]
    left.barh(range(len(frequent)), [len(group) for group in groups], color=paint)
    left.set_xlabel("cells")
    boxes = right.boxplot(
        [group[names.CELL_TYPE_CONFIDENCE] for group in groups],
        orientation="horizontal", positions=range(len(frequent)), widths=0.6, showfliers=False, patch_artist=True,
        manage_ticks=False, medianprops={"color": "black"},
    )  # fmt: skip
    for box, colour in zip(boxes["boxes"], paint, strict=True):
        box.set_facecolor(colour)
    left.set_yticks(range(len(frequent)), frequent)
    right.set(xlabel="probability of the label", xlim=(0, 1))
    return figure


def markers(counts: sparse.csr_matrix, symbols: pd.Index, lineages: pd.Series) -> Figure:
    """Draw for each lineage and marker gene the share of cells that express it (size) and its mean (colour)."""
    present = [name for name in names.LINEAGES if (lineages == name).any()]
    of_lineage = genes_by_role.grouped("LINEAGE_FIGURE")
    genes = [gene for name in present for gene in of_lineage.get(name, ()) if gene in symbols]
    figure, axis = new(2.5 + 0.27 * len(genes), 1.6 + 0.3 * len(present))
    if not genes:
        axis.text(0.5, 0.5, "none of the marker genes was measured", ha="center")
        return figure
    columns = np.array([int(np.flatnonzero(symbols == gene)[0]) for gene in genes])
    dense = np.vstack([part.toarray() for _, part in blocks(counts, columns)])
    group = pd.DataFrame(dense, columns=genes).groupby(lineages.to_numpy())
    mean, share = group.mean().loc[present], group.agg(lambda values: (values > 0).mean()).loc[present]
    rows, places = np.indices(mean.shape)
    dots = axis.scatter(
        places.ravel(), rows.ravel(), s=4 + 90 * share.to_numpy().ravel(), c=mean.to_numpy().ravel(), cmap="viridis"
    )
    axis.set_xticks(range(len(genes)), genes, rotation=90, style="italic")
    axis.set_yticks(range(len(present)), present)
    axis.set(ylim=(len(present) - 0.5, -0.5), xlim=(-0.7, len(genes) - 0.3))
    figure.colorbar(dots, ax=axis, label="mean log1p expression", shrink=0.8)
    for size in (0.1, 0.5, 1.0):
        axis.scatter([], [], s=4 + 90 * size, color=GREY, label=f"{size:.0%}")
    axis.legend(title="cells", loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False)
    return figure


def cell_map(embedding: NDArray[np.float32], lineages: pd.Series, *, seed: int) -> Figure:
    """Draw the cells by UMAP of their neighbour graph, coloured by lineage; a random part where there are many."""
    from sscite.embedding import umap

    drawn = np.arange(len(embedding))
    if len(embedding) > MOST_DRAWN:
        drawn = np.sort(np.random.default_rng(seed).choice(len(embedding), MOST_DRAWN, replace=False))
    graph = neighbour_graph(embedding[drawn]).get_adjacency_sparse(attribute="weight")
    where = umap.embed(graph, embedding[drawn], seed=seed, epochs=200)
    figure, axis = new(6.5, 4.5)
    scatter_lineages(axis, where, lineages.to_numpy()[drawn])
    axis.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    return figure


def scatter_lineages(axis, where: NDArray, lineages: NDArray) -> None:
    """Draw points in the lineages' colours, with a legend of those present."""
    size = float(np.clip(20_000 / len(where), 1.5, 14))
    order = np.random.default_rng(0).permutation(len(where))
    axis.scatter(*where[order].T, s=size, c=[LINEAGES[name] for name in lineages[order]], linewidths=0, rasterized=True)
    for name in [name for name in names.LINEAGES if name in set(lineages)]:
        axis.scatter([], [], s=20, color=LINEAGES[name], label=f"{name} ({(lineages == name).sum():,})")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def agreement(table: pd.DataFrame) -> Figure:
    """Draw, for each RNA lineage (rows), the share of its cells in each protein lineage (columns), with the counts."""
    figure, axis = new(2.6 + 0.62 * table.shape[1], 1.6 + 0.36 * table.shape[0])
    shares(axis, table)
    axis.set(xlabel="lineage by protein", ylabel="lineage by RNA")
    return figure


def gates(values: pd.DataFrame, cuts: dict[str, float]) -> Figure:
    """Draw the distribution of each gating protein, and the cut between negative and positive cells."""
    columns = min(4, len(cuts))
    rows = -(-len(cuts) // columns)
    figure, axes = new(2.3 * columns, 1.6 * rows + 0.4, rows, columns, squeeze=False)
    for axis in axes.flat[len(cuts) :]:
        axis.set_visible(False)
    for axis, (protein, cut) in zip(axes.flat, cuts.items(), strict=False):
        low, high = np.quantile(values[protein], [0.001, 0.999])
        axis.hist(values[protein].clip(low, high), edges([low, high], 60), histtype="stepfilled", color=SKY)
        axis.axvline(cut, color=HIGHLIGHT)
        axis.set_title(protein)
        axis.set_yticks([])
    return figure
