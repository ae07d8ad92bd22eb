"""Cell Ranger's .h5 and MTX folders, and CITE-seq-Count's folders, which share their layout."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
from scipy import io, sparse

from sscite.errors import UserError
from sscite.formats.counts import Counts, build, feature_frame, join

if TYPE_CHECKING:
    from numpy.typing import NDArray

GENES = "Gene Expression"
ANTIBODIES = "Antibody Capture"
CELLBENDER = ("droplet_latents", "global_latents", "latents", "matrix/ambient_expression")  # groups of its versions


def read_h5(path: Path) -> Counts:
    """Read Cell Ranger's .h5: version 3 (one group `matrix`, all feature types) or 2 (a group a genome, genes only)."""
    with h5py.File(path) as file:
        if "matrix" in file:
            denoised = any(name in file for name in CELLBENDER)
            notes = ["CellBender has removed ambient RNA from these counts"] if denoised else []
            return _read_group(file["matrix"], path, notes)
        genomes = [file[name] for name in file if isinstance(file[name], h5py.Group) and "indptr" in file[name]]
        if not genomes:
            raise UserError(
                f"{path}: not a 10x .h5: it holds {', '.join(file) or 'nothing'}, expected a group 'matrix'; "
                "give Cell Ranger's filtered_feature_bc_matrix.h5, or name an AnnData file .h5ad"
            )
        return join([_read_group(genome, path) for genome in genomes], where=str(path))


def _read_group(group: h5py.Group, path: Path, notes: Sequence[str] = ()) -> Counts:
    """Read one matrix, stored as CSC of features × droplets, that is CSR of droplets × features."""
    barcodes = _text(group["barcodes"])
    if "features" in group:
        features = feature_frame(
            _text(group["features/name"]), _text(group["features/id"]), _text(group["features/feature_type"])
        )
    else:
        features = feature_frame(_text(group["gene_names"]), _text(group["genes"]), GENES)
    n_features, n_droplets = (int(n) for n in group["shape"][:])
    data, indices, indptr = group["data"][:], group["indices"][:], group["indptr"][:]
    if len(indptr) != n_droplets + 1 or len(data) != len(indices) or indptr[-1] != len(data):
        raise UserError(
            f"{path}: the parts of its matrix disagree in length; the file is damaged: copy or export it again"
        )
    if len(indices) and indices.max() >= n_features:
        raise UserError(
            f"{path}: its matrix points beyond its {n_features:,} features; the file is damaged: export it again"
        )
    matrix = sparse.csr_matrix((data, indices, indptr), shape=(n_droplets, n_features))
    return build(matrix, barcodes, features, where=str(path), notes=notes)


def read_mtx(path: Path) -> Counts:
    """Read a folder of matrix.mtx, barcodes.tsv and features.tsv (version 3) or genes.tsv (2), plain or gzipped."""
    barcodes = _column(_part(path, "barcodes.tsv"), 0)
    listing = _part(path, "features.tsv", "genes.tsv")
    table = pd.read_csv(listing, sep="\t", header=None, dtype=str, keep_default_na=False, quoting=3)
    names = table[1] if table.shape[1] > 1 else table[0]
    types = table[2].tolist() if table.shape[1] > 2 else GENES
    features = feature_frame(names.tolist(), table[0].tolist(), types)
    return build(_matrix(_part(path, "matrix.mtx")).T, barcodes, features, where=str(path))


def read_citeseq_count(path: Path) -> Counts:
    """Read CITE-seq-Count's UMI counts; the row `unmapped` is no feature: removed, its share noted.

    Its features are `name-SEQUENCE`: the sequence goes to `gene_id` where the names stay unique without it.
    """
    folder = path / "umi_count" if (path / "umi_count").is_dir() else path
    barcodes = _column(_part(folder, "barcodes.tsv"), 0)
    names = _column(_part(folder, "features.tsv"), 0)
    matrix = sparse.csr_matrix(_matrix(_part(folder, "matrix.mtx")).T)
    real = np.array([name != "unmapped" for name in names])
    tagged = [re.fullmatch(r"(.+?)-([ACGTN]{6,})", name) for name in names]
    short = [match[1] if match else name for match, name in zip(tagged, names, strict=True)]
    ids = [match[2] if match else "" for match in tagged]
    if len(set(short)) < len(short):
        short, ids = names, [""] * len(names)
    notes = []
    if matrix.shape == (len(barcodes), len(names)) and not real.all():
        lost = matrix[:, np.flatnonzero(~real)].sum() / max(matrix.sum(), 1)
        notes = [f"{lost:.1%} of the tag counts are unmapped and left out"]
    kept = feature_frame(short, ids, ANTIBODIES)
    counts = build(matrix, barcodes, kept, where=str(path), notes=notes)
    return counts.select(real)


def _part(folder: Path, *choices: str) -> Path:
    """Find one of a folder's files by its name, plain or gzipped, alone or behind a prefix such as GEO's."""
    for choice in choices:
        for name in (choice, f"{choice}.gz"):
            if (folder / name).is_file():
                return folder / name
            prefixed = sorted(folder.glob(f"*[_.-]{name}"))
            if len(prefixed) == 1:
                return prefixed[0]
    inside = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
    raise UserError(
        f"{folder}: the folder has no {' or '.join(choices)} (plain or .gz); it holds {inside}; "
        "give the folder that holds matrix.mtx, barcodes.tsv and features.tsv"
    )


def _matrix(path: Path) -> sparse.coo_matrix:
    """Read a MatrixMarket file of features × droplets."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        try:
            return sparse.coo_matrix(io.mmread(stream))
        except (ValueError, OverflowError) as error:
            raise UserError(f"{path}: not a whole MatrixMarket file ({error}); copy or export it again") from error


def _column(path: Path, column: int) -> list[str]:
    """Read one column of a tab-separated list without a header."""
    table = pd.read_csv(path, sep="\t", header=None, dtype=str, keep_default_na=False, quoting=3)
    return table[column].tolist()


def _text(dataset: h5py.Dataset) -> NDArray:
    """Read texts, stored as bytes of fixed or variable length."""
    return np.array([value.decode() if isinstance(value, bytes) else str(value) for value in dataset[:]], dtype=object)
