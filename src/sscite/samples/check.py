"""Read and check every file of one library, before any heavy task."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
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
from sscite.reading import read_json
from sscite.samples.assemble import Library, assemble, check_raw
from sscite.samples.cells import empty_droplet_problem
from sscite.samples.files import ANTIBODIES, CELL_SAMPLES, COUNTS, GENOTYPES, HASHTAGS, RAW, given, staged
from sscite.samples.sheet import split

# stands for the row of the samplesheet: a line above the library in the sheet does not repeat its check under -resume
ROW = "<row>"
Paths = dict[str, Path | None]


@dataclass(frozen=True)
class Checked:
    """What the files of one library hold, or all their problems.

    Attributes
    ----------
    row
        Values of `inspect.COLUMNS`; empty if there are problems.
    fingerprint
        Equals that of another library only if both hold the same cells: what is compared between libraries.
    checksums
        File and SHA-256, also of each file of a folder.
    """

    row: list[object] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    fingerprint: str = ""
    problems: list[str] = field(default_factory=list)
    checksums: list[tuple[str, str]] = field(default_factory=list)


def run(id: str, library: Path, *, folders: bool, facts: Any) -> None:
    """Read the files of one library and write what they hold, or their problems, as `<id>.check.json`.

    Parameters
    ----------
    library
        `libraries/<id>.json` of samples_validate: the paths of its files and its rows of the samplesheet.
    folders
        Each file is the only entry of a folder named as its column, as a task of the pipeline has it.
    """
    content = read_json(library, "a library's JSON of samples_validate.py")
    record, samples = content["files"], pd.DataFrame(content["samples"], dtype=str)
    paths: Paths = staged(record) if folders else {column: Path(record[column]) for column in given(record)}
    checked = check(record, samples, paths)
    Path(f"{id}.check.json").write_text(json.dumps(asdict(checked), ensure_ascii=False), encoding="utf-8")
    if checked.problems:
        facts.summary(f"{len(checked.problems)} problems in its files.")
        return
    _, _, _, kind, cells, genes, antibodies, hashtags, droplets, _ = checked.row
    facts.number(cells=cells, genes=genes, antibodies=antibodies, hashtags=hashtags, droplets=droplets)
    facts.summary(f"{cells:,} cells, read as {kind}.")


def check(record: dict[str, str], samples: pd.DataFrame, paths: Paths) -> Checked:
    """Read the files of one library; problems are kept, so that those of all libraries can be reported at once."""
    try:
        row, doubts, fingerprint = inspect_library(record, samples, paths)
    except UserError as error:
        return Checked(problems=error.problems)
    return Checked(row, doubts, fingerprint, checksums=checksums(record, paths))


def checksums(record: dict[str, str], paths: Paths) -> list[tuple[str, str]]:
    """Return name and SHA-256 of every file of a library, and of every file of a folder."""
    rows = {}
    for column in given(record):
        path = paths[column]
        if path is None:
            continue
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            name = f"{record[column]}/{file.relative_to(path)}" if path.is_dir() else record[column]
            with file.open("rb") as stream:
                rows[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return list(rows.items())


def inspect_library(record: dict[str, str], samples: pd.DataFrame, paths: Paths) -> tuple[list[object], list[str], str]:
    """Read the files of one library.

    Returns
    -------
    A row of `inspect.COLUMNS`, what the report should warn of, and the fingerprint.

    Raises
    ------
    UserError
        Every problem of its files, with `ROW` for the row of the samplesheet.
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
        problems += [f"{place(record, COUNTS)}: {text}" for text in empty_droplet_problem(contents[COUNTS])]
    rows = samples[samples["library_id"] == record["library_id"]]
    for column in (GENOTYPES, CELL_SAMPLES):
        if record.get(column) and (path := paths[column]) is not None:
            found = assignment_problems(column, path, rows, None if library is None else library.barcodes)
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
        path = paths[column]
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


def assignment_problems(column: str, path: Path, rows: pd.DataFrame, barcodes: Any) -> list[str]:
    """Report a table that assigns cells if it cannot be read, is of other cells, or does not fit the sheet's names.

    Parameters
    ----------
    column
        Genotype calls, which must have the donors that the sheet names, or cells and samples, which may name no others.
    rows
        The sheet's rows of the library.
    barcodes
        The library's barcodes; None where they could not be read.
    """
    if not path.exists():
        return []
    try:
        index, problems = (_genotypes if column == GENOTYPES else _cell_samples)(path, rows)
    except UserError as error:
        return error.problems
    if barcodes is None:
        return problems
    given_barcodes = index.astype(str).to_numpy()
    found = match_barcodes(barcodes, given_barcodes)
    return problems + [f"{path}: {text}" for text in overlap_problem(barcodes, given_barcodes, found, column)]


def _genotypes(path: Path, rows: pd.DataFrame) -> tuple[pd.Index, list[str]]:
    """Read genotype calls; return their barcodes, and the sheet's donors that they lack."""
    table = read_genotypes(path)
    calls = parse(table, where=str(path))
    return calls.index, unknown_donors(rows["genotype_donor"], table, where=str(path))


def _cell_samples(path: Path, rows: pd.DataFrame) -> tuple[pd.Index, list[str]]:
    """Read a table of cells and samples; return its barcodes, and its samples that the sheet lacks."""
    table = read_cell_samples(path)
    return table.index, unknown_samples(table, list(rows["sample"]), where=str(path))


def place(record: dict[str, str], column: str) -> str:
    """Name a file as the user knows it."""
    return f"{record[column]} (samplesheet row {ROW}, column '{column}', library '{record['library']}')"


def _summary(record: dict[str, str], library: Library, raw: Counts | None, paths: Paths) -> list[object]:
    """Describe one library in a row of `inspect.COLUMNS`."""
    sizes = {kind: part.matrix.shape[1] for kind, part in library.modalities.items()}
    total = sum(int(part.matrix.sum()) for part in library.modalities.values())
    kind = FORMATS[find_kind(Path(str(paths[COUNTS])))].split(" (")[0]
    droplets = len(raw.barcodes) if raw is not None else 0
    return [
        record["library_id"], record["library"], record.get("capture") or record["library"], kind,
        len(library.barcodes), sizes.get(RNA, 0), sizes.get(PROTEIN, 0), sizes.get(HASHTAG, 0), droplets, total,
    ]  # fmt: skip


def _fingerprint(library: Library) -> str:
    """Return a digest of a library's content: sizes, sums and barcodes."""
    sums = [int(part.matrix.sum()) for part in library.modalities.values()]
    return hashlib.sha256("\n".join(map(str, [*sums, *library.barcodes])).encode()).hexdigest()
