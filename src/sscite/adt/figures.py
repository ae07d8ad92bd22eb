"""Figures of antibody counts: empty droplets, distributions of proteins, quality of antibodies, noise of cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.adt.empty import Window
from sscite.adt.quality import QUALITY_CLASSES, RnaLink

SHOWN = 20_000  # points a figure
COLUMNS = 8  # small panels a row
SHADES = [figures.GREEN, figures.BLUE, figures.GREY, figures.HIGHLIGHT, figures.PINK, "black", figures.ORANGE]
COLOURS = dict(zip(QUALITY_CLASSES, SHADES, strict=True))


def empties(sizes: pd.DataFrame, window: Window, *, rng: np.random.Generator) -> Figure:
    """Draw RNA against protein counts of droplets, the window of empty droplets, and a histogram of protein counts."""
    figure, (left, right) = figures.new(9, 4, 1, 2)
    rna_counts, prot_counts = (np.log10(sizes[column].to_numpy() + 1) for column in ("rna_counts", "prot_counts"))
    kept = np.r_[window.keep, np.zeros(len(sizes) - len(window.keep), dtype=bool)]
    groups = {
        "other droplets": (~sizes["cell"].to_numpy() & ~kept, figures.GREY),
        "cells": (sizes["cell"].to_numpy(), figures.BLUE),
        "empty droplets used": (kept, figures.ORANGE),
    }  # fmt: skip
    bins = np.linspace(0, prot_counts.max() + 0.1, 80)
    for label, (mask, colour) in groups.items():
        at = np.flatnonzero(mask)
        if not len(at):
            continue
        some = at if len(at) <= SHOWN else rng.choice(at, SHOWN, replace=False)
        left.scatter(prot_counts[some], rna_counts[some], s=2, lw=0, alpha=0.4,
                     color=colour, rasterized=True, label=f"{label} ({len(at):,})")  # fmt: skip
        right.hist(prot_counts[at], bins, histtype="stepfilled", color=colour, alpha=0.6, label=label)
    for limit in (window.protein_low, window.protein_high):
        right.axvline(np.log10(limit + 1), color="black", lw=0.8, ls="--")
    left.set(xlabel="log10 protein counts + 1", ylabel="log10 RNA counts + 1", title="Droplets")
    right.set(xlabel="log10 protein counts + 1", ylabel="droplets", title="Window of the background")
    right.set_yscale("log")
    left.legend(markerscale=4, fontsize=7)
    return figure


def distributions(values: np.ndarray, quality: pd.DataFrame, *, unit: str, rng: np.random.Generator) -> Figure:
    """Draw a histogram of each protein's normalised values, with the threshold and its uncertainty."""
    rows = int(np.ceil(len(quality) / COLUMNS))
    height = 0.9 + 1.05 * rows
    figure, axes = figures.new(11, height, rows, COLUMNS, squeeze=False, layout="none")  # the automatic one is slow
    figure.subplots_adjust(0.02, 0.5 / height, 0.985, 1 - 0.55 / height, 0.12, 0.75)
    some = values if len(values) <= SHOWN else values[rng.choice(len(values), SHOWN, replace=False)]
    for axis in axes.ravel()[len(quality) :]:
        axis.set_axis_off()
    for axis, column, row in zip(axes.ravel(), some.T, quality.to_dict("records"), strict=False):
        low, high = np.quantile(column, [0.001, 0.999])
        axis.hist(
            np.clip(column, low, high),
            figures.edges([low, high]),
            histtype="stepfilled",
            color=COLOURS[row["quality_class"]],
        )
        if np.isfinite(row["threshold"]):
            axis.axvspan(row["threshold_low"], row["threshold_high"], color="black", alpha=0.15, lw=0)
            axis.axvline(row["threshold"], color="black", lw=0.8, ls="-" if row["bimodal"] else ":")
        axis.set_title(row["protein"][:18], fontsize=7, pad=2)
        axis.set_yticks([])
        axis.tick_params(labelsize=6, length=2, pad=1)
    handles = [
        figures.plt.Rectangle((0, 0), 1, 1, color=COLOURS[name]) for name in dict.fromkeys(quality["quality_class"])
    ]
    figure.legend(handles, list(dict.fromkeys(quality["quality_class"])), loc="upper right", ncols=7, fontsize=7)
    figure.supxlabel(unit, fontsize=8, y=0.08 / height)
    return figure


def antibodies(quality: pd.DataFrame) -> Figure:
    """Draw signal over background and positive fraction of each antibody, by quality class."""
    table = quality.sort_values("signal_to_background", ascending=False, na_position="last").reset_index(drop=True)
    figure, axes = figures.new(max(6, 0.16 * len(table) + 1), 5, 2, 1, sharex=True)
    colours = [COLOURS[quality_class] for quality_class in table["quality_class"]]
    axes[0].bar(table.index, table["signal_to_background"], color=colours)
    axes[0].axhline(1, color="black", lw=0.6)
    axes[0].set_yscale("log")
    axes[0].set_ylabel("count of positive cells\nover background")
    axes[1].bar(table.index, 100 * table["positive_fraction"], color=colours)
    axes[1].set_ylabel("positive cells (%)")
    axes[1].set_xticks(table.index, table["protein"].str.slice(0, 18), rotation=90, fontsize=6)
    axes[1].set_xlim(-0.7, len(table) - 0.3)
    handles = [
        figures.plt.Rectangle((0, 0), 1, 1, color=COLOURS[name]) for name in dict.fromkeys(table["quality_class"])
    ]
    axes[0].legend(handles, list(dict.fromkeys(table["quality_class"])), fontsize=7, loc="upper right")
    return figure


def noise(cells: pd.DataFrame, *, rng: np.random.Generator) -> Figure:
    """Draw each cell's background against its isotype controls, and the flagged aggregates."""
    figure, (left, right) = figures.new(9, 3.6, 1, 2)
    some = cells if len(cells) <= SHOWN else cells.iloc[np.sort(rng.choice(len(cells), SHOWN, replace=False))]
    total = np.log10(some["adt_n_counts"] + 1)
    for axis, column, title in (
        (left, "adt_background", "Background of a cell's negative proteins"),
        (right, "total", "All antibodies of a cell"),
    ):  # fmt: skip
        height = total if column == "total" else some[column]
        for flag, colour in ((False, figures.BLUE), (True, figures.HIGHLIGHT)):
            mask = some["adt_aggregate"] == flag
            axis.scatter(some["adt_isotype_level"][mask], height[mask], s=3, lw=0, alpha=0.4 if not flag else 1,
                         color=colour, rasterized=True, label="aggregate" if flag else "cell")  # fmt: skip
        axis.set(xlabel="isotype controls (mean log1p count)", title=title)
    left.set_ylabel("background (normalised)")
    right.set_ylabel("log10 antibody counts + 1")
    right.legend(markerscale=3)
    return figure


def rna(link: RnaLink, quality: pd.DataFrame) -> Figure:
    """Draw the correlation of each protein with the RNA of every gene of the panel; its own gene is on the diagonal."""
    known = quality[quality["gene"].isin(link.correlation.columns) & ~quality["is_isotype"]]
    table = link.correlation.loc[known["protein"], known["gene"]]
    size = max(4, 0.13 * len(table) + 2)
    figure, axis = figures.new(size + 0.8, size)
    image = axis.imshow(table, cmap="RdBu_r", vmin=-0.6, vmax=0.6, aspect="equal")
    axis.set_yticks(range(len(table)), known["protein"].str.slice(0, 14), fontsize=5)
    axis.set_xticks(range(len(table)), known["gene"], fontsize=5, rotation=90)
    axis.set(xlabel="RNA", ylabel="protein")
    figure.colorbar(image, ax=axis, label="correlation", shrink=0.6)
    return figure
