"""What the columns of a table mean: the page docs/columns.md, read for the tooltips of the report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "columns.md"
COMMON = "Words used in many tables"
REPORT = "Tables of the report alone"


@cache
def sections() -> dict[str, dict[str, str]]:
    """Return the description of each column by section of the page: the name of a file, `COMMON` or `REPORT`."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        rows = re.findall(r"^\| `([^`]+)` \| (\S.*) \|$", body, flags=re.MULTILINE)
        found[title] = {name: _text(names, meaning) for names, meaning in rows for name in names.split()}
    return found


def tips(step: str, table: str, columns: Iterable[str]) -> dict[str, str]:
    """Describe the columns of a step's table in the report.

    The section of the file that the table is taken from goes before the words used in many tables, these before a
    description that every other section gives alike, and the tables of the report come last. A column that the page
    does not describe, such as a covariate, has no tooltip.
    """
    name = step.partition("_")[2]
    stems = {_stem(title): section for title, section in sections().items()}
    own = [f"{name}_{table}", name, table, f"{table}s", *[stem for stem in stems if stem.endswith(f"_{table}")]]
    first = [stems[stem] for stem in own if stem in stems]
    found = {}
    for column in columns:
        texts = [section[column] for section in [*first, sections()[COMMON]] if column in section]
        everywhere = {part[column] for title, part in sections().items() if column in part and title != REPORT}
        texts += [*everywhere] if len(everywhere) == 1 else []
        texts += [sections()[REPORT][column]] if column in sections()[REPORT] else []
        if texts:
            found[column] = texts[0]
    return found


def _stem(title: str) -> str:
    """Return the name of a section's file without its folder and ending."""
    return title.rpartition("/")[2].partition(".")[0]


def _text(names: str, meaning: str) -> str:
    """Return the plain text of a description; one of several columns names them all, in their order."""
    plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", meaning).replace("`", "")
    several = ", ".join(names.split()).replace("_", " ")
    return f"{several}: {plain}" if " " in names else plain
