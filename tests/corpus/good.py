"""Whole inputs of every kind, small, which the corpus then breaks in one way each."""

from __future__ import annotations

import gzip
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

N = 60
RNG = np.random.default_rng(0)
BARCODES = ["".join(RNG.choice(list("ACGT"), 16)) + "-1" for _ in range(N)]
GENES = ["CD3E", "MT-CO1", "LYZ", "GNLY"]
IDS = ["ENSG00000198851", "ENSG00000198804", "ENSG00000090382", "ENSG00000115523"]
TAGS = ["CD4_TotalSeqC", "Hashtag1", "Hashtag2"]
TYPES = ["Gene Expression"] * 4 + ["Antibody Capture"] * 3
COUNTS = RNG.poisson(4, (N, 7)).astype(np.int64) + 1


def tenx(path: Path, counts: np.ndarray = COUNTS, types: list[str] = TYPES) -> Path:
    """Write a 10x .h5."""
    stored = sparse.csr_matrix(counts)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array(BARCODES, "S")
        group["data"], group["indices"], group["indptr"] = stored.data, stored.indices, stored.indptr
        group["shape"] = [counts.shape[1], N]
        for name, values in (("id", IDS + TAGS), ("name", GENES + TAGS), ("feature_type", types)):
            group[f"features/{name}"] = np.array(values, "S")
    return path


def h5ad(path: Path, *, dense: bool = False, counts: np.ndarray = COUNTS) -> Path:
    """Write an AnnData file as anndata 0.8 and later do."""
    with h5py.File(path, "w") as file:
        write_object(file, counts, GENES + TAGS, TYPES, dense=dense)
    return path


def write_object(
    group: h5py.Group, counts: np.ndarray, names: list[str], types: list[str], *, dense: bool = False
) -> None:
    """Write one AnnData object into a group."""
    if dense:
        group["X"] = counts
    else:
        stored = sparse.csr_matrix(counts)
        x = group.create_group("X")
        x.attrs["encoding-type"], x.attrs["shape"] = "csr_matrix", counts.shape
        x["data"], x["indices"], x["indptr"] = stored.data, stored.indices, stored.indptr
    for name, index in (("obs", BARCODES[: len(counts)]), ("var", names)):
        frame = group.create_group(name)
        frame.attrs["_index"] = "_index"
        frame["_index"] = np.array(index, "S")
    kinds = group["var"].create_group("feature_types")
    categories = sorted(set(types))
    kinds["categories"] = np.array(categories, "S")
    kinds["codes"] = np.array([categories.index(kind) for kind in types], np.int8)


def h5mu(path: Path) -> Path:
    """Write a MuData file."""
    with h5py.File(path, "w") as file:
        write_object(file.create_group("mod/rna"), COUNTS[:, :4], GENES, TYPES[:4])
        write_object(file.create_group("mod/prot"), COUNTS[:, 4:], TAGS, TYPES[4:])
    return path


def mtx_lines(counts: np.ndarray = COUNTS, kind: str = "integer") -> list[str]:
    """Return the lines of a MatrixMarket file of features × droplets."""
    stored = sparse.coo_matrix(counts.T)
    head = [f"%%MatrixMarket matrix coordinate {kind} general", f"{counts.shape[1]} {counts.shape[0]} {stored.nnz}"]
    return head + [f"{r + 1} {c + 1} {v}" for r, c, v in zip(stored.row, stored.col, stored.data, strict=True)]


def folder(path: Path, **parts: str | bytes | None) -> Path:
    """Write a 10x folder; `matrix`, `barcodes` or `features` replace a part, None leaves it out."""
    path.mkdir()
    whole: dict[str, str | bytes | None] = {
        "matrix": "\n".join(mtx_lines()) + "\n",
        "barcodes": "".join(f"{barcode}\n" for barcode in BARCODES),
        "features": "".join("\t".join(row) + "\n" for row in zip(IDS + TAGS, GENES + TAGS, TYPES, strict=True)),
    }
    endings = {"matrix": "mtx", "barcodes": "tsv", "features": "tsv"}
    for name, content in (whole | parts).items():
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            (path / f"{name}.{endings[name]}.gz").write_bytes(gzip.compress(data, mtime=0))
    return path


def table() -> str:
    """Return a table of droplets × features as CSV."""
    return pd.DataFrame(COUNTS, index=pd.Index(BARCODES, name="barcode"), columns=GENES + TAGS).to_csv()


def calls() -> pd.DataFrame:
    """Return vireo's calls as text."""
    donors = ["donor0", "donor1"] * (N // 2)
    return pd.DataFrame({"cell": BARCODES, "donor_id": donors, "prob_max": "0.99", "prob_doublet": "0.01"})


SHEET = (
    "library,sample,donor,tissue,counts,hashtag,group,age\n"
    "L1,s1,d1,blood,a.h5,H1,SSc,57\nL1,s2,d2,blood,a.h5,H2,HD,60\nL2,s3,d1,kidney,b.h5,,SSc,57\n"
    "L3,s4,d2,kidney,c.h5,,HD,60\nL4,s5,d3,blood,d.h5,,SSc,41\nL5,s6,d4,blood,e.h5,,HD,44\n"
)
CONTRASTS = (
    "contrast,variable,reference,target,tissue,subset,block,covariates\nSSc in blood,group,HD,SSc,blood,CD4 T,,age\n"
)
SUBSETS = (
    "lineages:\n  T:\n    lineages: [CD4 T]\n    subsets:\n      naive: {up: [CCR7, TCF7]}\n"
    "      memory: {up: [S100A4], down: [CCR7]}\n"
)
