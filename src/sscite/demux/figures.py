"""Figures of the demux room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import figures, names
from sscite.demux import hashtag_quality, likelihoods
from sscite.demux.hashtag_calls import METHODS, Calls

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_DROPLETS = 2000
COLUMNS = 4


def counts(calls: Calls) -> Figure:
    """Draw the counts of each hashtag as a histogram, with the fitted background and signal."""
    tags = list(calls.counts.columns)
    rows = -(-len(tags) // COLUMNS)
    columns = min(COLUMNS, len(tags))
    figure, axes = figures.new(max(4.5, 2.6 * columns), 2.0 * rows + 0.8, rows, columns, squeeze=False)
    for axis in axes.flat[len(tags) :]:
        axis.set_axis_off()
    quality_of = calls.hashtags.set_index("hashtag")["quality"]
    for h, (tag, axis) in enumerate(zip(tags, axes.flat, strict=False)):
        values = calls.counts[tag].to_numpy()
        edges = _edges(values.max())
        heights = np.histogram(values, edges)[0] / len(values)
        axis.stairs(heights, np.log10(edges + 1), fill=True, color=figures.GREY, alpha=0.5)
        for density, colour in zip(_densities(calls, h, edges), (figures.BLUE, figures.ORANGE), strict=False):
            axis.plot(np.log10((edges[:-1] + edges[1:]) / 2 + 1), density, color=colour, linewidth=1.4)
        axis.set_yscale("log")
        axis.minorticks_off()
        axis.set_ylim(0.5 / len(values), 1)
        axis.set_xticks(ticks := np.arange(0, np.log10(edges[-1]) + 1), [f"{10**t:,.0f}" for t in ticks])
        quality = quality_of[tag]
        axis.set_title(
            tag if quality == hashtag_quality.GOOD else f"{tag}: {quality}",
            color="black" if quality == hashtag_quality.GOOD else figures.HIGHLIGHT,
        )
    figure.supxlabel("count + 1")
    figure.supylabel("share of droplets")
    axes.flat[0].plot([], [], color=figures.BLUE, label="background")
    axes.flat[0].plot([], [], color=figures.ORANGE, label="signal")
    axes.flat[0].legend(fontsize=7)
    return figure


def _edges(top: int) -> np.ndarray:
    """Return histogram edges at whole counts, about evenly spaced on the log scale."""
    return np.unique(np.round(10 ** np.linspace(0, np.log10(top + 2), 60))) - 1.0


def _densities(calls: Calls, h: int, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the expected fraction of droplets in each histogram bin, for background and signal of tag h."""
    priors = calls.model.priors
    values = np.unique(np.concatenate([edges[:-1], (edges[:-1] + edges[1:] - 1) / 2]).round())
    values = values[values < edges[-1]]
    weight = priors.states @ priors.level
    background = np.exp(likelihoods.background_table(values, priors.levels, calls.model.tags)[0][h]) @ weight
    signal = np.exp(likelihoods.signal_table(values, priors.levels, calls.model.tags)[0][h]) @ weight
    present = priors.share[h] * (priors.states[1] + priors.states[2] + 2 * priors.states[3])
    bins = np.searchsorted(edges, values, side="right") - 1
    n, width = np.bincount(bins, minlength=len(edges) - 1), np.diff(edges)
    mean = [np.bincount(bins, p, minlength=len(edges) - 1) / np.maximum(n, 1) * width for p in (background, signal)]
    return (1 - present) * mean[0], present * mean[1]


def droplets(calls: Calls, *, seed: int = 0) -> Figure:
    """Draw the counts of every hashtag in droplets sorted by call, a heat map on the log scale."""
    rng = np.random.default_rng(seed)
    n = len(calls.counts)
    kept = np.sort(rng.choice(n, min(n, SHOWN_DROPLETS), replace=False))
    order_of = {tag: i for i, tag in enumerate([*calls.counts.columns, names.CALL_DOUBLET, names.CALL_NEGATIVE])}
    call = calls.calls[names.HTO_CALL].iloc[kept].map(order_of).to_numpy()
    confidence = calls.calls[names.HTO_CONFIDENCE].iloc[kept].to_numpy()
    order = np.lexsort((-confidence, call))
    shown = np.log10(calls.counts.to_numpy()[kept][order] + 1).T
    figure, axis = figures.new(7.5, 0.9 + 0.22 * min(len(order_of), 30))
    image = axis.imshow(shown, aspect="auto", cmap="viridis", interpolation="nearest")
    axis.set_yticks(range(len(calls.counts.columns)), calls.counts.columns)
    starts = np.flatnonzero(np.diff(call[order], prepend=-1))
    for start in starts[1:]:
        axis.axvline(start - 0.5, color="white", linewidth=0.8)
    labels = {i: tag for tag, i in order_of.items()}
    middles = (starts + np.append(starts[1:], len(order))) / 2
    wide = np.diff(np.append(starts, len(order))) > 0.03 * len(order)
    axis.set_xticks(middles[wide], [labels[call[order][s]] for s in starts[wide]], rotation=30, ha="right")
    axis.tick_params(length=0)
    figure.colorbar(image, ax=axis, label="log10(count + 1)", shrink=0.8)
    return figure


def agreement(calls: Calls) -> Figure:
    """Draw the calls of each comparison method against the joint model, one panel per method."""
    present = [m for m in METHODS[1:] if not (calls.calls[f"hto_{m}"] == "").all()]
    order = [*calls.counts.columns, names.CALL_DOUBLET, names.CALL_NEGATIVE]
    size = 1.6 + 0.3 * len(order)
    figure, axes = figures.new(size * len(present) + 0.6, size, 1, len(present), squeeze=False)
    for method, axis in zip(present, axes.flat, strict=True):
        table = pd.crosstab(calls.calls["hto_joint"], calls.calls[f"hto_{method}"])
        figures.shares(axis, table.reindex(index=order, columns=order, fill_value=0))
        same = (calls.calls["hto_joint"] == calls.calls[f"hto_{method}"]).mean()
        axis.set_title(f"{method}: {same:.1%} alike")
    axes.flat[0].set_ylabel("joint model")
    return figure


def confusion(table: pd.DataFrame, *, rows: str, columns: str) -> Figure:
    """Droplets by two sets of calls, shaded by share of the row."""
    figure, axis = figures.new(2.2 + 0.6 * table.shape[1], 1.4 + 0.32 * table.shape[0])
    figures.shares(axis, table, numbers=table.shape[0] <= 20)
    axis.set_ylabel(rows)
    axis.set_xlabel(columns)
    return figure


def doublets(table: pd.DataFrame, expected: float) -> Figure:
    """Doublet and negative rates of each method, with the doublet rate that the loading predicts."""
    figure, axis = figures.new(4.5, 0.9 + 0.4 * len(table))
    at = np.arange(len(table))
    axis.barh(at - 0.2, table["doublet_rate"], height=0.38, color=figures.HIGHLIGHT, label="Doublet")
    axis.barh(at + 0.2, table["negative_rate"], height=0.38, color=figures.GREY, label="Negative")
    axis.axvline(expected, color="black", linestyle="--", linewidth=1, label="doublets by loading")
    axis.set_yticks(at, table["method"])
    axis.invert_yaxis()
    axis.set_xlabel("share of droplets")
    axis.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
