"""Draw the report: one HTML file with style, script and figures inside; pages of libraries if there are many."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from sscite import text
from sscite.reading import read_json
from sscite.report import glyphs, images
from sscite.report.columns import tips
from sscite.report.sections import anchor

FIRST_ROWS = 12  # findings on the first screen; the others are folded
MOST_ROWS = 50  # of a table in the page; the files hold all


def run(content: Path, *, figures: Path, cells: Path | None, output: Path) -> None:
    """Read the content and the figures, write the report and the pages of libraries beside it."""
    gathered = read_json(content, "the report.json of report_gather.py")
    as_points = _with_points(gathered)
    files = {path.name: path for path in sorted(figures.glob("*.png")) if path.name not in as_points}
    of_library = figures_of_pages(gathered)
    apart = {name for names in of_library.values() for name in names}
    drawn = images.embed_all([path for name, path in files.items() if name not in apart])
    explored = cells.read_text(encoding="utf-8") if cells else ""
    output.write_text(render(gathered, drawn=drawn, cells=explored), encoding="utf-8")
    folder = output.parent / "report_pages"
    for library, names in of_library.items():
        folder.mkdir(exist_ok=True)
        drawn = images.embed_all([files[name] for name in names if name in files])
        (folder / page_name(library)).write_text(library_page(gathered, library, drawn=drawn), encoding="utf-8")


def render(content: dict[str, Any], *, drawn: dict[str, images.Image] | None = None, cells: str = "") -> str:
    """Render the content of a run (see `sscite.report.gather.arrange`) as HTML.

    Parameters
    ----------
    content
        `report.json`.
    drawn
        Each figure by file name; the report says which figures are missing.
    cells
        The cells to explore as JSON (see `sscite.report.explore`); empty if there are none.
    """
    context = {**content, "images": drawn or {}, "cells": Markup(_script_safe(cells)) if cells else ""}
    return _environment().get_template("report.html.j2").render(**context)


def figures_of_pages(content: dict[str, Any]) -> dict[str, list[str]]:
    """Return the figures of each library that has a page of its own; none if the libraries are part of the report."""
    found: dict[str, list[str]] = {}
    for entry in (entry for group in _groups_of_pages(content) for entry in group["entries"]):
        found.setdefault(entry["id"], []).extend(figure["file"] for figure in entry["figures"])
    return found


def library_page(content: dict[str, Any], library: str, *, drawn: dict[str, images.Image] | None = None) -> str:
    """Render the page of one library as HTML."""
    groups = _groups_of_pages(content)
    parts = [(group, [entry for entry in group["entries"] if entry["id"] == library]) for group in groups]
    return _environment().get_template("library.html.j2").render(library=library, parts=parts, images=drawn or {})


def _groups_of_pages(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps whose libraries have pages of their own."""
    return [group for room in content["rooms"] for group in room["groups"] if group["pages"]]


def page_name(library: str) -> str:
    """Return the file name of a library's page."""
    return f"{re.sub(r'[^A-Za-z0-9_.+-]+', '_', library)}.html"


def cell(value: object, column: str = "") -> str:
    """Write a table's value; p values and false discovery rates as such, empty texts as they are."""
    if isinstance(value, float) and re.search(r"(^|_)(p|fdr|p_value)$", column) and not math.isnan(value):
        return text.p_value(value).removeprefix("p = ").removeprefix("p ")
    return text.number(value)


def tidy(words: str) -> str:
    """Write percentages without a space and small numbers as in tables: `7.5e-08` is `7.5 × 10⁻⁸`."""
    words = re.sub(r"(?<![\w.])\d(?:\.\d+)?e[-+]\d{2,3}\b", lambda found: text.number(float(found[0]), 2), words)
    return re.sub(r"(?<=\d) %", "%", words)


def plain_step(step: str) -> str:
    """Return the words of a step's name: `compare_tissue_blood` is `tissue blood`."""
    return step.partition("_")[2].replace("_", " ")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sscite.report"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "script": lambda data: Markup(_script_safe(json.dumps(data, separators=(",", ":"), ensure_ascii=False))),
        "number": text.number, "cell": cell, "tidy": tidy, "listing": text.listing, "p_value": text.p_value,
        "rows": _rows, "pairs": _pairs, "step": plain_step, "page_name": page_name, "shares": glyphs.shares,
    }  # fmt: skip
    environment.globals |= {
        "interval": glyphs.interval, "plural": text.plural, "effect": glyphs.effect_text, "first_rows": FIRST_ROWS,
        "most_rows": MOST_ROWS, "anchor": anchor, "tips": tips,
    }  # fmt: skip
    return environment


def _with_points(content: dict[str, Any]) -> set[str]:
    """Return the files of the figures that are drawn from their points."""
    entries = [entry for room in content["rooms"] for group in room["groups"] for entry in group["entries"]]
    return {figure["file"] for entry in entries for figure in entry["figures"] if "points" in figure}


def _rows(items: list[dict[str, Any]], *names: str) -> list[list[Any]]:
    """Return the named values of records as the rows of a table."""
    return [[item[name] for name in names] for item in items]


def _pairs(values: dict[str, Any]) -> list[list[str]]:
    """Return a dictionary as the rows of a table; lists are joined."""
    return [[name, ", ".join(map(str, v)) if isinstance(v, list) else str(v)] for name, v in values.items()]


def _script_safe(data: str) -> str:
    """Keep JSON from ending the script element that holds it."""
    return data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
