r"""CellTypist's prediction, exact on sparse counts.

CellTypist scales each gene, :math:`z = \min((x - m)/s, 10)`, on the dense matrix. As means are not negative, the
limit can only touch entries above zero, so that

.. math:: z = \underbrace{\min(x/s,\; 10 + m/s)}_{0 \text{ where } x = 0} - m/s

and the decision scores are one sparse product plus a constant row (Domínguez Conde et al. 2022,
doi:10.1126/science.abl5197, for the classifier).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from sscite.logarithm import log1p
from sscite.totals import per_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sscite.annotate.genes import Overlap
    from sscite.annotate.model_file import Model

TARGET = 10_000.0  # counts per cell that CellTypist's models were trained on
LIMIT = 10.0  # scaled expression beyond which CellTypist clips
BLOCK = 1024  # cells at a time


@dataclass(frozen=True)
class Scores:
    """Decision scores of each cell for each type, shape (cells, types), and the types' names."""

    decision: NDArray[np.float64]
    cell_types: NDArray[np.str_]

    def best(self) -> NDArray[np.intp]:
        """Return each cell's best type as a position in `cell_types`."""
        return self.decision.argmax(axis=1)

    def best_match(self) -> NDArray[np.str_]:
        """Return the label of each cell's largest score."""
        return self.cell_types[self.best()]

    def prob_match(self, threshold: float = 0.5) -> NDArray[np.object_]:
        """Return for each cell every label whose probability is above the threshold, joined by `|`, or 'Unassigned'."""
        labels = np.full(len(self.decision), "Unassigned", dtype=object)
        rows, columns = np.nonzero(self.decision > np.log(threshold / (1 - threshold)))
        for row, column in zip(rows, columns, strict=True):
            name = self.cell_types[column]
            labels[row] = name if labels[row] == "Unassigned" else f"{labels[row]}|{name}"
        return labels

    def probability(self, of: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return the probability of every type, or of one type per cell (`of`, positions in `cell_types`).

        Each type against all others, as CellTypist has it: a cell's probabilities do not sum to 1.
        """
        scores = self.decision if of is None else np.take_along_axis(self.decision, of[:, None], axis=1)[:, 0]
        return _expit(scores)


def predict(counts: sparse.csr_matrix, overlap: Overlap, model: Model, *, block: int = BLOCK) -> Scores:
    """Score every cell for every type of the model.

    Parameters
    ----------
    counts
        cells × features, raw. A cell's total is taken over all features, so give all genes and no proteins.
    overlap
        Which columns are which of the model's genes.
    block
        Cells at a time: memory beyond the scores is about that of the block's counts.
    """
    weights = model.coefficients[:, overlap.positions].T
    mean, scale = model.mean[overlap.positions], model.scale[overlap.positions]
    constant = model.intercepts - (mean / scale) @ weights
    decision = np.empty((counts.shape[0], len(model.cell_types)))
    for rows, expression in blocks(counts, overlap.columns, block=block):
        scaled = expression.data.astype(float) / scale[expression.indices]
        np.minimum(scaled, (LIMIT + mean / scale)[expression.indices], out=scaled)
        expression.data = scaled
        decision[rows] = expression @ weights
        decision[rows] += constant
    return Scores(decision, model.cell_types)


def blocks(
    counts: sparse.csr_matrix, columns: NDArray[np.intp] | None = None, *, block: int = BLOCK
) -> Iterator[tuple[slice, sparse.csr_matrix]]:
    """Return log1p of counts per 10,000 for the chosen columns (all by default), a block of cells at a time.

    In single precision and in the order of operations of Scanpy's `normalize_total` and `log1p`, which CellTypist's
    users run before it, but for the logarithm itself, which is rounded from double precision. The chosen columns keep
    the given order; a cell without counts is a row of zeros.
    """
    factors = (np.maximum(per_cell(counts), 1) / TARGET).astype(np.float32)
    chosen = counts if columns is None else counts[:, columns]
    for start in range(0, counts.shape[0], block):
        rows = slice(start, min(start + block, counts.shape[0]))
        part = chosen[rows]
        values = log1p(part.data.astype(np.float32) / np.repeat(factors[rows], np.diff(part.indptr)))
        yield rows, sparse.csr_matrix((values, part.indices, part.indptr), shape=part.shape)


def _expit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn scores into probabilities without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * scores))
