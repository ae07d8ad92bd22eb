"""AnnData's .h5ad and MuData's .h5mu, read with h5py alone: importing anndata would cost each task seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import UserError
from sscite.formats.counts import Counts, build, feature_frame, join, value_problems
from sscite.formats.features import modality
from sscite.names import HASHTAG, PROTEIN, RNA

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPE_OF = {RNA: "Gene Expression", PROTEIN: "Antibody Capture", HASHTAG: "Hashtag"}
ID_COLUMNS = ("gene_ids", "gene_id", "ensembl", "ensembl_id", "feature_id")
TYPE_COLUMNS = ("feature_types", "feature_type", "modality")
PLACES = ("X", "layers/counts", "layers/raw_counts", "layers/raw", "raw/X")


def read_h5ad(path: Path) -> Counts:
    """Read raw counts of an AnnData file: X, or the layer or `raw` that holds whole numbers where X does not.

    Proteins in `obsm` (`protein_expression`, as totalVI keeps them) and hashtags there are set beside the genes.
    """
    with h5py.File(path) as file:
        return _read_object(file, "", str(path))


def read_h5mu(path: Path) -> Counts:
    """Read all modalities of a MuData file (rna, prot or adt, hto), side by side, on the droplets of the first."""
    with h5py.File(path) as file:
        if "mod" not in file:
            raise UserError(f"{path}: not a .h5mu: it has no group 'mod'; name an AnnData file .h5ad")
        known = {name: found for name in file["mod"] if (found := modality(name))}
        if not known:
            raise UserError(
                f"{path}: none of its modalities ({', '.join(file['mod'])}) is known; name them rna, prot and hto"
            )
        order = sorted(known, key=lambda name: list(TYPE_OF).index(known[name]))
        parts = [_read_object(file[f"mod/{name}"], TYPE_OF[known[name]], f"{path} ({name})") for name in order]
    return join(parts, where=str(path))


def _read_object(group: h5py.Group, feature_type: str, where: str) -> Counts:
    """Read one AnnData object; `feature_type` is that of its modality, empty where unknown."""
    barcodes = _index(group["obs"])
    place, matrix, features = _raw_counts(group, feature_type, barcodes, where)
    notes = [] if place == "X" else [f"raw counts were read from {place}, as X does not hold whole counts"]
    counts = build(matrix, barcodes, features, where=where, notes=notes)
    extra = [_read_obsm(group, key, barcodes, where) for key in group.get("obsm", ()) if _obsm_modality(key)]
    return join([counts, *(part for part in extra if part is not None)], where=where) if not feature_type else counts


def _raw_counts(
    group: h5py.Group, feature_type: str, barcodes: NDArray, where: str
) -> tuple[str, sparse.csr_matrix, pd.DataFrame]:
    """Find the first of X, layers and raw that holds whole counts; X where none does, so that its faults are told."""
    found = None
    for place in PLACES:
        if place not in group:
            continue
        features = _features(group["raw/var"] if place == "raw/X" else group["var"], feature_type)
        candidate = (place, _matrix(group[place], where), features)
        found = found or candidate
        if candidate[1].shape != (len(barcodes), len(features)) or not value_problems(
            candidate[1], barcodes, features, where
        ):
            return candidate
    if found is None:
        raise UserError(f"{where}: it has neither X nor a layer 'counts' nor raw; write the raw counts into X")
    return found


def _matrix(item: h5py.Dataset | h5py.Group, where: str) -> sparse.csr_matrix:
    """Read a matrix stored dense, as CSR or as CSC, by anndata 0.6 or later; dense ones by blocks of rows."""
    if isinstance(item, h5py.Dataset):
        step = max(1, 50_000_000 // max(item.shape[1] * item.dtype.itemsize, 1))
        blocks = [sparse.csr_matrix(item[start : start + step]) for start in range(0, item.shape[0], step)]
        return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix(item.shape, dtype=item.dtype)
    kind = _plain(item.attrs.get("encoding-type", item.attrs.get("h5sparse_format", "csr")))
    shape = tuple(int(n) for n in item.attrs.get("shape", item.attrs.get("h5sparse_shape", ())))
    parts = (item["data"][:], item["indices"][:], item["indptr"][:])
    try:
        return sparse.csc_matrix(parts, shape=shape).tocsr() if "csc" in kind else sparse.csr_matrix(parts, shape=shape)
    except ValueError as error:
        raise UserError(f"{where}: its matrix is damaged ({error}); copy or export the file again") from error


def _features(var: h5py.Group | h5py.Dataset, feature_type: str) -> pd.DataFrame:
    """Read names, identifiers and types of the features."""
    names = _index(var)
    ids = next((_column(var, column) for column in ID_COLUMNS if _has(var, column)), None)
    types = next((_column(var, column) for column in TYPE_COLUMNS if _has(var, column)), None)
    if ids is None and len(names) and sum(name.startswith("ENS") for name in names) > len(names) / 2:
        ids = names
        symbols = next((_column(var, c) for c in ("gene_symbols", "symbol", "gene_name") if _has(var, c)), None)
        names = ids if symbols is None else np.where(symbols == "", ids, symbols)
    return feature_frame(names, "" if ids is None else ids, feature_type if types is None else types)


def _read_obsm(group: h5py.Group, key: str, barcodes: NDArray, where: str) -> Counts | None:
    """Read counts kept in obsm: a data frame, or a matrix named in uns; None where nothing names its columns."""
    item = group[f"obsm/{key}"]
    if isinstance(item, h5py.Group) and "_index" in item.attrs:
        names = [str(name) for name in item.attrs["column-order"]]
        matrix = sparse.csr_matrix(np.column_stack([item[name][:] for name in names]))
    else:
        stems = (key.split("_")[0], key)
        uns = group.get("uns", {})
        listed = next((uns[f"{stem}_names"] for stem in stems if f"{stem}_names" in uns), None)
        if listed is None:
            return None
        names, matrix = [_plain(name) for name in listed[:]], _matrix(item, where)
    features = feature_frame(names, "", TYPE_OF[_obsm_modality(key) or PROTEIN])
    return build(
        matrix, barcodes, features, where=f"{where} (obsm/{key})", notes=[f"{len(names)} features from obsm/{key}"]
    )


def _obsm_modality(key: str) -> str | None:
    """Tell proteins and hashtags in obsm from embeddings by the key."""
    lowered = key.lower()
    for suffix in ("_expression", "_counts"):
        found = modality(lowered.removesuffix(suffix))
        if found in (PROTEIN, HASHTAG):
            return found
    return None


def _index(frame: h5py.Group | h5py.Dataset) -> NDArray:
    """Read the index of a stored data frame; anndata 0.6 stored a compound array whose first field it is."""
    if isinstance(frame, h5py.Dataset):
        return np.array([_plain(value) for value in frame[frame.dtype.names[0]]], dtype=object)
    values = frame[_plain(frame.attrs["_index"])][:]
    return np.array([_plain(value) for value in values], dtype=object)


def _has(frame: h5py.Group | h5py.Dataset, column: str) -> bool:
    """Say whether a stored data frame has a column."""
    return column in (frame.dtype.names if isinstance(frame, h5py.Dataset) else frame)


def _column(frame: h5py.Group | h5py.Dataset, column: str) -> NDArray:
    """Read a column of texts, plain or categorical; missing ones are empty."""
    item = frame[column]
    if isinstance(item, h5py.Group) and "codes" in item:
        codes, categories = item["codes"][:], item["categories"][:]
    elif isinstance(frame, h5py.Group) and column in frame.get("__categories", {}):
        codes, categories = item[:], frame[f"__categories/{column}"][:]
    else:
        values = item["values"][:] if isinstance(item, h5py.Group) else item[:]
        return np.array([_plain(value) for value in values], dtype=object)
    texts = np.array([*(_plain(value) for value in categories), ""], dtype=object)
    return texts[codes]


def _plain(value: object) -> str:
    """Turn bytes or any scalar into text."""
    return value.decode() if isinstance(value, bytes) else str(value)
