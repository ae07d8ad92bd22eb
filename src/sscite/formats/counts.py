"""The one shape that every format is read into, and what makes it valid."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import UserError
from sscite.formats.barcodes import match_barcodes
from sscite.formats.features import is_unmapped, settle_types
from sscite.formats.hdf5 import mismatch
from sscite.formats.order import put_in_order
from sscite.names import FEATURE_TYPE

if TYPE_CHECKING:
    from numpy.typing import NDArray

REMEDY = "raw whole counts are needed: give the matrix from before normalisation"
FRACTIONS = (
    "raw whole counts are needed: if the matrix was normalised, give the one from before; if ambient RNA was removed "
    "(SoupX, DecontX) or reads were shared among genes (EM), round it or give the uncorrected matrix"
)
LARGEST = 2**31 - 1  # no droplet has as many molecules of one feature
LONGEST_NAME = 500
SHOWN = 3  # examples of a kind of problem in a message


@dataclass(frozen=True)
class Counts:
    """Counts of features in droplets.

    Attributes
    ----------
    matrix
        droplets × features, CSR, integers.
    barcodes
        One text per droplet, unique, as the file has it.
    features
        Indexed by feature name (symbols may repeat), columns `gene_id` (empty where the file has none) and
        `feature_type` (as given: 'Gene Expression', 'Antibody Capture', 'Hashtag', ...; empty where none is given).
    notes
        How the file was read, for the report.
    doubts
        What may be wrong with how the file was read, for the report's warnings.
    """

    matrix: sparse.csr_matrix
    barcodes: NDArray[np.str_]
    features: pd.DataFrame
    notes: tuple[str, ...] = field(default=())
    doubts: tuple[str, ...] = field(default=())

    def select(self, mask: NDArray[np.bool_]) -> Counts:
        """Return the features where `mask` is true."""
        if mask.all():
            return self
        return replace(self, matrix=self.matrix[:, np.flatnonzero(mask)], features=self.features[mask])

    def doubt(self, sentence: str) -> Counts:
        """Return the same counts with one more doubt."""
        return replace(self, doubts=(*self.doubts, sentence))


def build(
    matrix: sparse.spmatrix | sparse.sparray,
    barcodes: Sequence[str] | NDArray,
    features: pd.DataFrame,
    *,
    where: str,
    notes: Sequence[str] = (),
) -> Counts:
    """Check what a reader read and make it whole numbers; counters of unmapped reads are removed and noted.

    Parameters
    ----------
    matrix
        droplets × features, of any number type; its arrays may be changed.
    where
        The file's path, for messages.

    Raises
    ------
    UserError
        Sizes that disagree; missing or repeated barcodes or features; unknown feature types; NaN, negative,
        fractional or impossibly large values: all of them.
    """
    barcodes = np.asarray(barcodes, dtype=object).astype(str)
    if matrix.shape != (len(barcodes), len(features)):
        raise mismatch(matrix.shape, (len(barcodes), len(features)), where)
    matrix = sparse.csr_matrix(matrix)
    features, doubts, problems = settle_types(features, where)
    matrix, features, unmapped = _without_unmapped(matrix, features)
    invalid = value_problems(matrix, barcodes, features, where)
    matrix = matrix if invalid else _whole(matrix)
    put_in_order(matrix)
    stored = matrix.nnz
    matrix.sum_duplicates()
    problems += [
        *name_problems(barcodes, "barcode", where),
        *name_problems(features.index.to_numpy(), "feature name", where),
        *duplicate_problems(barcodes, features, where),
        *invalid,
        *_repeated_values(stored - matrix.nnz, where),
    ]
    if problems:
        raise UserError(problems)
    return Counts(_without_zeros(matrix), barcodes, features, (*notes, *unmapped), tuple(doubts))


def _repeated_values(twice: int, where: str) -> list[str]:
    """Report values that are given twice for a droplet and feature, which would be summed."""
    return [f"{where}: {twice:,} values are given twice; the file is damaged: copy or export it again"] if twice else []


def _without_unmapped(
    matrix: sparse.csr_matrix, features: pd.DataFrame
) -> tuple[sparse.csr_matrix, pd.DataFrame, list[str]]:
    """Remove the counters of unmapped reads that tools write beside tags; return what was removed as a note."""
    mask = is_unmapped(features)
    if not mask.any():
        return matrix, features, []
    name = features.index[mask][0]
    unmapped = float(matrix[:, [int(np.flatnonzero(mask)[0])]].sum())
    rest = matrix[:, np.flatnonzero(~mask)]
    share = unmapped / max(unmapped + float(rest.sum()), 1)
    return rest, features[~mask], [f"'{name}' is not a tag and was removed: {share:.1%} of the tag counts"]


def name_problems(names: NDArray, noun: str, where: str) -> list[str]:
    """Report names that are empty, too long, or hold control characters."""
    texts = [str(name) for name in names]
    kinds = {
        "empty": [i for i, text in enumerate(texts) if not text.strip()],
        f"longer than {LONGEST_NAME} characters": [i for i, text in enumerate(texts) if len(text) > LONGEST_NAME],
        "with a control character": [
            i for i, text in enumerate(texts) if not text.isprintable() and any(map(_is_control, text[:LONGEST_NAME]))
        ],
    }
    return [
        f"{where}: {len(at):,} {noun}{'s' * (len(at) > 1)} {kind} (number {at[0] + 1:,}); every droplet and every "
        "feature "
        "needs a name: correct the file"
        for kind, at in kinds.items()
        if at
    ]


def _is_control(character: str) -> bool:
    """Return whether a character is a control character."""
    return unicodedata.category(character) == "Cc"


def value_problems(
    matrix: sparse.csr_matrix, barcodes: NDArray[np.str_], features: pd.DataFrame, where: str
) -> list[str]:
    """Report stored values that are not whole, non-negative numbers: one message per kind, with examples by name."""
    data = matrix.data
    if data.dtype.kind == "b" or _is_valid(data):
        return []
    kinds = {"negative": data < 0, "impossibly large": data > LARGEST}
    if data.dtype.kind == "f":
        finite = np.isfinite(data)
        kinds = {
            "missing (NaN)": np.isnan(data),
            "infinite": np.isinf(data),
            "negative": finite & (data < 0),
            "fractional": finite & (data != np.floor(data)),
            "impossibly large": finite & (data > LARGEST),
        }
    problems = []
    for kind, mask in kinds.items():
        at = np.flatnonzero(mask)
        if at.size == 0:
            continue
        rows = np.searchsorted(matrix.indptr, at[:SHOWN], side="right") - 1
        examples = "; ".join(
            f"row '{barcodes[row]}', column '{features.index[matrix.indices[i]]}': {data[i]:.6g}"
            for row, i in zip(rows, at[:SHOWN], strict=True)
        )
        remedy = FRACTIONS if kind == "fractional" else REMEDY
        problems.append(f"{where}: {at.size:,} {kind} value{'s' * (at.size > 1)} ({examples}); {remedy}")
    return problems


def _is_valid(data: NDArray) -> bool:
    """Return whether all values are whole, not negative and of a possible size; NaN is not."""
    in_range = data.min(initial=0) >= 0 and data.max(initial=0) <= LARGEST
    return bool(in_range and (data.dtype.kind != "f" or np.array_equal(data, np.floor(data))))


def duplicate_problems(barcodes: NDArray[np.str_], features: pd.DataFrame, where: str) -> list[str]:
    """Report barcodes and features (same name, identifier and type) that occur more than once."""
    problems = []
    repeated = pd.Index(barcodes)[pd.Index(barcodes).duplicated()].unique()
    if len(repeated):
        problems.append(
            f"{where}: {_count(len(repeated), 'barcode')} more than once ({_some(repeated)}); a droplet is one row: "
            "give each library its own file, or make the barcodes unique"
        )
    keys = features.reset_index()
    again = pd.Index(keys.loc[keys.duplicated(), keys.columns[0]]).unique()
    if len(again):
        problems.append(
            f"{where}: {_count(len(again), 'feature')} more than once ({_some(again)}) with the same identifier; "
            "remove or rename the repeated columns"
        )
    return problems


def join(parts: Sequence[Counts], *, where: str) -> Counts:
    """Set modalities side by side, on the droplets of the first; droplets that another lacks hold zeros there.

    Raises
    ------
    UserError
        A part shares no barcode with the first.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    matrices, notes, doubts = [first.matrix], [*first.notes], [*first.doubts]
    for part in parts[1:]:
        rows = match_barcodes(first.barcodes, part.barcodes)
        types = "/".join(sorted(set(part.features[FEATURE_TYPE])))
        if len(rows) and (rows < 0).all():
            both = " and ".join(sorted({*first.features[FEATURE_TYPE], *part.features[FEATURE_TYPE]}))
            raise UserError(
                f"{where}: no barcode is in both of its parts ({both}): '{first.barcodes[0]}' against "
                f"'{', '.join(part.barcodes[:1])}'; they are of different libraries, or name barcodes differently: "
                "give "
                "both parts of one library"
            )
        matrices.append(take_rows(part.matrix, rows))
        notes.extend(part.notes)
        doubts.extend(part.doubts)
        if (rows < 0).any():
            lacking = int((rows < 0).sum())
            notes.append(f"{lacking:,} droplets are missing from the {types} counts and were set to zero there")
    features = pd.concat([part.features for part in parts])
    return Counts(sparse.hstack(matrices, format="csr"), first.barcodes, features, tuple(notes), tuple(doubts))


def take_rows(matrix: sparse.csr_matrix, rows: NDArray[np.integer]) -> sparse.csr_matrix:
    """Take rows by position; a row of zeros where the position is -1."""
    padded = sparse.vstack([matrix, sparse.csr_matrix((1, matrix.shape[1]), dtype=matrix.dtype)], format="csr")
    return padded[np.where(rows < 0, matrix.shape[0], rows)]


def _whole(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Turn checked values into 32-bit integers; the other arrays are those of the matrix given."""
    return sparse.csr_matrix((matrix.data.astype(np.int32, copy=False), matrix.indices, matrix.indptr), matrix.shape)


def _without_zeros(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Remove explicit zeros, in place."""
    if np.count_nonzero(matrix.data) < matrix.nnz:
        matrix.eliminate_zeros()
    return matrix


def _count(n: int, noun: str) -> str:
    """Return the number of things that occur, in words."""
    return f"1 {noun} occurs" if n == 1 else f"{n:,} {noun}s occur"


def _some(names: Sequence[str] | pd.Index) -> str:
    """List the first few names."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in list(names)[:SHOWN]) + more
