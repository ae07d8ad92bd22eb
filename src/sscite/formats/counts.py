"""The one shape that every format is read into, and what makes it valid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.errors import UserError
from sscite.names import FEATURE_TYPE, GENE_ID

if TYPE_CHECKING:
    from numpy.typing import NDArray

REMEDY = "raw whole counts are needed: give the matrix from before normalisation"
SHOWN = 3  # examples of a kind of problem in a message


@dataclass(frozen=True)
class Counts:
    """Counts of features in droplets.

    Attributes
    ----------
    matrix
        droplets × features, CSR, integers.
    barcodes
        One text a droplet, unique, as the file has it.
    features
        Indexed by feature name (symbols may repeat), columns `gene_id` (empty where the file has none) and
        `feature_type` (as given: 'Gene Expression', 'Antibody Capture', 'Hashtag', ...; empty where none is given).
    notes
        What the reader of the report should know of how the file was read.
    """

    matrix: sparse.csr_matrix
    barcodes: NDArray[np.str_]
    features: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def select(self, mask: NDArray[np.bool_]) -> Counts:
        """Keep the features where `mask` is true."""
        return replace(self, matrix=self.matrix[:, np.flatnonzero(mask)], features=self.features[mask])


def feature_frame(
    names: Sequence[str] | NDArray, ids: Sequence[str] | NDArray | str = "", types: Sequence[str] | NDArray | str = ""
) -> pd.DataFrame:
    """Build the features' table; one text for `ids` or `types` stands for all."""
    index = pd.Index([str(name) for name in names], name="feature", dtype=object)
    return pd.DataFrame({GENE_ID: ids, FEATURE_TYPE: types}, index=index).astype(object)


def build(
    matrix: sparse.spmatrix | sparse.sparray,
    barcodes: Sequence[str] | NDArray,
    features: pd.DataFrame,
    *,
    where: str,
    notes: Sequence[str] = (),
) -> Counts:
    """Check what a reader read and make it whole numbers.

    Parameters
    ----------
    matrix
        droplets × features, of any number type.
    where
        The file's path, for messages.

    Raises
    ------
    UserError
        Sizes that disagree; repeated barcodes or features; NaN, negative or fractional values: all of them.
    """
    barcodes = np.asarray(barcodes, dtype=str)
    if matrix.shape != (len(barcodes), len(features)):
        raise UserError(
            f"{where}: a matrix of {matrix.shape[0]:,} × {matrix.shape[1]:,} does not fit {len(barcodes):,} barcodes "
            f"and {len(features):,} features; the file is incomplete or of several runs: export it again"
        )
    matrix = sparse.csr_matrix(matrix)
    problems = [*duplicate_problems(barcodes, features, where), *value_problems(matrix, barcodes, features, where)]
    if problems:
        raise UserError(problems)
    return Counts(_whole(matrix), barcodes, features, tuple(notes))


def value_problems(
    matrix: sparse.csr_matrix, barcodes: NDArray[np.str_], features: pd.DataFrame, where: str
) -> list[str]:
    """Say which stored values are not whole, non-negative numbers: one message a kind, with examples by name."""
    data = matrix.data
    if data.dtype.kind in "ub":
        return []
    if data.dtype.kind == "i":
        kinds = {"negative": data < 0}
    else:
        finite = np.isfinite(data)
        kinds = {
            "missing (NaN)": np.isnan(data),
            "infinite": np.isinf(data),
            "negative": finite & (data < 0),
            "fractional": finite & (data != np.floor(data)),
        }
    problems = []
    for kind, mask in kinds.items():
        at = np.flatnonzero(mask)
        if at.size == 0:
            continue
        rows = np.searchsorted(matrix.indptr, at[:SHOWN], side="right") - 1
        examples = "; ".join(
            f"row '{barcodes[row]}', column '{features.index[matrix.indices[i]]}': {data[i]:g}"
            for row, i in zip(rows, at[:SHOWN], strict=True)
        )
        problems.append(f"{where}: {at.size:,} {kind} value{'s' * (at.size > 1)} ({examples}); {REMEDY}")
    return problems


def duplicate_problems(barcodes: NDArray[np.str_], features: pd.DataFrame, where: str) -> list[str]:
    """Say which barcodes and which features (same name, identifier and type) occur more than once."""
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
    matrices, notes = [first.matrix], [*first.notes]
    for part in parts[1:]:
        rows = match_barcodes(first.barcodes, part.barcodes)
        if len(rows) and (rows < 0).all():
            types = " and ".join(sorted({*first.features[FEATURE_TYPE], *part.features[FEATURE_TYPE]}))
            raise UserError(
                f"{where}: no barcode is in both of its parts ({types}): '{first.barcodes[0]}' against "
                f"'{', '.join(part.barcodes[:1])}'; they are of different libraries, or name barcodes differently"
            )
        matrices.append(take_rows(part.matrix, rows))
        notes.extend(part.notes)
        if (rows < 0).any():
            types = "/".join(sorted(set(part.features[FEATURE_TYPE])))
            notes.append(f"{int((rows < 0).sum()):,} droplets have no {types} counts; they hold zeros there")
    return Counts(
        sparse.hstack(matrices, format="csr"), first.barcodes, pd.concat([p.features for p in parts]), tuple(notes)
    )


def take_rows(matrix: sparse.csr_matrix, rows: NDArray[np.integer]) -> sparse.csr_matrix:
    """Take rows by position; a row of zeros where the position is -1."""
    padded = sparse.vstack([matrix, sparse.csr_matrix((1, matrix.shape[1]), dtype=matrix.dtype)], format="csr")
    return padded[np.where(rows < 0, matrix.shape[0], rows)]


def match_barcodes(wanted: Sequence[str] | NDArray, given: Sequence[str] | NDArray) -> NDArray[np.int64]:
    """Find each wanted barcode among the given ones, as written or, where none fits, by its bases alone.

    CITE-seq-Count writes `ACGT...`, Cell Ranger `ACGT...-1`: the gem suffix is set aside only where that keeps both
    sides unique.

    Returns
    -------
    Positions in `given`, -1 where absent; shape (wanted,).
    """
    exact = pd.Index(given).get_indexer(pd.Index(wanted))
    if (exact >= 0).any():
        return exact
    bare_given, bare_wanted = pd.Index(_bare(given)), pd.Index(_bare(wanted))
    if bare_given.has_duplicates or bare_wanted.has_duplicates:
        return exact
    return bare_given.get_indexer(bare_wanted)


def _bare(barcodes: Sequence[str] | NDArray) -> list[str]:
    """Remove the gem suffix of each barcode."""
    return [re.sub(r"-\d+$", "", str(barcode)) for barcode in barcodes]


def _whole(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Turn checked values into integers, 32 bits where they fit; explicit zeros are removed."""
    largest = matrix.data.max(initial=0)
    whole = matrix.astype(np.int32 if largest <= np.iinfo(np.int32).max else np.int64)
    whole.sum_duplicates()
    whole.eliminate_zeros()
    return whole


def _count(n: int, noun: str) -> str:
    """Word a number of things that occur."""
    return f"1 {noun} occurs" if n == 1 else f"{n:,} {noun}s occur"


def _some(names: Sequence[str] | pd.Index) -> str:
    """List the first few names."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in list(names)[:SHOWN]) + more
