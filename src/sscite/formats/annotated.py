"""AnnData's .h5ad and MuData's .h5mu of any version, read with h5py alone (importing anndata takes seconds).

Encodings: https://anndata.readthedocs.io/en/latest/fileformat-prose.html; anndata 0.6 stored compound arrays, `raw.X`
and the attributes `h5sparse_format` and `h5sparse_shape`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import UserError
from sscite.formats import hdf5
from sscite.formats.counts import Counts, build, join, value_problems
from sscite.formats.features import ENSEMBL, feature_frame
from sscite.formats.vocabulary import IDENTIFIERS, SYMBOLS, TYPE_OF, TYPES, column, modality
from sscite.names import HASHTAG, PROTEIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLACES = ("X", "layers/counts", "layers/raw_counts", "layers/raw", "layers/count", "layers/umi", "raw/X", "raw.X")
VAR_OF = {"raw/X": "raw/var", "raw.X": "raw.var"}


def read_h5ad(path: Path) -> Counts:
    """Read raw counts of an AnnData file: X, or the layer or `raw` that holds whole numbers where X does not.

    Proteins in `obsm` (`protein_expression`, as totalVI keeps them) and hashtags there are set beside the genes.
    """
    with h5py.File(path) as file:
        return _read_object(file, "", str(path))


def read_h5mu(path: Path, *, only: str | None = None) -> Counts:
    """Read the modalities of a MuData file (rna, prot or adt, hto), side by side, on the droplets of the first.

    Parameters
    ----------
    only
        Read this modality alone, if the file has it.
    """
    with h5py.File(path) as file:
        modalities = hdf5.group(file, "mod", str(path))
        known = {name: found for name in modalities if (found := modality(name))}
        if not known:
            raise UserError(
                f"{path}: none of its modalities ({', '.join(modalities)}) is known; name them rna, prot and hto"
            )
        if only in known.values():
            known = {name: found for name, found in known.items() if found == only}
        order = sorted(known, key=lambda name: list(TYPE_OF).index(known[name]))
        parts = [
            _read_object(hdf5.group(modalities, name, str(path)), TYPE_OF[known[name]], f"{path} ({name})")
            for name in order
        ]
        unknown = [name for name in modalities if modality(name) is None]
    joined = join(parts, where=str(path))
    return joined.doubt(f"unknown modalities were ignored: {', '.join(unknown)}") if unknown else joined


def _read_object(group: h5py.Group, feature_type: str, where: str) -> Counts:
    """Read one AnnData object; `feature_type` is that of its modality, empty where unknown."""
    for name in ("obs", "var"):
        if name not in group:
            raise UserError(f"{where}: not an AnnData object: it has no '{name}' but {hdf5.contents(group)}")
    barcodes = _index(group["obs"], where)
    place, matrix, features = _raw_counts(group, feature_type, barcodes, where)
    notes = [] if place == "X" else [f"raw counts were read from {place}, as X does not hold whole counts"]
    counts = build(matrix, barcodes, features, where=where, notes=notes)
    if feature_type:
        return counts
    extra = [_read_obsm(group, key, barcodes, where) for key in group.get("obsm", ()) if _obsm_modality(key)]
    return join([counts, *(part for part in extra if part is not None)], where=where)


def _raw_counts(
    group: h5py.Group, feature_type: str, barcodes: NDArray, where: str
) -> tuple[str, sparse.csr_matrix, pd.DataFrame]:
    """Find the first of X, layers and raw that holds whole counts; X if none does, so that its faults are reported."""
    found = None
    for place in PLACES:
        if place not in group or (place in VAR_OF and VAR_OF[place] not in group):
            continue
        features = _features(group[VAR_OF.get(place, "var")], feature_type, where)
        matrix = _matrix(group[place], (len(barcodes), len(features)), where)
        found = found or (place, matrix, features)
        if not value_problems(matrix, barcodes, features, where):
            return place, matrix, features
    if found is None:
        raise UserError(f"{where}: it has neither X nor a layer 'counts' nor raw; write the raw counts into X")
    return found


def _matrix(item: h5py.Dataset | h5py.Group, shape: tuple[int, int], where: str) -> sparse.csr_matrix:
    """Read a matrix stored dense, as CSR or as CSC, by anndata 0.6 or later; dense ones by blocks of rows."""
    if isinstance(item, h5py.Dataset):
        return hdf5.dense(item, shape, where)
    kind = hdf5.text(item.attrs.get("encoding-type", item.attrs.get("h5sparse_format", "csr")))
    claimed = tuple(int(n) for n in item.attrs.get("shape", item.attrs.get("h5sparse_shape", shape)))
    if claimed != shape:
        raise hdf5.mismatch(claimed, shape, where)
    return hdf5.compressed(item, shape, where, by_column="csc" in kind)


def _features(var: h5py.Group | h5py.Dataset, feature_type: str, where: str) -> pd.DataFrame:
    """Read names, identifiers and types of the features.

    Names are the index; where that holds Ensembl identifiers or numbers alone, the column of symbols.
    """
    names = _index(var, where)
    present = list(var.dtype.names) if isinstance(var, h5py.Dataset) else list(var)
    ids = next((_column(var, name, where) for name in column(present, IDENTIFIERS)), np.full(len(names), "", object))
    symbols = next((_column(var, name, where) for name in column(present, SYMBOLS)), None)
    if _share(names, ENSEMBL.match) > 0.5:
        ids, names = names, names if symbols is None else np.where(_empty(symbols), names, symbols)
    elif len(names) and _share(names, str.isdigit) > 0.9:
        chosen = ids if symbols is None else symbols
        if _empty(chosen).all():
            raise UserError(
                f"{where}: its features are numbered ('{names[0]}', ...); write their names into var's index"
            )
        names = np.where(_empty(chosen), names, chosen)
    return feature_frame(names, ids, feature_type or _types(var, present, len(names), where))


def _types(var: h5py.Group | h5py.Dataset, present: list[str], n: int, where: str) -> NDArray:
    """Read the first column of types whose words are known; empty texts if there is no such column."""
    unknown = None
    for name in column(present, TYPES):
        values = _column(var, name, where)
        if any(modality(value) is not None for value in set(values) - {""}):
            return values
        unknown = values if unknown is None and not _empty(values).all() else unknown
    return np.full(n, "", dtype=object) if unknown is None else unknown


def _share(names: NDArray, test: object) -> float:
    """Return the share of names that pass a test."""
    return sum(bool(test(str(name))) for name in names) / max(len(names), 1)  # type: ignore[operator]


def _empty(values: NDArray) -> NDArray[np.bool_]:
    """Find missing texts."""
    return np.isin(values.astype(str), ["", "nan", "None", "<NA>"])


def _read_obsm(group: h5py.Group, key: str, barcodes: NDArray, where: str) -> Counts | None:
    """Read counts kept in obsm: a data frame, or a matrix named in uns; None where nothing names its columns."""
    item = group[f"obsm/{key}"]
    place = f"{where} (obsm/{key})"
    if isinstance(item, h5py.Group) and "_index" in item.attrs:
        names = [hdf5.text(name) for name in item.attrs.get("column-order", ())]
        columns = [hdf5.dataset(item, name, place, kinds="iufb", length=len(barcodes))[:] for name in names]
        matrix = sparse.csr_matrix(np.column_stack(columns)) if columns else sparse.csr_matrix((len(barcodes), 0))
    else:
        uns = group.get("uns", {})
        listed = next((uns[f"{stem}_names"] for stem in (key.split("_")[0], key) if f"{stem}_names" in uns), None)
        if listed is None:
            return None
        names = list(hdf5.texts(listed, place))
        matrix = _matrix(item, (len(barcodes), len(names)), place)
    features = feature_frame(names, "", TYPE_OF[_obsm_modality(key) or PROTEIN])
    return build(matrix, barcodes, features, where=place, notes=[f"{len(names)} features from obsm/{key}"])


def _obsm_modality(key: str) -> str | None:
    """Return the modality of proteins or hashtags in obsm by their key; None for embeddings."""
    lowered = key.lower()
    for suffix in ("_expression", "_counts", ""):
        found = modality(lowered.removesuffix(suffix)) if lowered.endswith(suffix) else None
        if found in (PROTEIN, HASHTAG):
            return found
    return None


def _index(frame: h5py.Group | h5py.Dataset, where: str) -> NDArray:
    """Read the index of a stored data frame; anndata 0.6 stored a compound array whose first field it is."""
    if isinstance(frame, h5py.Dataset):
        hdf5.checked(frame, where)
        if not frame.dtype.names:
            raise UserError(f"{where}: '{frame.name}' is not a table; {hdf5.REMEDY}")
        name = next((field for field in frame.dtype.names if field in ("index", "_index")), frame.dtype.names[0])
        return _column(frame, name, where)
    name = hdf5.text(frame.attrs.get("_index", "_index"))
    if name not in frame:
        raise UserError(f"{where}: '{frame.name}' has no index '{name}' but {hdf5.contents(frame)}; {hdf5.REMEDY}")
    return hdf5.texts(frame[name], where)


def _column(frame: h5py.Group | h5py.Dataset, name: str, where: str) -> NDArray:
    """Read a column of texts; anndata before 0.8 kept categories in a group of their own."""
    if isinstance(frame, h5py.Dataset):
        return np.array([hdf5.text(value) for value in frame[name]], dtype=object)
    if name in frame.get("__categories", {}):
        categories = hdf5.texts(frame[f"__categories/{name}"], where)
        return hdf5.coded(hdf5.dataset(frame, name, where, kinds="iu")[:], categories, where)
    return hdf5.texts(frame[name], where)
