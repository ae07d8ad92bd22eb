"""Inputs that are broken in one way each: what a truncated copy, a wrong tool, a spreadsheet or an attacker makes."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from corpus import good


@dataclass(frozen=True)
class Case:
    """One broken input: its kind, what is broken, and how it is made in a folder (a path is returned)."""

    kind: str
    name: str
    make: Callable[[Path], Path]


def every() -> list[Case]:
    """Return all broken inputs."""
    makers = (
        tenx, annotated, modalities, folders, compressed, tables, genotypes, cell_samples, sheets, contrasts, subsets, gene_sets, models,
        small_tables, own_files, libraries,
    )  # fmt: skip
    return [case for maker in makers for case in maker()]


def _text(kind: str, ending: str, variants: dict[str, str | bytes]) -> Iterator[Case]:
    """Yield a case for each text."""
    for name, content in variants.items():
        data = content if isinstance(content, bytes) else content.encode()
        yield Case(kind, name, lambda folder, data=data: _write(folder / f"input{ending}", data))


def _write(path: Path, data: bytes) -> Path:
    """Write bytes and return the path."""
    path.write_bytes(data)
    return path


def _edited(kind: str, write: Callable[[Path], Path], ending: str, edits: dict[str, Any]) -> Iterator[Case]:
    """Yield a case for each edit of an HDF5 file: a function of the open file."""
    for name, edit in edits.items():

        def make(folder: Path, edit: Any = edit) -> Path:
            path = write(folder / f"input{ending}")
            with h5py.File(path, "a") as file:
                edit(file)
            return path

        yield Case(kind, name, make)


def _set(place: str, value: Any) -> Callable[[h5py.File], None]:
    """Return an edit that replaces a dataset."""

    def edit(file: h5py.File) -> None:
        if place in file:
            del file[place]
        if value is not None:
            file[place] = value

    return edit


def _change(place: str, index: int, value: Any, dtype: str | None = None) -> Callable[[h5py.File], None]:
    """Return an edit that changes one entry of a dataset."""

    def edit(file: h5py.File) -> None:
        values = file[place][:]
        values = values.astype(dtype) if dtype else values
        values[index] = value
        del file[place]
        file[place] = values

    return edit


def _claim(place: str, shape: tuple[int, ...], dtype: str = "i4") -> Callable[[h5py.File], None]:
    """Return an edit that puts a dataset which claims more than the file holds."""

    def edit(file: h5py.File) -> None:
        if place in file:
            del file[place]
        file.create_dataset(place, shape=shape, dtype=dtype, chunks=tuple(min(n, 1000) for n in shape))

    return edit


def _external(place: str) -> Callable[[h5py.File], None]:
    """Return an edit that stores a dataset in another file."""

    def edit(file: h5py.File) -> None:
        n = file[place].shape[0]
        del file[place]
        file.create_dataset(place, shape=(n,), dtype="i4", external=[("/etc/hostname", 0, 4 * n)])

    return edit


def _virtual(place: str) -> Callable[[h5py.File], None]:
    """Return an edit that makes a dataset virtual."""

    def edit(file: h5py.File) -> None:
        n = file[place].shape[0]
        del file[place]
        layout = h5py.VirtualLayout(shape=(n,), dtype="i4")
        layout[:] = h5py.VirtualSource("elsewhere.h5", "data", shape=(n,))
        file.create_virtual_dataset(place, layout)

    return edit


def _sparse_edits(at: str) -> dict[str, Any]:
    """Return the ways in which a compressed sparse matrix is broken."""
    n = len(good.COUNTS.ravel())
    return {
        "data missing": _set(f"{at}/data", None),
        "indices missing": _set(f"{at}/indices", None),
        "indptr missing": _set(f"{at}/indptr", None),
        "data is text": _set(f"{at}/data", np.array(["x"] * n, "S")),
        "data is a table": _set(f"{at}/data", np.ones((n, 2))),
        "data is a scalar": _set(f"{at}/data", 5),
        "data too short": _set(f"{at}/data", np.ones(n - 1)),
        "indices are fractions": _set(f"{at}/indices", np.zeros(n) + 0.5),
        "index negative": _change(f"{at}/indices", 3, -1, "i8"),
        "index out of range": _change(f"{at}/indices", 3, 10**6, "i8"),
        "index beyond 2^32": _change(f"{at}/indices", 3, 2**33, "i8"),
        "indptr begins at 1": _change(f"{at}/indptr", 0, 1),
        "indptr falls": _change(f"{at}/indptr", 5, 10**6),
        "indptr negative": _change(f"{at}/indptr", 5, -7),
        "indptr ends early": _change(f"{at}/indptr", -1, n - 3),
        "indptr too short": _set(f"{at}/indptr", np.arange(5)),
        "negative count": _change(f"{at}/data", 2, -3),
        "fraction": _change(f"{at}/data", 2, 1.5, "f8"),
        "NaN": _change(f"{at}/data", 2, np.nan, "f8"),
        "infinite": _change(f"{at}/data", 2, np.inf, "f4"),
        "above 2^31": _change(f"{at}/data", 2, 2**31, "i8"),
        "above 2^63": _change(f"{at}/data", 2, 2**63 + 5, "u8"),
        "data claims 10^12": _claim(f"{at}/data", (10**12,)),
        "indptr claims 10^12": _claim(f"{at}/indptr", (10**12,), "i8"),
        "data elsewhere": _external(f"{at}/data"),
        "data virtual": _virtual(f"{at}/data"),
        "indices a group": lambda file: (file.__delitem__(f"{at}/indices"), file.create_group(f"{at}/indices")),
    }


def _truncated(kind: str, write: Callable[[Path], Path], ending: str) -> Iterator[Case]:
    """Yield a file cut at several places, and files of other content under its name."""
    for share in (0.0, 0.02, 0.3, 0.6, 0.95):

        def make(folder: Path, share: float = share) -> Path:
            whole = write(folder / f"whole{ending}").read_bytes()
            return _write(folder / f"input{ending}", whole[: int(share * len(whole))])

        yield Case(kind, f"cut at {share:.0%}", make)
    for name, data in {
        "random bytes": good.RNG.bytes(5000),
        "a web page": b"<html>404</html>",
        "NUL": b"\0" * 999,
    }.items():
        yield Case(kind, name, lambda folder, data=data: _write(folder / f"input{ending}", data))


def tenx() -> Iterator[Case]:
    """Yield broken 10x .h5 files."""
    kind = "10x .h5"
    names = [name.encode() for name in good.GENES + good.TAGS]
    edits = _sparse_edits("matrix") | {
        "shape lies": _set("matrix/shape", [7, 10**12]),
        "shape negative": _set("matrix/shape", [-7, 60]),
        "shape of three": _set("matrix/shape", [7, 60, 2]),
        "shape text": _set("matrix/shape", np.array(["7", "60"], "S")),
        "barcodes missing": _set("matrix/barcodes", None),
        "barcodes a table": _set("matrix/barcodes", np.zeros((60, 2))),
        "barcode empty": _change("matrix/barcodes", 4, b""),
        "barcode twice": _change("matrix/barcodes", 4, good.BARCODES[5].encode()),
        "barcode with a tab": _change("matrix/barcodes", 4, b"AC\tGT"),
        "barcodes claim 10^10": _claim("matrix/barcodes", (10**10,), "S16"),
        "barcode not UTF-8": _change("matrix/barcodes", 4, b"\xff\xfe"),
        "too few barcodes": _set("matrix/barcodes", np.array(good.BARCODES[:50], "S")),
        "features missing": _set("matrix/features", None),
        "names missing": lambda file: (
            file.__delitem__("matrix/features/name"),
            file.__delitem__("matrix/features/id"),
        ),
        "names too few": _set("matrix/features/name", np.array(names[:5])),
        "types too few": _set("matrix/features/feature_type", np.array([b"Gene Expression"])),
        "feature empty": _set("matrix/features/name", np.array([b"", *names[1:]])),
        "feature of 2,000 letters": _set("matrix/features/name", np.array([b"A" * 2000, *names[1:]])),
        "unknown type": _set("matrix/features/feature_type", np.array([b"Metabolite"] * 7)),
        "hashtag with an Ensembl identifier": lambda file: (
            _set("matrix/features/feature_type", np.array([b"Gene Expression"] * 7))(file),
            _set("matrix/features/id", np.array([f"ENSG{i:011d}".encode() for i in range(7)]))(file),
        ),
        "no matrix": lambda file: file.__delitem__("matrix"),
    }
    yield from _edited(kind, good.tenx, ".h5", edits)
    yield from _truncated(kind, good.tenx, ".h5")


def annotated() -> Iterator[Case]:
    """Yield broken AnnData files."""
    kind = "AnnData .h5ad"
    edits = _sparse_edits("X") | {
        "X missing": _set("X", None),
        "obs missing": _set("obs", None),
        "var missing": _set("var", None),
        "obs a number": lambda file: (file.__delitem__("obs"), file.__setitem__("obs", 3)),
        "index missing": _set("obs/_index", None),
        "index names another": lambda file: file["obs"].attrs.__setitem__("_index", "nowhere"),
        "index twice": _change("obs/_index", 3, good.BARCODES[4].encode()),
        "index empty": _change("obs/_index", 3, b""),
        "shape lies": lambda file: file["X"].attrs.__setitem__("shape", (10**12, 7)),
        "codes out of range": _change("var/feature_types/codes", 2, 9),
        "categories missing": _set("var/feature_types/categories", None),
        "codes are text": _set("var/feature_types/codes", np.array(["a"] * 7, "S")),
        "unknown types": _set("var/feature_types/categories", np.array(["Lipid", "Sugar"], "S")),
        "features numbered": _set("var/_index", np.array([str(i) for i in range(7)], "S")),
        "obsm of other length": lambda file: _obsm(file, 10),
        "obsm columns missing": lambda file: _obsm(file, None),
        "index claims 10^10": _claim("var/_index", (10**10,), "S16"),
    }
    yield from _edited(kind, good.h5ad, ".h5ad", edits)
    dense = {
        "dense claims 10^9 rows": _claim("X", (10**9, 7), "f4"),
        "dense of other shape": _set("X", np.ones((3, 3))),
        "dense of text": _set("X", np.array([["x"] * 7] * 60, "S")),
        "dense of one dimension": _set("X", np.ones(420)),
        "dense negative": _set("X", -good.COUNTS),
        "dense normalised": _set("X", np.log1p(good.COUNTS)),
        "dense NaN": _set("X", np.where(good.COUNTS > 5, np.nan, good.COUNTS)),
        "dense complex": _set("X", good.COUNTS * 1j),
    }
    yield from _edited(kind, lambda path: good.h5ad(path, dense=True), ".h5ad", dense)
    yield from _truncated(kind, good.h5ad, ".h5ad")


def _obsm(file: h5py.File, n: int | None) -> None:
    """Write a frame of proteins into obsm: of n rows, or with a column that is not there."""
    frame = file.create_group("obsm/protein_expression")
    frame.attrs["_index"] = "_index"
    frame.attrs["column-order"] = np.array(["CD8"], dtype="S")
    if n:
        frame["CD8"] = np.ones(n)


def modalities() -> Iterator[Case]:
    """Yield broken MuData files."""
    edits = {
        "no modality": lambda file: file.move("mod", "mods"),
        "modalities unknown": lambda file: (file.move("mod/rna", "mod/x"), file.move("mod/prot", "mod/y")),
        "modality a dataset": lambda file: (file.__delitem__("mod/prot"), file.__setitem__("mod/prot", np.ones(3))),
        "modality empty": lambda file: (file.__delitem__("mod/prot"), file.create_group("mod/prot")),
        "other cells": _set("mod/prot/obs/_index", np.array([f"{'TG' * 7}{i:02d}" for i in range(60)], "S")),
        "obs shorter": _set("mod/rna/obs/_index", np.array(good.BARCODES[:10], "S")),
        "X negative": _change("mod/prot/X/data", 0, -1),
        "mod a number": lambda file: (file.__delitem__("mod"), file.__setitem__("mod", 1)),
    }
    yield from _edited("MuData .h5mu", good.h5mu, ".h5mu", edits)
    yield from _truncated("MuData .h5mu", good.h5mu, ".h5mu")


def folders() -> Iterator[Case]:
    """Yield broken 10x folders."""
    lines = good.mtx_lines()

    def changed(at: int, line: str) -> str:
        return "\n".join([*lines[:at], line, *lines[at + 1 :]]) + "\n"

    barcodes = "".join(f"{barcode}\n" for barcode in good.BARCODES)
    features = "".join(f"{i}\t{n}\n" for i, n in zip(good.IDS + good.TAGS, good.GENES + good.TAGS, strict=True))
    variants: dict[str, dict[str, str | bytes | None]] = {
        "no header": {"matrix": "\n".join(lines[1:])},
        "pattern": {"matrix": changed(0, "%%MatrixMarket matrix coordinate pattern general")},
        "symmetric": {"matrix": changed(0, "%%MatrixMarket matrix coordinate integer symmetric")},
        "complex": {"matrix": changed(0, "%%MatrixMarket matrix coordinate complex general")},
        "sizes missing": {"matrix": lines[0] + "\n"},
        "sizes are words": {"matrix": changed(1, "seven sixty many")},
        "sizes negative": {"matrix": changed(1, "-7 60 420")},
        "claims 10^12 values": {"matrix": changed(1, "7 60 1000000000000")},
        "claims 10^12 droplets": {"matrix": changed(1, "7 1000000000000 420")},
        "more values than claimed": {"matrix": changed(1, "7 60 100")},
        "fewer values than claimed": {"matrix": "\n".join(lines[:200])},
        "fraction as integer": {"matrix": changed(9, "1 8 1.5")},
        "NaN": {"matrix": changed(9, "1 8 nan")},
        "infinite": {"matrix": changed(9, "1 8 inf")},
        "word": {"matrix": changed(9, "1 8 many")},
        "negative": {"matrix": changed(9, "1 8 -4")},
        "above 2^31": {"matrix": changed(9, "1 8 2147483648")},
        "above 2^63": {"matrix": changed(9, "1 8 99999999999999999999999")},
        "row 0": {"matrix": changed(9, "0 8 4")},
        "value twice": {"matrix": changed(9, "1 7 4")},
        "row out of range": {"matrix": changed(9, "8 2 4")},
        "column out of range": {"matrix": changed(9, "3 61 4")},
        "row negative": {"matrix": changed(9, "-3 2 4")},
        "row beyond 2^64": {"matrix": changed(9, "99999999999999999999 2 4")},
        "two fields": {"matrix": changed(9, "1 8")},
        "NUL in the matrix": {"matrix": changed(9, "1 8 \0")},
        "matrix missing": {"matrix": None},
        "barcodes missing": {"barcodes": None},
        "features missing": {"features": None},
        "barcode too few": {"barcodes": barcodes[:-36]},
        "barcode empty": {"barcodes": barcodes.replace(good.BARCODES[3], "")},
        "barcode twice": {"barcodes": barcodes.replace(good.BARCODES[3], good.BARCODES[4])},
        "barcodes UTF-16": {"barcodes": barcodes.encode("utf-16")},
        "barcodes Latin-1": {"barcodes": barcodes.replace("A", "é", 1).encode("latin1")},
        "barcodes empty": {"barcodes": ""},
        "features too many": {"features": features + "x\ty\n"},
        "feature empty": {"features": features.replace("CD3E", "")},
        "feature twice": {"features": features.replace("ENSG00000198804\tMT-CO1", "ENSG00000198851\tCD3E")},
        "feature type unknown": {"features": features.replace("CD3E", "CD3E\tWater")},
        "matrix a web page": {"matrix": "<html></html>"},
        "features NUL": {"features": features.replace("LYZ", "L\0Z")},
    }
    for name, parts in variants.items():
        yield Case("10x folder", name, lambda folder, parts=parts: good.folder(folder / "input", **parts))

    def two_samples(folder: Path) -> Path:
        path = good.folder(folder / "input")
        for part in list(path.iterdir()):
            (path / f"B_{part.name}").write_bytes(part.read_bytes())
            part.rename(path / f"A_{part.name}")
        return path

    def of_two(folder: Path) -> Path:
        path = two_samples(folder)
        for name in ("B_matrix.mtx.gz", "A_barcodes.tsv.gz", "B_features.tsv.gz"):
            (path / name).unlink()
        return path

    def empty(folder: Path) -> Path:
        (folder / "input").mkdir()
        return folder / "input"

    def matrix_a_folder(folder: Path) -> Path:
        path = good.folder(folder / "input", matrix=None)
        (path / "matrix.mtx").mkdir()
        return path

    yield Case("10x folder", "two samples", two_samples)
    yield Case("10x folder", "parts of two samples", of_two)
    yield Case("10x folder", "empty", empty)
    yield Case("10x folder", "matrix a folder", matrix_a_folder)


def compressed() -> Iterator[Case]:
    """Yield text files whose compression is broken or hostile."""
    whole = gzip.compress(good.table().encode(), mtime=0)
    variants = {
        "cut": whole[: len(whole) // 2], "without its end": whole[:-6], "one byte flipped": _flip(whole, len(whole) // 2),
        "not compressed": good.table().encode(), "empty": b"", "header alone": whole[:10],
        "a bomb of barcodes": gzip.compress(b"barcode,a\n" + b"ACGTACGTACGTACGT,0\n" * 12_000_000, 9, mtime=0),
    }  # fmt: skip
    yield from _text("gzip", ".csv.gz", variants)


def _flip(data: bytes, at: int) -> bytes:
    """Return bytes with one byte inverted."""
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


def tables() -> Iterator[Case]:
    """Yield broken tables of counts."""
    whole = good.table()
    lines = whole.splitlines()

    def value(text: str) -> str:
        fields = lines[3].split(",")
        fields[2] = text
        return "\n".join([*lines[:3], ",".join(fields), *lines[4:]]) + "\n"

    variants: dict[str, str | bytes] = {
        "empty": "", "blank": "\n\n\n", "header alone": lines[0], "one column": "barcode\nAC\n", "a web page": "<html>\n",
        "comments alone": "#a\n#b\n", "binary": good.RNG.bytes(4000), "UTF-16": whole.encode("utf-16"),
        "Latin-1": whole.replace("CD3E", "CD3é").encode("latin1"), "NUL": whole.replace("CD3E", "CD\0"),
        "row longer": lines[0] + "\n" + lines[1] + ",5\n" + lines[2] + "\n", "row far longer": value("1,2,3,4"),
        "row shorter": "\n".join([*lines[:2], good.BARCODES[1] + ",1", *lines[3:]]), "word": value("many"),
        "hexadecimal": value("0x10"), "boolean": value("TRUE"), "decimal comma": value('"1,5"'), "NaN": value("nan"),
        "missing": value(""), "infinite": value("inf"), "negative": value("-1"), "fraction": value("0.5"),
        "thousands": value('"1,234"'), "above 2^31": value("3000000000"), "above 2^63": value("1e30"),
        "column twice": whole.replace("LYZ", "CD3E"), "column without a name": whole.replace("LYZ", ""),
        "barcode twice": whole.replace(good.BARCODES[1], good.BARCODES[2]), "no barcode": whole.replace(good.BARCODES[1], ""),
        "quote not closed": whole.replace("CD3E", '"CD3E'), "normalised": whole.replace(",5", ",1.609438"),
        "all columns true": "barcode,a\n" + "".join(f"{b},True\n" for b in good.BARCODES),
        "both sides barcodes": "x," + ",".join(b[::-1][2:] for b in good.BARCODES[:40]) + "\n"
        + "".join(f"{b[:-2]}," + ",".join("1" * 40) + "\n" for b in good.BARCODES[:50]),
    }  # fmt: skip
    yield from _text("table", ".csv", variants)
    head = "## BD Rhapsody\n"
    bd: dict[str, str | bytes] = {
        "calls": head + "Cell_Index,Sample_Tag,Sample_Name\n1,SampleTag01_hs,a\n", "header alone": head + "Cell_Index,A\n",
        "no table": head, "word": head + "Cell_Index,A\n1,x\n", "cell twice": head + "Cell_Index,A\n1,1\n1,1\n",
        "negative": head + "Cell_Index,CD3|CD3E|AHS0231|pAbO\n1,-1\n", "one column": head + "Cell_Index\n1\n",
    }  # fmt: skip
    yield from _text("BD table", ".csv", bd)
    for ending in (".rds", ".loom", ".xlsx", ".zip", ".fastq.gz", ".mtx", ".h5seurat", ".docx", ".pdf", ""):
        yield from _text("other format", ending, {f"'{ending}'": b"content"})


def genotypes() -> Iterator[Case]:
    """Yield broken genotype calls."""
    whole = good.calls()

    def tsv(**columns: Any) -> str:
        return whole.assign(**columns).to_csv(sep="\t", index=False)

    text = tsv()
    variants: dict[str, str | bytes] = {
        "probability 5": tsv(prob_max="5"), "probability word": tsv(prob_max="sure"), "probability -1": tsv(prob_doublet="-1"),
        "no rows": text.splitlines()[0] + "\n", "empty": "", "unknown columns": "a\tb\n1\t2\n", "commas": text.replace("\t", ","),
        "barcode twice": tsv(cell=good.BARCODES[0]), "barcode empty": tsv(cell=["", *good.BARCODES[1:]]),
        "donor empty": tsv(donor_id=""), "row longer": text + "x\td\t0.9\t0.1\t7\t8\n", "NUL": text.replace("donor0", "d\0"),
        "UTF-16": text.encode("utf-16"), "binary": good.RNG.bytes(3000), "Latin-1": text.replace("donor0", "é").encode("latin1"),
    }  # fmt: skip
    yield from _text("genotype calls", ".tsv", variants)


def cell_samples() -> Iterator[Case]:
    """Yield broken tables of cells and samples."""
    head, rows = "barcode,sample\n", "".join(f"{barcode},s{i % 2}\n" for i, barcode in enumerate(good.BARCODES))
    variants: dict[str, str | bytes] = {
        "empty": "", "header alone": head, "no column sample": rows, "samples twice": "barcode,sample,Sample\nA,s0,s1\n",
        "barcode twice": head + rows + rows.splitlines()[0] + "\n", "barcode empty": head + rows + ",s0\n",
        "row longer": head + rows + "A,s0,s1\n", "row shorter": head + rows + "A\n", "NUL": head + rows.replace("s1", "s\0"),
        "quote not closed": head + '"' + rows, "UTF-16": (head + rows).encode("utf-16"), "binary": good.RNG.bytes(3000),
        "Latin-1": (head + rows.replace("s1", "é")).encode("latin1"), "spaces as separator": (head + rows).replace(",", " "),
        "of a whole cohort": head + rows + rows,
    }  # fmt: skip
    yield from _text("cells and samples", ".csv", variants)
    yield from _text("cells and samples", ".csv.gz", {"named .gz": head + rows})


def sheets() -> Iterator[Case]:
    """Yield broken samplesheets."""
    sheet = good.SHEET

    def both(old: str, new: str) -> str:
        assert old in sheet, old
        return sheet.replace(old, new)

    variants: dict[str, str | bytes] = {
        "empty": "", "blank": "\n\n", "comments alone": "# a\n# b\n", "header alone": sheet.splitlines()[0] + "\n",
        "binary": good.RNG.bytes(2000), "NUL": both("s1", "s\0"), "Latin-1": both("s1", "é").encode("latin1"),
        "UTF-16": sheet.encode("utf-16"), "column missing": both("donor,", "dnr,"), "column twice": both("group", "age"),
        "column without a name": both(",group", ","), "file column mistyped": both("group", "raw_count"),
        "reserved: excluded": both("group", "excluded"), "reserved: subset_margin": both("group", "subset_margin"),
        "reserved: counterpart": both("group", "counterpart"), "reserved: Cell_Type": both("group", "Cell_Type"),
        "sample twice": both("s2", "s1"), "sample empty": both("s2", ""), "donor empty": both("d4", ""),
        "tissue empty": both("kidney,b", ",b"), "library empty": both("L2", ""), "counts empty": both("b.h5", ""),
        "counts of two libraries": both("c.h5", "b.h5"), "two counts of one library": both("s2,d2,blood,a.h5", "s2,d2,blood,z.h5"),
        "hashtag empty": both("H1", ""), "hashtag twice": both("H2", "H1"), "hashtag Doublet": both("H2", "Doublet"),
        "hashtag negative": both("H2", "negative"), "sample unassigned": both("s3", "unassigned"), "sample Doublet": both("s3", "Doublet"),
        "tissue in two cases": both("L2,s3,d1,kidney", "L2,s3,d1,Kidney"), "Cyrillic letter": both("L4,s5,d3,blood,d.h5,,SSc", "L4,s5,d3,blood,d.h5,,SSс"),
        "line break": both("s3", '"s\n3"'), "tab in a value": both("s3", "s\t3"), "Excel error": both(",41", ",#REF!"),
        "decimal or thousands": both(",57", ',"1,234"').replace(",60", ',"2,345"').replace(",41", ',"1,001"').replace(",44", ',"3,999"'),
        "reference tissue in another case": both("blood", "BLOOD"), "genotype without calls": both("tissue", "tissue,genotype_donor").replace("blood,", "blood,g,").replace("kidney,", "kidney,g,"),
        "quote not closed": both("s3", '"s3'), "number beyond floats": both(",41", ",1e999"), "stray note": sheet + ",,,,,,,,see tab 2\n",
        "captures differ": both("group", "capture"),
        "one donor, two genotypes": "library,sample,donor,tissue,counts,genotype_calls,genotype_donor\nL,a,d,blood,a.h5,v.tsv,g0\nL,b,d,kidney,a.h5,v.tsv,g1\n",
        "cell_samples and hashtags": both("group", "cell_samples"), "cell_samples and genotypes": "library,sample,donor,tissue,counts,genotype_calls,cell_samples\nL,a,d,blood,a.h5,v.tsv,c.csv\n",
        "two tables of one library": "library,sample,donor,tissue,counts,cell_samples\nL,a,d,blood,a.h5,c.csv\nL,b,e,blood,a.h5,d.csv\n",
        "two donors, one genotype": "library,sample,donor,tissue,counts,genotype_calls,genotype_donor\nL,a,d,blood,a.h5,v.tsv,g0\nL,b,e,blood,a.h5,v.tsv,g0\n",
        "two tissues distinguished by nothing": "library,sample,donor,tissue,counts,genotype_calls,genotype_donor\nL,a,d,blood,a.h5,v.tsv,g0\nL,b,d,kidney,a.h5,v.tsv,g0\n",
        "larger than a sheet": sheet + "L9" * 40_000_000,
    }  # fmt: skip
    yield from _text("samplesheet", ".csv", variants)


def contrasts() -> Iterator[Case]:
    """Yield broken contrasts."""
    text = good.CONTRASTS
    row = text.splitlines()[1]

    def one(old: str, new: str) -> str:
        assert old in text, old
        return text.replace(old, new)

    variants: dict[str, str | bytes] = {
        "empty": "", "header alone": text.splitlines()[0] + "\n", "unknown column": one("block", "blok"), "binary": good.RNG.bytes(999),
        "named markers": one("SSc in blood", "markers"), "named Stage": one("SSc in blood", "Stage"), "name empty": one("SSc in blood", ""),
        "name twice": text + row + "\n", "variable unknown": one(",group,", ",grp,"), "variable empty": one(",group,", ",,"),
        "level unknown": one(",HD,", ",hd,"), "level in both": one(",HD,SSc,", ",HD;SSc,SSc,"), "target empty": one(",SSc,", ",,"),
        "tissue unknown": one(",blood,", ",Blood,"), "subset unknown": one("CD4 T", "CD4T"), "block unknown": one(",,age", ",patient,age"),
        "covariate unknown": one(",age", ",sex"), "too few donors": one(",blood,", ",kidney,"), "NUL": one("HD", "H\0"),
        "column missing": one("target", "targets"),
    }  # fmt: skip
    yield from _text("contrasts", ".csv", variants)


def subsets() -> Iterator[Case]:
    """Yield broken subsets.yaml files."""
    text = good.SUBSETS
    variants: dict[str, str | bytes] = {
        "empty": "", "a list": "[1, 2]\n", "a word": "hello\n", "no lineages": "version: 1\n", "tab": text.replace("  T:", "\tT:"),
        "key twice": text + "lineages: {}\n", "subset twice": text + "      naive: {up: [A]}\n", "not closed": text.replace("]}", "]", 1),
        "up a word": text.replace("[CCR7, TCF7]", "CCR7"), "up of lists": text.replace("[CCR7, TCF7]", "[[CCR7], [TCF7]]"),
        "up empty": text.replace("[CCR7, TCF7]", "[]"), "unknown key": text.replace("down:", "dwn:"), "up and down": text.replace("[S100A4]", "[CCR7]"),
        "aliases": "a: &a [x]\nb: *a\n" + text, "a bomb": "a: &a [x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join(['*a' + (str(i - 1) if i else '')] * 6)}]\n" for i in range(9)),
        "deep": "lineages: " + "[" * 500 + "]" * 500, "deeper than the stack": "[" * 100_000, "binary": good.RNG.bytes(999), "NUL": text.replace("T:", "T\0:"),
        "Latin-1": text.replace("naive", "naïve").encode("latin1"), "a Python object": "lineages: !!python/object/apply:os.system ['true']\n",
        "key not a text": "? [a, b]\n: c\n" + text, "subsets a list": text.replace("subsets:", "subsets: [a]\n    x:"), "null marker": text.replace("[S100A4]", "['']"),
    }  # fmt: skip
    yield from _text("subsets.yaml", ".yaml", variants)


def gene_sets() -> Iterator[Case]:
    """Yield broken gene sets."""
    gmt: dict[str, str | bytes] = {
        "empty": "", "two columns": "S\tsource\n", "set twice": "S\tx\tA\nS\tx\tB\n", "no name": "\tx\tA\n", "binary": good.RNG.bytes(999),
        "NUL": "S\tx\tA\0\n", "Latin-1": "S\tx\té\n".encode("latin1"), "spaces for tabs": "S x A B\n",
    }  # fmt: skip
    yield from _text("gene sets", ".gmt", gmt)
    yield from _text("gene sets", ".GMT", {"capital ending, empty": ""})
    lists: dict[str, str | bytes] = {
        "set twice": "S: [A]\nS: [B]\n", "a list": "[A]\n", "a word for genes": "S: A\n", "nested": "S: [[A]]\n", "empty": "", "tab": "S:\n\t- A\n",
    }  # fmt: skip
    yield from _text("gene sets as YAML", ".yaml", lists)
    yield from _text("gene sets", ".tsv", {"one column": "A\nB\n", "few targets": "TF\tA\n"})
    yield from _text("gene sets", ".docx", {"other ending": b"x"})


class _Holder:
    """Stands in a pickle for a class that no model holds."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("never",))


def models() -> Iterator[Case]:
    """Yield broken CellTypist models."""
    variants = {
        "empty": b"", "text": b"hello", "binary": good.RNG.bytes(999), "a list": pickle.dumps([1, 2]), "a dict": pickle.dumps({"Model": 1}),
        "runs code": pickle.dumps(_Holder()), "cut": pickle.dumps({"Model": np.ones(99), "Scaler_": 2})[:-40],
        "memo of 2^40": b"\x80\x04\x8a\x08" + b"\xff" * 8 + b"r\xff\xff\xff\x7f.", "long text claimed": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f.",
    }  # fmt: skip
    yield from _text("CellTypist model", ".pkl", variants)


def small_tables() -> Iterator[Case]:
    """Yield broken small tables: names of a panel, lineages of labels."""
    panel: dict[str, str | bytes] = {
        "empty": "", "column missing": "feature,name\na,b\n", "protein empty": "feature,protein\na,\n", "feature twice": "feature,protein\na,b\na,c\n",
        "row longer": "feature,protein\na,b,c\n", "no rows": "feature,protein\n", "NUL": "feature,protein\na,\0\n", "binary": good.RNG.bytes(999),
        "column twice": "feature,protein,protein\na,b,c\n",
    }  # fmt: skip
    yield from _text("panel map", ".csv", panel)
    lineages: dict[str, str | bytes] = {
        "empty": "", "column missing": "cell_type,line\na,b\n", "unknown lineage": "cell_type,lineage\na,Mars\n", "label twice": "cell_type,lineage\na,B\na,NK\n",
        "UTF-16": "cell_type,lineage\na,B\n".encode("utf-16"), "row longer": "cell_type,lineage\na,B,NK\n",
    }  # fmt: skip
    yield from _text("lineages", ".csv", lineages)


def own_files() -> Iterator[Case]:
    """Yield files that a user gives where a step's own file is expected."""
    data = {"empty": b"", "text": b"hello", "binary": good.RNG.bytes(999), "gzip": gzip.compress(b"x", mtime=0)}
    yield from _text("own .h5mu", ".h5mu", data)
    yield from _text("own .parquet", ".parquet", data)


def libraries() -> Iterator[Case]:
    """Yield libraries whose files do not belong together: a folder of files.csv, samples.csv and what they name."""
    yield from (Case("library", name, lambda folder, make=make: make(folder)) for name, make in LIBRARIES.items())


def _library(folder: Path, **files: Path | str) -> Path:
    """Write the tables of one library."""
    columns = ["counts", "raw_counts", "hashtag_counts", "adt_counts", "genotype_calls", "cell_samples"]
    row = ",".join(str(files.get(column, "")) for column in columns)
    (folder / "files.csv").write_text(f"library_id,library,{','.join(columns)},capture,rows\nL,L,{row},L,2\n")
    tags = str(files.get("hashtag", ""))
    (folder / "samples.csv").write_text(
        f"library_id,library,sample,donor,tissue,hashtag,genotype_donor\nL,L,s,d,blood,{tags},{files.get('genotype', '')}\n"
    )
    return folder


def _raw(counts: np.ndarray, extra: int = 3000) -> tuple[list[str], np.ndarray]:
    """Return the barcodes and counts of all droplets: the cells and many almost empty ones."""
    rng = np.random.default_rng(1)
    empty = ["".join(rng.choice(list("ACGT"), 16)) + "-1" for _ in range(extra)]
    return [*good.BARCODES, *empty], np.vstack([counts, rng.binomial(1, 0.02, (extra, counts.shape[1]))])


def _write_raw(path: Path, counts: np.ndarray) -> Path:
    """Write all droplets as a 10x .h5."""
    barcodes, values = _raw(counts)
    good.tenx(path)
    from scipy import sparse

    stored = sparse.csr_matrix(values)
    with h5py.File(path, "a") as file:
        for name, content in (
            ("barcodes", np.array(barcodes, "S")), ("data", stored.data), ("indices", stored.indices),
            ("indptr", stored.indptr), ("shape", [7, len(barcodes)]),
        ):  # fmt: skip
            _set(f"matrix/{name}", content)(file)
    return path


def _other_barcodes(text: str, share: int) -> str:
    """Replace all but some barcodes of a table by others."""
    for barcode in good.BARCODES[share:]:
        text = text.replace(barcode, barcode[:-2][::-1] + "-1")
    return text


def _swapped_lane(folder: Path) -> Path:
    raw = _write_raw(folder / "raw.h5", np.random.default_rng(9).binomial(1, 0.05, good.COUNTS.shape))
    return _library(folder, counts=good.tenx(folder / "a.h5"), raw_counts=raw)


def _raw_as_counts(folder: Path) -> Path:
    return _library(folder, counts=_write_raw(folder / "raw.h5", good.COUNTS * 100))


def _few_shared(column: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = _write(folder / "b.csv", _other_barcodes(good.table(), 3).encode())
        return _library(folder, counts=good.tenx(folder / "a.h5"), **{column: path})

    return make


def _named_hashtag(name: str) -> Callable[[Path], Path]:
    return lambda folder: _library(folder, counts=good.tenx(folder / "a.h5"), hashtag=name)


def _genotype(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        good.calls().to_csv(folder / "v.tsv", sep="\t", index=False)
        return _library(folder, counts=good.tenx(folder / "a.h5"), genotype_calls=folder / "v.tsv", genotype=name)

    return make


def _cell_samples(content: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return _library(
            folder, counts=good.tenx(folder / "a.h5"), cell_samples=_write(folder / "c.csv", content.encode())
        )

    return make


def _genes_as(column: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = good.tenx(folder / "genes.h5", types=["Gene Expression"] * 4 + ["Peaks"] * 3)
        return _library(folder, counts=good.tenx(folder / "a.h5"), **{column: path})

    return make


LIBRARIES: dict[str, Callable[[Path], Path]] = {
    "raw_counts of another lane": _swapped_lane,
    "all droplets as counts": _raw_as_counts,
    "3 shared barcodes of 60 in hashtag_counts": _few_shared("hashtag_counts"),
    "3 shared barcodes of 60 in raw_counts": _few_shared("raw_counts"),
    "3 shared barcodes of 60 in adt_counts": _few_shared("adt_counts"),
    "hashtag that is a gene": _named_hashtag("CD3E"),
    "hashtag mistyped": _named_hashtag("Hashtag3"),
    "genotype spelt otherwise": _genotype("donor_0"),
    "genotype absent": _genotype("donor7"),
    "cells of other samples": _cell_samples("barcode,sample\n" + "".join(f"{name},S 1\n" for name in good.BARCODES)),
    "samples of other cells": _cell_samples(
        _other_barcodes("barcode,sample\n" + "".join(f"{b},s\n" for b in good.BARCODES), 3)
    ),
    "genes as hashtag_counts": _genes_as("hashtag_counts"),
    "genes as adt_counts": _genes_as("adt_counts"),
    "missing file": lambda folder: _library(folder, counts="nowhere.h5"),
    "Windows path": lambda folder: _library(folder, counts=r"data\L1\x.h5"),
    "missing hashtag file": lambda folder: _library(
        folder, counts=good.tenx(folder / "a.h5"), hashtag_counts="gone.csv"
    ),
}
