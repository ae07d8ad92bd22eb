"""Find a path's format and read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from sscite.errors import UserError
from sscite.formats import hdf5
from sscite.formats.counts import Counts
from sscite.reading import reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
HDF5 = {".h5": "10x_h5", ".hdf5": "10x_h5", ".h5ad": "h5ad", ".h5mu": "h5mu"}
CONVERT = {
    ".rds": "this is an R object: write its counts as a 10x folder (DropletUtils::write10xCounts) and give that",
    ".rdata": "this is an R workspace: write the counts as a 10x folder (DropletUtils::write10xCounts) and give that",
    ".h5seurat": "this is a Seurat object: write its counts as .h5ad (SeuratDisk::Convert) and give that",
    ".loom": "this is a loom file: write it as .h5ad (scanpy.read_loom, write_h5ad) and give that",
    ".zarr": "this is a zarr store: write it as .h5ad or .h5mu and give that file",
    ".xlsx": "this is an Excel workbook: save the sheet as 'CSV UTF-8' and give that",
    ".xls": "this is an Excel workbook: save the sheet as 'CSV UTF-8' and give that",
    ".mtx": "this is the matrix alone: give the folder that holds it with its barcodes and features",
    ".bam": "these are reads: count them (Cell Ranger, STARsolo) and give the counts",
    ".fastq": "these are reads: count them (Cell Ranger, STARsolo) and give the counts",
    ".zip": "this is an archive: unpack it and give the file or folder inside",
    ".tar": "this is an archive: unpack it and give the file or folder inside",
    ".tgz": "this is an archive: unpack it and give the file or folder inside",
}


def read_counts(
    path: str | Path, *, kind: str | None = None, cells: NDArray | None = None, modality: str | None = None
) -> Counts:
    """Read counts of any accepted format.

    Parameters
    ----------
    path
        A file or folder.
    kind
        One of `FORMATS`; found from the path where None.
    cells
        Barcodes of the library's cells, where known: they decide which side of a table holds the droplets.
    modality
        Of a MuData file that has it, read this modality alone: one of `sscite.names`.

    Raises
    ------
    UserError
        The path is missing, its format unknown, the file unreadable, or its content not raw counts: every problem
        found.
    """
    path = Path(path)
    with reading(path, "counts"):
        check_exists(path)
        kind = kind or find_kind(path)
    if kind in HDF5.values():
        hdf5.probe(path)
    with reading(path, FORMATS[kind]):
        return _reader(kind, cells, modality)(path)


def check_exists(path: Path) -> None:
    """Check that a path exists.

    Raises
    ------
    UserError
        It does not; a Windows path and a prefix of files are recognised.
    """
    if path.exists():
        return
    if "\\" in str(path):
        hint = (
            "this looks like a Windows path: write it with '/' and as this machine sees it, relative to the samplesheet"
        )
    elif path.parent.is_dir() and any(path.parent.glob(f"{path.name}[_.-]*matrix.mtx*")):
        hint = "files of a sample begin with it: put them into a folder of their own and give that folder"
    else:
        hint = "correct the path in the samplesheet"
    raise UserError(f"{path}: no such file or folder; {hint}")


def find_kind(path: Path) -> str:
    """Return the format by name, and by content where several formats share a name.

    Raises
    ------
    UserError
        No accepted format has such a name.
    """
    name = path.name.lower()
    if path.is_dir() and not name.endswith(".zarr"):
        return "citeseq_count" if (path / "umi_count").is_dir() or path.name == "umi_count" else "10x_mtx"
    for ending, kind in HDF5.items():
        if name.endswith(ending):
            return _kind_of_hdf5(path, kind)
    if name.endswith(TABLES):
        from sscite.formats.tables import first_lines

        with reading(path, FORMATS["table"]):
            lines = first_lines(path, 1)
        return "bd" if lines and lines[0].startswith(("#", "Cell_Index")) else "table"
    endings = [Path(name.removesuffix(".gz")).suffix, Path(name).suffix]
    hint = next((CONVERT[ending] for ending in endings if ending in CONVERT), None)
    raise UserError(f"{path}: unknown format; {hint or f'accepted are {"; ".join(FORMATS.values())}'}")


def _kind_of_hdf5(path: Path, named: str) -> str:
    """Return what an HDF5 file holds: the name alone does not decide between 10x, AnnData and MuData."""
    if not path.is_file() or not h5py.is_hdf5(path):
        return named
    with reading(path, FORMATS[named]), h5py.File(path) as file:
        if "matrix" in file:
            return "10x_h5"
        if "mod" in file:
            return "h5mu"
        return "h5ad" if "obs" in file and "var" in file else named


def _reader(kind: str, cells: NDArray | None, modality: str | None) -> Callable[[Path], Counts]:
    """Return the reader of a format; its module is imported only now."""
    if kind == "10x_h5":
        from sscite.formats import tenx

        return tenx.read_h5
    if kind in ("10x_mtx", "citeseq_count"):
        from sscite.formats import folders

        return {"10x_mtx": folders.read_mtx, "citeseq_count": folders.read_citeseq_count}[kind]
    if kind in ("h5ad", "h5mu"):
        from sscite.formats import annotated

        return annotated.read_h5ad if kind == "h5ad" else lambda path: annotated.read_h5mu(path, only=modality)
    from sscite.formats import tables

    return tables.read_bd if kind == "bd" else lambda path: tables.read_table(path, cells=cells)
