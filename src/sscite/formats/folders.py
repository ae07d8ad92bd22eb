"""Folders of a matrix and its lists of names: Cell Ranger, STARsolo, CITE-seq-Count, kallisto, alevin-fry."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

from scipy import sparse
from scipy.io import mmread

from sscite.errors import UserError
from sscite.formats.counts import Counts, build
from sscite.formats.features import feature_frame, without_sequence
from sscite.formats.hdf5 import mismatch
from sscite.reading import memory_limit, open_bytes, open_text, reading

BYTES_PER_VALUE = 16  # that a value of a sparse matrix takes while it is read
ANTIBODIES = "Antibody Capture"
SEQUENCE = re.compile(r"[ACGTN]{6,}")
HEADER = re.compile(
    rb"%%MatrixMarket\s+matrix\s+(coordinate|array)\s+(integer|real|double)\s+general\s*", re.IGNORECASE
)
NOTE = "the matrix holds droplets in rows, so it was transposed"


@dataclass(frozen=True)
class Layout:
    """How a tool names the three parts; each name may stand behind a prefix such as GEO's, plain or gzipped."""

    matrix: tuple[str, ...]
    barcodes: tuple[str, ...]
    features: tuple[str, ...]


LAYOUTS = (
    Layout(("matrix.mtx",), ("barcodes.tsv",), ("features.tsv", "genes.tsv")),
    Layout(("featurecounts.mtx",), ("featurecounts.barcodes.txt",), ("featurecounts.genes.txt",)),
    Layout(("cells_x_features.mtx",), ("cells_x_features.barcodes.txt",), ("cells_x_features.genes.txt",)),
    Layout(("cells_x_genes.mtx",), ("cells_x_genes.barcodes.txt",), ("cells_x_genes.genes.txt",)),
    Layout(("quants_mat.mtx",), ("quants_mat_rows.txt",), ("quants_mat_cols.txt",)),
)


def read_mtx(path: Path) -> Counts:
    """Read a folder of a matrix, barcodes and features; types from the third column of features, where there is one."""
    matrix, listed, features = find_parts(path)
    barcodes = [row[0] for row in rows(listed)]
    table = rows(features)
    width = max((len(row) for row in table), default=1)
    names = [row[1] if len(row) > 1 else row[0] for row in table]
    types = [row[2] if len(row) > 2 else "" for row in table]
    ids = [row[0] for row in table] if width > 1 else ""
    counts, notes = read_matrix(matrix, len(barcodes), len(names))
    return build(counts, barcodes, feature_frame(names, ids, types), where=str(path), notes=notes)


def read_citeseq_count(path: Path) -> Counts:
    """Read CITE-seq-Count's UMI counts.

    Up to version 1.4 features are `name-SEQUENCE`: the sequence goes to `gene_id` where the names stay unique without
    it. Version 1.5 writes sequence and name, and the translated barcode before the original one.
    """
    matrix, listed, features = find_parts(path / "umi_count" if (path / "umi_count").is_dir() else path)
    barcodes = [row[0] for row in rows(listed)]
    names, ids = zip(*(_tag(row) for row in rows(features)), strict=True) if rows(features) else ((), ())
    if len(set(names)) < len(names):
        names, ids = tuple(row[0] for row in rows(features)), ("",) * len(names)
    counts, notes = read_matrix(matrix, len(barcodes), len(names))
    return build(counts, barcodes, feature_frame(names, ids, ANTIBODIES), where=str(path), notes=notes)


def _tag(row: list[str]) -> tuple[str, str]:
    """Return name and sequence of a tag."""
    if len(row) > 1:
        return (row[1], row[0]) if SEQUENCE.fullmatch(row[0]) or row[1] else (row[0], row[1])
    return without_sequence(row[0])


def find_parts(folder: Path) -> tuple[Path, Path, Path]:
    """Find matrix, barcodes and features of one sample in a folder.

    Raises
    ------
    UserError
        A part is missing, parts are of different samples, or there are several samples.
    """
    for layout in LAYOUTS:
        matrices = _named(folder, layout.matrix)
        if len(matrices) > 1:
            prefixes = ", ".join(repr(prefix.rstrip("_.-")) for prefix in sorted(matrices))
            raise UserError(
                f"{folder}: the folder holds several matrices ({prefixes}); put the matrix, barcodes and features of "
                "each "
                "sample into a folder of its own and give that folder"
            )
        if matrices:
            prefix, matrix = next(iter(matrices.items()))
            return matrix, _part(folder, prefix, layout.barcodes), _part(folder, prefix, layout.features)
    raise UserError(_no_matrix(folder))


def _named(folder: Path, choices: tuple[str, ...]) -> dict[str, Path]:
    """Find the files of a folder that have one of the names, by the prefix before it."""
    ends = tuple(end for choice in choices for end in (choice, f"{choice}.gz"))
    found: dict[str, Path] = {}
    for path in sorted(entry for entry in folder.iterdir() if entry.is_file()):
        end = next((end for end in ends if path.name.lower().endswith(end)), None)
        prefix = path.name[: -len(end)] if end else None
        if prefix is not None and (prefix == "" or prefix[-1] in "_.-"):
            found.setdefault(prefix, path)
    return {"": found[""]} if "" in found else found


def _part(folder: Path, prefix: str, choices: tuple[str, ...]) -> Path:
    """Find the list of names that belongs to a matrix."""
    for choice in choices:
        found = _named(folder, (choice,))
        if prefix in found:
            return found[prefix]
    others = [path.name for choice in choices for path in _named(folder, (choice,)).values()]
    hint = f" ({others[0]} is of another sample)" if others else ""
    raise UserError(
        f"{folder}: the folder has no {' or '.join(prefix + choice for choice in choices)} (plain or .gz){hint}; it "
        "holds "
        f"{_content(folder)}; give the folder that holds matrix.mtx, barcodes.tsv and features.tsv of one sample"
    )


def _no_matrix(folder: Path) -> str:
    """Report a folder without a matrix; the one below that has it is named."""
    below = sorted({path.parent for path in folder.glob("**/*matrix.mtx*")})[:3]
    names = {path.name for path in folder.iterdir()}
    if folder.suffix == ".zarr" or {".zgroup", "zarr.json", ".zattrs"} & names:
        remedy = "this is a zarr store: write it as .h5ad or .h5mu and give that file"
    elif "all_genes.csv" in names or "cell_metadata.csv" in names:
        remedy = (
            "this is a folder of Parse Biosciences' split-pipe: write it as .h5ad (scanpy.read_mtx, barcodes of "
            "cell_metadata.csv, genes of all_genes.csv) and give that file"
        )
    elif below:
        remedy = f"give the folder below: {', '.join(str(path) for path in below)}"
    else:
        remedy = "give the folder that holds matrix.mtx, barcodes.tsv and features.tsv"
    return f"{folder}: the folder has no matrix.mtx (plain or .gz); it holds {_content(folder)}; {remedy}"


def _content(folder: Path) -> str:
    """List what a folder holds."""
    return ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"


def rows(path: Path) -> list[list[str]]:
    """Read a tab-separated list without a header; blank lines at its end are ignored."""
    with reading(path, "a list of names"), open_text(path) as stream:
        lines = stream.read().rstrip("\r\n").replace("\r\n", "\n").split("\n")
    return [line.split("\t") for line in lines] if lines != [""] else []


def read_matrix(path: Path, n_barcodes: int, n_features: int) -> tuple[sparse.csr_matrix, list[str]]:
    """Read a MatrixMarket file of features × droplets, or of droplets × features where only that fits the names.

    Returns
    -------
    droplets × features, and notes.

    Raises
    ------
    UserError
        Not a MatrixMarket file, its sizes do not fit the names, or its entries lie outside.
    """
    with reading(path, "a MatrixMarket file"), open_bytes(path) as stream:
        shape, n_values, head = read_head(stream, path)
        if shape not in ((n_features, n_barcodes), (n_barcodes, n_features)):
            raise mismatch(shape[::-1], (n_barcodes, n_features), str(path.parent))
        if n_values > shape[0] * shape[1] or n_values * BYTES_PER_VALUE > memory_limit():
            raise UserError(
                f"{path}: it claims {n_values:,} values of a matrix of {shape[0]:,} × {shape[1]:,}; the file is "
                "damaged, or "
                "larger than memory: copy or export it again"
            )
        matrix = sparse.coo_matrix(mmread(_Prepended(head, stream)), dtype=float)
    is_usual = shape == (n_features, n_barcodes)
    rows_of_droplets = (matrix.T if is_usual else matrix).tocsr()
    if rows_of_droplets.nnz < matrix.nnz:
        raise UserError(
            f"{path}: {matrix.nnz - rows_of_droplets.nnz:,} of its values are given twice (the same feature and "
            "droplet); "
            "the file is damaged: copy or export it again"
        )
    return rows_of_droplets, [] if is_usual else [NOTE]


def read_head(stream: io.BufferedReader, path: Path) -> tuple[tuple[int, int], int, bytes]:
    """Read the header; return the shape, the number of values, and the header with numbers declared real.

    Values are read as real numbers, so that a fraction in a file that says `integer` is seen and not cut.
    """
    first = stream.readline(1000)
    match = HEADER.fullmatch(first)
    if not match:
        raise UserError(
            f"{path}: its first line is '{first[:60].decode(errors='replace').strip()}', expected '%%MatrixMarket "
            "matrix "
            "coordinate integer general'; give the matrix that Cell Ranger, STARsolo or scipy.io.mmwrite wrote"
        )
    line = stream.readline(1000)
    while line.startswith(b"%") or (line and not line.strip()):
        line = stream.readline(100_000)
    sizes = line.split()
    is_dense = match[1].lower() == b"array"
    if len(sizes) != (2 if is_dense else 3) or not all(size.isdigit() for size in sizes):
        raise UserError(f"{path}: it has no line of sizes (features, droplets, values); copy or export it again")
    numbers = [int(size) for size in sizes]
    head = b"%%MatrixMarket matrix " + match[1].lower() + b" real general\n" + line
    return (numbers[0], numbers[1]), numbers[0] * numbers[1] if is_dense else numbers[2], head


class _Prepended(io.RawIOBase):
    """A stream that begins with other bytes."""

    def __init__(self, head: bytes, stream: io.BufferedReader) -> None:
        super().__init__()
        self.head, self.stream = io.BytesIO(head), stream

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read bytes of the beginning, then of the stream."""
        return self.head.read(size) or self.stream.read(size)
