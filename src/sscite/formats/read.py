"""Find a path's format and read it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from sscite.errors import UserError
from sscite.formats.counts import Counts

FORMATS = {
    "10x_h5": "10x .h5",
    "10x_mtx": "10x MTX folder (matrix.mtx, barcodes.tsv, features.tsv or genes.tsv; plain or .gz)",
    "h5ad": "AnnData .h5ad",
    "h5mu": "MuData .h5mu",
    "bd": "BD Rhapsody table (.csv with # header lines)",
    "citeseq_count": "CITE-seq-Count folder (with umi_count)",
    "table": "table of droplets × features (.csv, .tsv, .txt; plain or .gz)",
}
TABLES = (".csv", ".tsv", ".txt", ".tab", ".csv.gz", ".tsv.gz", ".txt.gz", ".tab.gz")


def read_counts(path: str | Path, *, kind: str | None = None) -> Counts:
    """Read counts of any accepted format.

    Parameters
    ----------
    path
        A file or folder.
    kind
        One of `FORMATS`; found from the path where None.

    Raises
    ------
    UserError
        The path is missing, its format unknown, the file unreadable, or its content no raw counts: every problem found.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: no such file or folder; correct the path in the samplesheet")
    kind = kind or find_kind(path)
    try:
        return _reader(kind)(path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path}: cannot be read as {FORMATS[kind]} ({reason}); the file is truncated, damaged or of another "
            "format: compare its size or checksum with the source and copy it again"
        ) from error
    except KeyError as error:
        raise UserError(
            f"{path}: not a complete {FORMATS[kind]}: {error.args[0]}; export the file again, or give another format"
        ) from error


def find_kind(path: Path) -> str:
    """Tell the format by name, and by content where several formats share a name.

    Raises
    ------
    UserError
        No accepted format has such a name.
    """
    name = path.name.lower()
    if path.is_dir():
        if (path / "umi_count").is_dir() or path.name == "umi_count":
            return "citeseq_count"
        return "10x_mtx"
    if name.endswith(".h5ad"):
        return "h5ad"
    if name.endswith(".h5mu"):
        return "h5mu"
    if name.endswith((".h5", ".hdf5")):
        return "10x_h5"
    if name.endswith(TABLES):
        from sscite.formats.tables import first_lines

        try:
            return "bd" if first_lines(path, 1)[0].startswith(("#", "Cell_Index")) else "table"
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, IndexError):
            return "table"
    raise UserError(f"{path}: unknown format; accepted are {'; '.join(FORMATS.values())}")


def _reader(kind: str) -> Callable[[Path], Counts]:
    """Give the reader of a format; its module is imported only now."""
    if kind in ("10x_h5", "10x_mtx", "citeseq_count"):
        from sscite.formats import tenx

        return {"10x_h5": tenx.read_h5, "10x_mtx": tenx.read_mtx, "citeseq_count": tenx.read_citeseq_count}[kind]
    if kind in ("h5ad", "h5mu"):
        from sscite.formats import annotated

        return {"h5ad": annotated.read_h5ad, "h5mu": annotated.read_h5mu}[kind]
    from sscite.formats import tables

    return {"bd": tables.read_bd, "table": tables.read_table}[kind]
