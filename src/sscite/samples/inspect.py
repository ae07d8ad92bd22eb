"""Check every input file before any heavy task and report all problems at once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from sscite.errors import UserError
from sscite.formats import FORMATS, Counts, match_barcodes, read_counts
from sscite.formats.barcodes import overlap_problem
from sscite.formats.cell_samples import read_cell_samples, unknown_samples
from sscite.formats.genotypes import parse, read_genotypes, unknown_donors
from sscite.formats.read import check_exists, find_kind
from sscite.names import HASHTAG, PROTEIN, RNA
from sscite.samples.assemble import Library, assemble, check_raw
from sscite.samples.cells import empty_droplet_problem
from sscite.samples.files import (
    ANTIBODIES,
    CELL_SAMPLES,
    COUNTS,
    GENOTYPES,
    HASHTAGS,
    RAW,
    given,
    plain_paths,
    staged_paths,
)
from sscite.samples.sheet import split

COLUMNS = [
    "library_id", "library", "capture", "format", "cells", "genes", "antibodies", "hashtags", "droplets", "counts",
]  # fmt: skip
Paths = dict[tuple[str, str], Path | None]


def run(files: Path, samples: Path, *, staged: str | None, missing: str, facts: Any) -> None:
    """Read every file of every library, report, and write the number of cells of each library and capture."""
    from sscite import io
    from sscite.samples import report

    table = io.read_table(files)
    absent = {entry for entry in missing.split(",") if entry}
    paths = staged_paths(table, staged, absent) if staged else plain_paths(table)
    libraries, warnings = inspect(table, io.read_table(samples), paths)
    report.inspected(facts, libraries, warnings)
    facts.table("checksums", checksums(table, paths), "Checksums of the files", "SHA-256, as in the provenance.")
    io.write_table(capture_cells(libraries), Path("cohort.capture_cells.csv"))


def capture_cells(libraries: pd.DataFrame) -> pd.DataFrame:
    """Return `library_id cells capture_cells`: the cells of each library, and of all libraries of its capture."""
    whole = libraries.groupby("capture")["cells"].transform("sum")
    return libraries[["library_id", "cells"]].assign(capture_cells=whole)


def checksums(files: pd.DataFrame, paths: Paths) -> pd.DataFrame:
    """Return `file sha256` of every file of the samplesheet, and of every file of a folder."""
    rows = {}
    for record in files.to_dict("records"):
        for column in given(record):
            path = paths[record["library_id"], column]
            if path is None:
                continue
            for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
                name = f"{record[column]}/{file.relative_to(path)}" if path.is_dir() else record[column]
                with file.open("rb") as stream:
                    rows[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return pd.DataFrame(rows.items(), columns=["file", "sha256"])


def inspect(files: pd.DataFrame, samples: pd.DataFrame, paths: Paths) -> tuple[pd.DataFrame, list[str]]:
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
        try:
            row, doubts, fingerprint = inspect_library(record, samples, paths)
        except UserError as error:
            problems += error.problems
            continue
        rows.append(row)
        twin = seen.setdefault(fingerprint, record["library"])
        if twin != record["library"]:
            warnings.append(
                f"Libraries '{twin}' and '{record['library']}' hold the same cells: was one file given twice?"
            )
        warnings += [f"{record['library']}: {doubt}." for doubt in doubts]
    if problems:
        raise UserError(problems)
    return pd.DataFrame(rows, columns=COLUMNS), warnings


def inspect_library(
    record: dict[str, str], samples: pd.DataFrame, paths: Paths
) -> tuple[list[object], list[str], tuple[int, ...]]:
    """Read the files of one library.

    Returns
    -------
    A row of `COLUMNS`, what the report should warn of, and a fingerprint that equals that of another library only if
    both hold the same cells: the one fact that is compared between libraries.

    Raises
    ------
    UserError
        Every problem of its files, with the row of the samplesheet.
    """
    contents, problems = _read_files(record, paths)
    library, raw = None, contents.get(RAW)
    if COUNTS in contents and all(column in contents for column in (HASHTAGS, ANTIBODIES) if record.get(column)):
        library, more = _assembled(record, contents, hashtags_of(samples, record["library_id"]))
        problems += more
    if library is not None and raw is not None:
        more, doubts = check_raw(library, raw)
        library.doubts += doubts
        problems += [f"{place(record, RAW)}: {problem}" for problem in more]
    if COUNTS in contents:
        problems += [f"{place(record, COUNTS)}: {text}" for text in empty_droplet_problem(contents[COUNTS].matrix)]
    rows = samples[samples["library_id"] == record["library_id"]]
    for column, find_problems in ((GENOTYPES, genotype_problems), (CELL_SAMPLES, cell_sample_problems)):
        if record.get(column) and (path := paths[record["library_id"], column]) is not None:
            found = find_problems(path, rows, None if library is None else library.barcodes)
            problems += [problem.replace(str(path), place(record, column)) for problem in found]
    if problems or library is None:
        raise UserError(problems)
    return _summary(record, library, raw, paths), library.doubts, _fingerprint(library)


def hashtags_of(samples: pd.DataFrame, library_id: str) -> list[str]:
    """List the hashtags that the sheet names for a library."""
    return [tag for tags in samples["hashtag"][samples["library_id"] == library_id] for tag in split(tags)]


def _read_files(record: dict[str, str], paths: Paths) -> tuple[dict[str, Counts], list[str]]:
    """Read the count files of one library; problems name the path as written and the sheet's row."""
    contents: dict[str, Counts] = {}
    problems: list[str] = []
    for column in given(record):
        path = paths[record["library_id"], column]
        try:
            check_exists(path or Path(record[column]))
            if path is None:
                raise UserError(f"{record[column]}: no such file or folder; correct the path in the samplesheet")
            if column not in (GENOTYPES, CELL_SAMPLES):
                cells = contents[COUNTS].barcodes if COUNTS in contents and column != COUNTS else None
                contents[column] = read_counts(path, cells=cells)
        except UserError as error:
            written = record[column] if path is None else str(path)
            problems += [problem.replace(written, place(record, column), 1) for problem in error.problems]
    return contents, problems


def _assembled(
    record: dict[str, str], contents: dict[str, Counts], tags: list[str]
) -> tuple[Library | None, list[str]]:
    """Put a library together; return it, where that is possible, and the problems of doing so."""
    try:
        return assemble(contents[COUNTS], contents.get(HASHTAGS), tags, contents.get(ANTIBODIES)), []
    except UserError as error:
        columns = [column for column in (HASHTAGS, ANTIBODIES) if record.get(column)]
        return None, [
            f"{place(record, next((c for c in columns if c in problem), (columns or [COUNTS])[0]))}: {problem}"
            for problem in error.problems
        ]


def genotype_problems(path: Path, rows: pd.DataFrame, barcodes: Any) -> list[str]:
    """Report genotype calls that cannot be read, are of other cells, or lack a donor that the sheet names.

    Parameters
    ----------
    rows
        The sheet's rows of the library.
    barcodes
        The library's barcodes; None where they could not be read.
    """
    if not path.exists():
        return []
    try:
        table = read_genotypes(path)
        calls = parse(table, where=str(path))
    except UserError as error:
        return error.problems
    problems = unknown_donors(rows["genotype_donor"], table, where=str(path))
    return problems + _overlap_problems(path, barcodes, calls.index, GENOTYPES)


def cell_sample_problems(path: Path, rows: pd.DataFrame, barcodes: Any) -> list[str]:
    """Report a table of cells and samples that cannot be read, is of other cells, or names unknown samples.

    Parameters
    ----------
    rows
        The sheet's rows of the library.
    barcodes
        The library's barcodes; None where they could not be read.
    """
    if not path.exists():
        return []
    try:
        table = read_cell_samples(path)
    except UserError as error:
        return error.problems
    problems = unknown_samples(table, list(rows["sample"]), where=str(path))
    return problems + _overlap_problems(path, barcodes, table.index, CELL_SAMPLES)


def _overlap_problems(path: Path, barcodes: Any, index: pd.Index, column: str) -> list[str]:
    """Report a table that has too few of the library's cells; nothing where these could not be read."""
    if barcodes is None:
        return []
    given_barcodes = index.astype(str).to_numpy()
    found = match_barcodes(barcodes, given_barcodes)
    return [f"{path}: {text}" for text in overlap_problem(barcodes, given_barcodes, found, column)]


def place(record: dict[str, str], column: str) -> str:
    """Name a file as the user knows it."""
    row = record["rows"].split(";")[0]
    return f"{record[column]} (samplesheet row {row}, column '{column}', library '{record['library']}')"


def _summary(record: dict[str, str], library: Library, raw: Counts | None, paths: Paths) -> list[object]:
    """Describe one library in a row of `COLUMNS`."""
    sizes = {kind: part.matrix.shape[1] for kind, part in library.modalities.items()}
    total = sum(int(part.matrix.sum()) for part in library.modalities.values())
    kind = FORMATS[find_kind(Path(str(paths[record["library_id"], COUNTS])))].split(" (")[0]
    droplets = len(raw.barcodes) if raw is not None else 0
    return [
        record["library_id"], record["library"], record.get("capture") or record["library"], kind,
        len(library.barcodes), sizes.get(RNA, 0), sizes.get(PROTEIN, 0), sizes.get(HASHTAG, 0), droplets, total,
    ]  # fmt: skip


def _fingerprint(library: Library) -> tuple[int, ...]:
    """Return a number per property of a library's content: sizes, sums and barcodes."""
    sums = [int(part.matrix.sum()) for part in library.modalities.values()]
    digest = hashlib.sha256("\n".join(map(str, library.barcodes)).encode()).hexdigest()
    return (len(library.barcodes), *sums, int(digest, 16))
