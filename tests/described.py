"""The columns that docs/columns.md describes, by file."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
from pyarrow import parquet

from sscite.report import columns as page

ANY = "One column per"


def sections() -> dict[str, list[str]]:
    """Return the columns of each section, `*` where a file has a column for each of something."""
    text = page.PAGE.read_text(encoding="utf-8")
    bodies = dict(part.split("\n", 1) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:])
    return {title: [*found] + (["*"] if ANY in bodies[title] else []) for title, found in page.sections().items()}


def described(path: Path, columns: list[str], known: dict[str, list[str]]) -> list[str]:
    """Return the columns of a published table that the page does not describe; all of them if it lacks the table."""
    name = re.sub(r"^.*\.(?=(ambient_profile|(demux|adt|annotate)_\w+)\.\w+$)", "", path.name)
    titles = (name, f"{path.parent.name}/{name}", f"<contrast>/{name}")
    title = next((title for title in (titles[1], titles[2], titles[0]) if title in known), None)
    if title is None:
        return [f"{path.name}: no section", *columns]
    allowed = [*known[page.COMMON], *known[title]]
    return [column for column in columns if not any(fnmatch(column, pattern) for pattern in allowed)]


def undescribed(results: Path) -> dict[str, list[str]]:
    """Return the columns of the tables of a finished run that the page lacks, by file; covariates are the user's."""
    covariates = {*pd.read_csv(results / "1_samples" / "samples.csv", nrows=0).columns}
    known = sections()
    found = {}
    for path in sorted([*results.rglob("*.csv"), *results.rglob("*.parquet")]):
        columns = pd.read_csv(path, nrows=0).columns if path.suffix == ".csv" else parquet.read_schema(path).names
        missing = described(path.relative_to(results), list(columns), known)
        if missing := [name for name in missing if name not in covariates]:
            found[str(path.relative_to(results))] = missing
    return found
