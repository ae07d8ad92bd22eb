"""Cell Ranger's .h5: version 3 (one group `matrix`, all feature types) or 2 (a group per genome, genes alone).

CellBender writes either, with what it inferred beside the matrix: in groups of their own (0.3), or as arrays in the
matrix's group (0.1 and 0.2, whose group for version 2 is `background_removed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py

from sscite.errors import UserError
from sscite.formats import hdf5
from sscite.formats.counts import Counts, build, join
from sscite.formats.features import feature_frame

GENES = "Gene Expression"
DENOISED = "CellBender has removed ambient RNA from these counts"
INFERRED = ("droplet_latents", "global_latents", "ambient_expression")  # groups or arrays that CellBender adds
MISSING = "NA"  # what CellBender writes if its input has no identifiers or feature types


def read_h5(path: Path) -> Counts:
    """Read Cell Ranger's .h5 of either version, or CellBender's."""
    with h5py.File(path) as file:
        if "matrix" in file:
            groups = [hdf5.group(file, "matrix", str(path))]
        else:
            groups = [file[name] for name in file if isinstance(file[name], h5py.Group) and "indptr" in file[name]]
        if not groups:
            raise UserError(
                f"{path}: not a 10x .h5: it holds {hdf5.contents(file)}, expected a group 'matrix'; give Cell Ranger's "
                "filtered_feature_bc_matrix.h5, or an AnnData file"
            )
        denoised = any(name in place for place in (file, *groups) for name in INFERRED)
        parts = [_read_group(group, str(path), [DENOISED] if denoised else []) for group in groups]
        return parts[0] if len(parts) == 1 else join(parts, where=str(path))


def _read_group(group: h5py.Group, where: str, notes: Sequence[str]) -> Counts:
    """Read one matrix, stored as CSC of features × droplets, that is CSR of droplets × features."""
    barcodes = hdf5.texts(hdf5.dataset(group, "barcodes", where), where)
    if "features" in group:
        listed = hdf5.group(group, "features", where)
        ids = hdf5.dataset(listed, "id", where)
        names = hdf5.dataset(listed, "name" if "name" in listed else "id", where, length=len(ids))
        types = (
            hdf5.texts(hdf5.dataset(listed, "feature_type", where, length=len(ids)), where)
            if "feature_type" in listed
            else GENES
        )
        features = feature_frame(hdf5.texts(names, where), hdf5.texts(ids, where), types)
    else:
        ids = hdf5.dataset(group, "genes", where)
        names = hdf5.dataset(group, "gene_names", where, length=len(ids))
        features = feature_frame(hdf5.texts(names, where), hdf5.texts(ids, where), GENES)
    features = features.replace(MISSING, "")
    claimed = [int(n) for n in hdf5.dataset(group, "shape", where, kinds="iu", length=2)[:]]
    shape = (len(barcodes), len(features))
    if claimed != [shape[1], shape[0]]:
        raise hdf5.mismatch((claimed[1], claimed[0]), shape, where)
    return build(hdf5.compressed(group, shape, where), barcodes, features, where=where, notes=notes)
