"""Read every file of every library once, before any heavy task, and tell all that is wrong."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite.errors import UserError
from sscite.formats import Counts, read_counts
from sscite.formats.read import FORMATS, find_kind
from sscite.names import HASHTAG, PROTEIN, RNA
from sscite.samples.assemble import Library, assemble, check_raw
from sscite.samples.contrasts import split
from sscite.samples.validate import FILES

COLUMNS = ["library", "format", "cells", "genes", "antibodies", "hashtags", "droplets", "counts"]


def staged_paths(files: pd.DataFrame, staged: str, missing: set[str]) -> dict[tuple[str, str], Path | None]:
    """Find each file where a task has it: the n-th given path is the only entry of the folder `<staged><n>`.

    Parameters
    ----------
    missing
        `library_id:column` of the paths that do not exist; they have no folder and no number.

    Returns
    -------
    Path by library_id and column; None where it does not exist.
    """
    found: dict[tuple[str, str], Path | None] = {}
    n = 0
    for record in files.to_dict("records"):
        for column in [column for column in FILES if record[column]]:
            key = (record["library_id"], column)
            found[key] = None
            if ":".join(key) not in missing:
                n += 1
                found[key] = next(Path(f"{staged}{n}").iterdir())
    return found


def plain_paths(files: pd.DataFrame) -> dict[tuple[str, str], Path | None]:
    """Take each path as files.csv has it."""
    return {
        (record["library_id"], column): Path(record[column])
        for record in files.to_dict("records")
        for column in FILES
        if record[column]
    }


def inspect(
    files: pd.DataFrame, samples: pd.DataFrame, paths: dict[tuple[str, str], Path | None]
) -> tuple[pd.DataFrame, list[str]]:
    """Read library after library, so that memory is bounded by the largest.

    Returns
    -------
    What each library holds (columns `COLUMNS`), and warnings.

    Raises
    ------
    UserError
        Every problem of every file, with the row of the samplesheet.
    """
    rows, warnings, problems = [], [], []
    seen: dict[tuple[int, ...], str] = {}
    for record in files.to_dict("records"):
        tags = hashtags_of(samples, record["library_id"])
        library, raw = None, None
        try:
            library, raw = _read(record, tags, paths)
        except UserError as error:
            problems += error.problems
            continue
        rows.append(_summary(record, library, raw, paths))
        twin = seen.setdefault(_fingerprint(library), record["library"])
        if twin != record["library"]:
            warnings.append(
                f"Libraries '{twin}' and '{record['library']}' hold the same cells: was one file given twice?"
            )
        warnings += [f"{record['library']}: {note}." for note in library.doubts]
    if problems:
        raise UserError(problems)
    return pd.DataFrame(rows, columns=COLUMNS), warnings


def hashtags_of(samples: pd.DataFrame, library_id: str) -> list[str]:
    """List the hashtags that the sheet names for a library."""
    return [tag for tags in samples["hashtag"][samples["library_id"] == library_id] for tag in split(tags)]


def _read(
    record: dict[str, str], tags: list[str], paths: dict[tuple[str, str], Path | None]
) -> tuple[Library, Counts | None]:
    """Read and put together one library; its problems name the path as written and the sheet's row."""
    problems: list[str] = []
    found: dict[str, Counts | None] = dict.fromkeys(FILES)
    for column in [column for column in FILES if record[column]]:
        path = paths[record["library_id"], column]
        place = _place(record, column)
        if path is None or not path.exists():
            problems.append(f"{place}: no such file or folder; correct the path (it is relative to the samplesheet)")
        elif column != "genotype_calls":
            try:
                found[column] = read_counts(path)
            except UserError as error:
                problems += [problem.replace(str(path), place) for problem in error.problems]
    library = None
    if found["counts"] is not None and (found["hashtag_counts"] is not None or not record["hashtag_counts"]):
        library, more = _assembled(record, found, tags)
        problems += more
    if problems or library is None:
        raise UserError(problems)
    return library, found["raw_counts"]


def _assembled(
    record: dict[str, str], found: dict[str, Counts | None], tags: list[str]
) -> tuple[Library | None, list[str]]:
    """Put a library together; give it, where that is possible, and the problems of doing so."""
    counts, raw = found["counts"], found["raw_counts"]
    assert counts is not None
    try:
        library = assemble(counts, found["hashtag_counts"], tags)
    except UserError as error:
        place = _place(record, "hashtag_counts" if record["hashtag_counts"] else "counts")
        return None, [f"{place}: {problem}" for problem in error.problems]
    problems = check_raw(library, raw) if raw is not None else []
    return library, [f"{_place(record, 'raw_counts')}: {problem}" for problem in problems]


def _place(record: dict[str, str], column: str) -> str:
    """Name a file as the user knows it."""
    row = record["rows"].split(";")[0]
    return f"{record[column]} (samplesheet row {row}, column '{column}', library '{record['library']}')"


def _summary(
    record: dict[str, str], library: Library, raw: Counts | None, paths: dict[tuple[str, str], Path | None]
) -> list[object]:
    """Describe one library in a row of `COLUMNS`."""
    sizes = {kind: part.matrix.shape[1] for kind, part in library.modalities.items()}
    total = sum(int(part.matrix.sum()) for part in library.modalities.values())
    kind = FORMATS[find_kind(Path(str(paths[record["library_id"], "counts"])))].split(" (")[0]
    droplets = len(raw.barcodes) if raw is not None else 0
    return [
        record["library"], kind, len(library.barcodes), sizes.get(RNA, 0), sizes.get(PROTEIN, 0), sizes.get(HASHTAG, 0),
        droplets, total,
    ]  # fmt: skip


def _fingerprint(library: Library) -> tuple[int, ...]:
    """Tell a library's content by its sizes, sums and barcodes."""
    sums = [int(part.matrix.sum()) for part in library.modalities.values()]
    return (len(library.barcodes), *sums, hash(tuple(library.barcodes)))
