"""Points of a figure as data, so that the report can draw them with names on hover and a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

DIGITS = 3


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its points.

    Attributes
    ----------
    title, x_label, y_label
        Texts.
    x, y
        (n_points,); points without a finite position are not drawn.
    labels
        Name of each point, shown on hover and found by the search.
    groups
        (n_points,): place of each point's group in `Points.groups`.
    ticks
        Names of x positions 0, 1, ...; empty for a numeric axis.
    note
        Text after the title.
    """

    title: str
    x_label: str
    y_label: str
    x: ArrayLike
    y: ArrayLike
    labels: Sequence[str]
    groups: ArrayLike
    ticks: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Points:
    """Panels that share their groups.

    Attributes
    ----------
    groups
        Colour by name of the group.
    shown
        Number of panels drawn at first; the others are chosen by name.
    what
        What a point is: `gene` or `donor`.
    """

    panels: Sequence[Panel]
    groups: dict[str, str]
    shown: int
    what: str

    def record(self) -> dict[str, Any]:
        """Return plain values; each label is kept once."""
        names = list(dict.fromkeys(str(label) for panel in self.panels for label in panel.labels))
        place = {name: i for i, name in enumerate(names)}
        return {
            "what": self.what, "shown": self.shown, "groups": [[name, shade] for name, shade in self.groups.items()],
            "labels": names, "panels": [_plain(panel, place) for panel in self.panels],
        }  # fmt: skip


def _plain(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    """Return the finite points of a panel as lists of numbers with three significant digits."""
    x, y = np.asarray(panel.x, float), np.asarray(panel.y, float)
    kept = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    groups = np.asarray(panel.groups, int)
    return {
        "title": panel.title, "note": panel.note, "x_label": panel.x_label, "y_label": panel.y_label,
        "ticks": list(panel.ticks),
        "x": [_short(x[i]) for i in kept], "y": [_short(y[i]) for i in kept],
        "label": [place[str(panel.labels[int(i)])] for i in kept], "group": [int(groups[i]) for i in kept],
    }  # fmt: skip


def _short(value: float) -> float | int:
    number = float(f"{value:.{DIGITS}g}")
    return int(number) if number.is_integer() else number
