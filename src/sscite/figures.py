"""The house style of figures, and how one is saved."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatterMathtext, NullFormatter
from matplotlib.transforms import blended_transform_factory

from sscite.names import UNASSIGNED

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it logs every font of a PDF
matplotlib.rcParams["text.parse_math"] = False  # all text is literal: a name may hold $

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.transforms import Bbox
    from numpy.typing import ArrayLike

# Okabe and Ito's palette, then the colours that are furthest from those before them in CIELAB as seen by readers with
# normal vision, protanopia and deuteranopia; the smallest difference of any two is 17
PALETTE = [
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#891414",
    "#B1EB9D", "#0000FF", "#004E4E", "#FFC4D8", "#0076FF", "#003B9D", "#62B162", "#1427C4",
]  # fmt: skip
BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, YELLOW, DARK_RED = PALETTE[:8]
UP, DOWN = VERMILION, BLUE  # in the target relative to the reference
HIGHLIGHT = VERMILION  # what the reader should look at first
GREY = "#8A8A8A"  # not significant, or no group
INK = "#000000"  # outlines, and what stands out from both directions
MUTED, FAINT, BAND = "#BBBBBB", "#DDDDDD", "#EEEEEE"  # single donors behind a mean, context, background bands
LINEAGES = {
    "monocyte/DC": VERMILION, "CD4 T": BLUE, "CD8 T": SKY, "other T": "#7A5FB0", "B": GREEN, "plasma": "#7FC97F",
    "NK": ORANGE, "pDC": PINK, "progenitor": "#000000", "platelet": "#B8860B", "red cell": "#A00000",
    "macrophage": "#8C3B00", "mast": "#6B8E23", "neutrophil": YELLOW, "epithelial": "#00CED1",
    "endothelial": "#FF69B4", "stromal": "#8B7D6B", "other": GREY, "unassigned": "#D5D5D5",
}  # fmt: skip
TISSUES = {
    "blood": "#C1272D", "kidney": "#8C564B", "lung": "#4C9BD6", "skin": "#E8A87C", "synovium": "#6A3D9A",
    "bone marrow": "#7F7F7F", "lymph node": "#33A02C", "gut": "#B15928",
}  # fmt: skip
NOT_GIVEN = "not given"  # in place of empty text, where cells are coloured by a column
UNKNOWN = (NOT_GIVEN, UNASSIGNED)
STYLE = {
    "font.size": 9, "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False,
    "figure.constrained_layout.use": True, "svg.hashsalt": "sscite", "svg.fonttype": "none", "pdf.fonttype": 42,
    "savefig.dpi": 150,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE), "legend.frameon": False,
}  # fmt: skip


def new(width: float = 6, height: float = 4, rows: int = 1, columns: int = 1, **options: object) -> tuple[Figure, Any]:
    """Open a figure of the given size in inches in the house style; axes as matplotlib's subplots gives them."""
    with plt.rc_context(STYLE):
        return plt.subplots(rows, columns, figsize=(width, height), **options)


def colours(names: Iterable[str], *, among: Iterable[str] | None = None) -> dict[str, str]:
    """Return a colour for each name; the same name has the same colour in every figure of a cohort.

    Lineages and common tissues have fixed colours. Any other name takes the place of the palette that its SHA-1
    gives; where two names meet, the later in the alphabet moves to the next free place.

    Parameters
    ----------
    names
        Groups, tissues, lineages, subsets, libraries, ...
    among
        All names of this kind in the cohort (default: `names`). Give it where a figure shows only some of them, so
        that names which meet are distinguished in the same way in every figure.
    """
    wanted = [str(name) for name in names]
    fixed = LINEAGES | TISSUES
    places: dict[str, int] = {}
    for name in sorted({*wanted, *map(str, among or [])} - set(fixed)):
        first = int(hashlib.sha1(name.encode()).hexdigest(), 16) % len(PALETTE)
        free = [(first + step) % len(PALETTE) for step in range(len(PALETTE))]
        used = set(places.values()) if len(places) < len(PALETTE) else set()
        places[name] = next(place for place in free if place not in used)
    return {name: fixed.get(name) or PALETTE[places[name]] for name in wanted}


def level_colours(levels: Iterable[str]) -> list[str]:
    """Return the colours of all levels of a column of cells, in the order given; faint where nothing is known."""
    shade = colours(levels := list(levels))
    return [FAINT if level in UNKNOWN else shade[level] for level in levels]


def shares(axis: Axes, table: pd.DataFrame, *, numbers: bool = True) -> None:
    """Draw a table of counts as squares shaded by share of the row, with the counts where there is room."""
    share = table.div(table.sum(axis=1).clip(lower=1), axis=0).to_numpy()
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axis.set_xticks(range(table.shape[1]), table.columns, rotation=45, ha="right")
    axis.set_yticks(range(table.shape[0]), table.index)
    for (row, column), count in np.ndenumerate(table.to_numpy()):
        if numbers and count:
            colour = "white" if share[row, column] > 0.5 else "black"
            axis.text(column, row, f"{count:,}", ha="center", va="center", fontsize=7, color=colour)


def edges(values: ArrayLike, n: int = 50, *, log: bool = False) -> np.ndarray:
    """Return n + 1 rising edges of bins over the finite values, also if they are all the same or there are none.

    Parameters
    ----------
    log
        Whether edges are spaced by a factor; values below 1 are taken as 1.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if log:
        low, high = max(low, 1.0), max(high, 1.0)
        return np.geomspace(low, high if high > low * (1 + 1e-9) else 2 * low, n + 1)
    return np.linspace(low, high if high - low > 1e-9 * abs(low) else low + max(1.0, abs(low)), n + 1)


def row_key(axis: Axes, row: float, colours: dict[str, str]) -> None:
    """Write the meaning of the colours of one row of a grid to its right: a square and the full name of each level."""
    from matplotlib.offsetbox import AnnotationBbox, HPacker, TextArea

    parts = []
    for name, colour in colours.items():
        square = TextArea("\N{BLACK SQUARE}", textprops={"color": colour, "size": 8})
        level = TextArea(name, textprops={"size": 7})
        parts.append(HPacker(children=[square, level], pad=0, sep=2, align="center"))
    box = HPacker(children=parts, pad=0, sep=8, align="center")
    place = AnnotationBbox(box, (1.01, row), xycoords=("axes fraction", "data"), box_alignment=(0, 0.5), frameon=False)
    axis.add_artist(place)


def save(figure: Figure, stem: Path) -> str:
    """Save as PNG, SVG and PDF beside each other, without dates, and close; return the PNG's file name."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            _without_math(axis)
    with plt.rc_context(STYLE):
        page = _lay_out(figure)
        figure.savefig(f"{stem}.png", bbox_inches=page, metadata={"Software": None})
        figure.savefig(f"{stem}.svg", bbox_inches=page, metadata={"Date": None})
        _embed_glyphs_alone()
        figure.savefig(f"{stem}.pdf", bbox_inches=page, metadata={"CreationDate": None})
    plt.close(figure)
    return f"{stem.name}.png"


def _lay_out(figure: Figure) -> Bbox:
    """Arrange the figure once for all its files; return the page in inches, which grows with its texts: none is cut."""
    figure.set_dpi(STYLE["savefig.dpi"])
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure._layout_engine = None  # type: ignore[attr-defined]  # set_layout_engine("none") leaves one that draws twice
    page = figure.get_tightbbox().padded(matplotlib.rcParams["savefig.pad_inches"])
    for axes in figure.axes:
        _keep_titles_and_labels(axes)
    return page


def _keep_titles_and_labels(axes: Axes) -> None:
    """Leave titles and labels of axes where they are: else all tick labels are measured again for each file."""
    axes._autotitlepos = False  # type: ignore[attr-defined]
    root = axes.get_figure(root=True)
    (across, down), (left, up) = axes.xaxis.label.get_position(), axes.yaxis.label.get_position()
    axes.xaxis.set_label_coords(
        across, down / root.bbox.height, transform=blended_transform_factory(axes.transAxes, root.transFigure)
    )
    axes.yaxis.set_label_coords(
        left / root.bbox.width, up, transform=blended_transform_factory(root.transFigure, axes.transAxes)
    )
    for axis in (axes.xaxis, axes.yaxis):
        if not axis.get_offset_text().get_text():  # the one text that is placed by those of the ticks
            axis._get_ticklabel_bboxes = lambda ticks, renderer: ([], [])  # type: ignore[attr-defined]


def _embed_glyphs_alone() -> None:
    """Leave kerning and ligatures out of the fonts of a PDF, where each glyph has its place: a third of the time."""
    from fontTools.subset import Options

    dropped = Options._drop_tables_default
    dropped += [table for table in ("GDEF", "GPOS", "GSUB", "kern") if table not in dropped]


def _without_math(axis: Axis) -> None:
    """Write the powers of a logarithmic axis as plain text: all text is literal, as names may hold $."""
    if isinstance(axis.get_major_formatter(), LogFormatterMathtext):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    if isinstance(axis.get_minor_formatter(), LogFormatterMathtext):
        axis.set_minor_formatter(NullFormatter())
