"""Cell Ranger's .h5: version 3 (one group `matrix`, all feature types) or 2 (a group per genome, genes alone)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py

from sscite.errors import UserError
from sscite.formats import hdf5
from sscite.formats.counts import Counts, build, join
from sscite.formats.features import feature_frame

GENES = "Gene Expression"
CELLBENDER = ("droplet_latents", "global_latents", "latents", "matrix/ambient_expression")  # groups of its versions


def read_h5(path: Path) -> Counts:
    """Read Cell Ranger's or CellBender's .h5 of either version."""
    with h5py.File(path) as file:
        if "matrix" in file:
            denoised = any(name in file for name in CELLBENDER)
            notes = ["CellBender has removed ambient RNA from these counts"] if denoised else []
            return _read_group(hdf5.group(file, "matrix", str(path)), str(path), notes)
        genomes = [file[name] for name in file if isinstance(file[name], h5py.Group) and "indptr" in file[name]]
        if not genomes:
            raise UserError(
                f"{path}: not a 10x .h5: it holds {hdf5.contents(file)}, expected a group 'matrix'; give Cell Ranger's "
                "filtered_feature_bc_matrix.h5, or an AnnData file"
            )
        return join([_read_group(genome, str(path)) for genome in genomes], where=str(path))


def _read_group(group: h5py.Group, where: str, notes: Sequence[str] = ()) -> Counts:
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
    claimed = [int(n) for n in hdf5.dataset(group, "shape", where, kinds="iu", length=2)[:]]
    shape = (len(barcodes), len(features))
    if claimed != [shape[1], shape[0]]:
        raise hdf5.mismatch((claimed[1], claimed[0]), shape, where)
    return build(hdf5.compressed(group, shape, where), barcodes, features, where=where, notes=notes)
