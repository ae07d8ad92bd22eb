"""The boundary to files: what a parser raises becomes one UserError, and no file takes more memory than there is."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO

from sscite.errors import Skipped, UserError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger("sscite")
REMEDY = (
    "the file is truncated, damaged or of another format: compare its size or checksum with the source and copy it "
    "again, or export it again"
)
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
HIGHEST_EXPANSION = 200  # times that compressed text may expand: 117 for a dense table with 1% of its counts above 0
SMALL = 64 * 1024**2  # bytes that are read however much they expand
LONGEST_LINE = 50_000_000  # bytes: a row of 100,000 names of the greatest length
CAUSES = (
    (r"truncated file", "the file ends too early: it is truncated"),
    (r"file signature not found", "it is not an HDF5 file"),
    (r"ended before the end-of-stream", "the compressed data end too early: it is truncated"),
    (r"not a gzipped file|not a gzip", "its name ends in .gz and it is not compressed by gzip"),
    (r"crc check failed|invalid (block|distance|code|stored|literal)|incorrect (length|data|header)",
     "the compressed data are damaged"),
    (r"can't decode byte|codec", "it is not UTF-8 text; save it as UTF-8"),
    (r"tokenizing|expected \d+ fields|buffer overflow|eof inside string", "its rows are not those of one table"),
    (r"line \d+ column \d+ \(char", "it is not JSON"),
    (r"is a directory", "it is a folder"),
    (r"permission denied", "reading it is not permitted"),
)  # fmt: skip


@contextmanager
def reading(path: Path | str, expected: str) -> Iterator[None]:
    """Turn whatever a parser raises into one UserError that names the file.

    Parameters
    ----------
    path
        The file, for the message.
    expected
        What it should be, with its article, such as 'an AnnData .h5ad'.

    Raises
    ------
    UserError
        Anything that was raised inside, except UserError and Skipped, which pass.
    """
    try:
        yield
    except (UserError, Skipped):
        raise
    except MemoryError as error:
        raise UserError(
            f"{path}: does not fit into {memory_limit() / 1e9:.1f} GB of memory; give the task more "
            "(docs/platforms.md), or check that the file is what it should be"
        ) from error
    except Exception as error:
        log.debug("while reading %s", path, exc_info=True)
        raise UserError(f"{path}: cannot be read as {expected} ({cause(error)}); {REMEDY}") from error


def cause(error: Exception) -> str:
    """Return in plain words why a parser failed."""
    if isinstance(error, KeyError):
        return f"its part {error.args[0] if error.args else ''} is missing"
    text = " ".join(str(error).split())
    line = re.match(r"Line (\d+)", text)
    if line:
        return f"its line {line[1]} is not a value of the matrix"
    for pattern, words in CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return words
    return "its content is not laid out as expected"


def memory_limit() -> int:
    """Return the bytes that this process may use: its control group's limit (container, Slurm), else all memory."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in CGROUP_LIMITS:
        try:
            limits.append(int(Path(name).read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such group, or 'max'
            continue
    return min(limits)


class _Checked(io.RawIOBase):
    """A stream that ends in a UserError at a NUL byte, in a line without end, or when it expands beyond reason."""

    def __init__(self, stream: IO[bytes], path: Path, *, limited: bool) -> None:
        super().__init__()
        self.stream, self.path = stream, path
        self.read_bytes, self.line_bytes = 0, 0
        stored = max(path.stat().st_size, 1)
        self.most = max(SMALL, min(stored * HIGHEST_EXPANSION, memory_limit())) if limited else None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer and return the number of bytes."""
        chunk = self.stream.read(len(buffer))
        self.read_bytes += len(chunk)
        end = chunk.rfind(b"\n")
        self.line_bytes = len(chunk) - end - 1 if end >= 0 else self.line_bytes + len(chunk)
        if b"\0" in chunk:
            raise UserError(
                f"{self.path}: it holds NUL bytes, so it is not UTF-8 text (UTF-16, or damaged); save or export it "
                "again as UTF-8 text"
            )
        if self.line_bytes > LONGEST_LINE:
            raise UserError(
                f"{self.path}: a line has more than {LONGEST_LINE / 1e6:.0f} million characters, as no table or list "
                "has; check where the file comes from and export it again"
            )
        if self.most is not None and self.read_bytes > self.most:
            raise UserError(
                f"{self.path}: {self.path.stat().st_size / 1e6:.1f} MB on disk expand to more than "
                f"{self.read_bytes / 1e6:,.0f} MB, which no list of names or matrix does; check where the file comes "
                "from and export it again"
            )
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        """Close the file."""
        self.stream.close()
        super().close()


def is_gzip(path: Path) -> bool:
    """Return whether a file is compressed by gzip, by its name in any case."""
    return path.suffix.lower() == ".gz"


def open_bytes(path: Path, *, limited: bool = True) -> io.BufferedReader:
    """Open a text file as bytes, plain or gzipped, checked for NUL bytes, the length of lines, and expansion.

    Parameters
    ----------
    limited
        Whether text that expands more than 200-fold is refused; not if it is read by rows and never whole in memory.
    """
    stream = gzip.open(path) if is_gzip(path) else path.open("rb")  # noqa: SIM115
    return io.BufferedReader(_Checked(stream, path, limited=limited), buffer_size=1 << 20)  # type: ignore[arg-type]


def open_text(path: Path, *, limited: bool = True) -> TextIO:
    """Open a UTF-8 text file, plain or gzipped, without its byte order mark; checked as `open_bytes` does."""
    return io.TextIOWrapper(open_bytes(path, limited=limited), encoding="utf-8-sig", newline="")


def read_json(path: Path, expected: str) -> Any:
    """Read a JSON file.

    Raises
    ------
    UserError
        It is not JSON; the message says what it should be (`expected`, with its article).
    """
    with reading(path, expected):
        return json.loads(path.read_text(encoding="utf-8"))


def read_user_table(path: Path, *, required: tuple[str, ...]) -> pd.DataFrame:
    """Read a small table that a user wrote, as text: separated by commas, semicolons or tabs, one row per line.

    Parameters
    ----------
    required
        Columns that it must have.

    Returns
    -------
    The table; its index holds the line numbers of the file.

    Raises
    ------
    UserError
        Not UTF-8 text; a column missing or given twice; a row longer than the header; no rows.
    """
    import pandas as pd

    with reading(path, f"a table with the columns {', '.join(required)}"), open_text(path) as stream:
        first = stream.readline()
        separator = max(",;\t", key=first.count)
        rows = [[value.strip() for value in row] for row in csv.reader([first, *stream], delimiter=separator)]
    header = rows[0] if rows else []
    missing = [column for column in required if column not in header]
    twice = sorted({column for column in header if column and header.count(column) > 1})
    problems = [
        *(f"{path}: no column '{column}'; it has {', '.join(header) or 'nothing'}; add it" for column in missing),
        *(f"{path}: column '{column}' occurs more than once; keep one" for column in twice),
        *(
            f"{path}, line {line}: {len(row)} values and {len(header)} columns; quote values that hold the separator"
            for line, row in enumerate(rows[1:], 2)
            if any(row[len(header) :])
        ),
    ]
    filled = {line: row + [""] * len(header) for line, row in enumerate(rows[1:], 2) if any(row)}
    if not problems and not filled:
        problems = [f"{path}: it has a header and no rows; write a row for each entry"]
    if problems:
        raise UserError(problems)
    table = {line: row[: len(header)] for line, row in filled.items()}
    return pd.DataFrame.from_dict(table, orient="index", columns=header, dtype=object)
