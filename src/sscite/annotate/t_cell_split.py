"""Separate CD4 and CD8 T cells by scores without interferon-stimulated genes and by the counts of CD4, CD8A and CD8B.

A classifier trained on unstimulated cells reads the interferon response as CD4: of the cells of Kang et al. 2018
(doi:10.1038/nbt.4042) 31% of the control T cells and 13% of the stimulated ones were called CD8. The labels' votes over
clusters of all cells add to it. Here both are left out: scores ignore genes that interferons induce, neighbours are
those among T cells on components without these genes, and the counts of the three defining genes enter by a count
model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sscite import genes
from sscite.annotate import vote
from sscite.embedding.neighbours import Index
from sscite.totals import per_cell

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from scipy import sparse

COMPONENTS, NEIGHBOURS = 20, 10
LIMIT = 6.0  # logits: no cell's score outweighs its neighbours and genes
ITERATIONS = 30
PSEUDOCOUNT = 0.05  # counts per 10,000 added to each class's rate


def cd8_probability(counts: sparse.csr_matrix, symbols: pd.Index, margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the probability that a T cell is a CD8 rather than a CD4 T cell.

    The prior is the mean of the cell's margin and that of its 10 nearest T cells, the likelihood that of Poisson counts
    of CD4, CD8A and CD8B, whose rates in both classes are fitted by expectation-maximisation.

    Parameters
    ----------
    counts
        T cells × features, raw.
    symbols
        Gene of each column.
    margin
        Score of the best CD8 type less that of the best CD4 type, without interferon-stimulated genes, in logits.

    Returns
    -------
    Shape (cells,).
    """
    limited = np.clip(margin, -LIMIT, LIMIT)
    prior = limited
    if len(margin) >= vote.FEWEST_CELLS:
        axes = vote.components(counts[:, ~symbols.isin(genes.named("INTERFERON_INDUCED"))])[:, :COMPONENTS]
        nearest, _ = Index(axes, seed=0).search(axes, NEIGHBOURS)
        prior = (limited + limited[nearest].mean(axis=1)) / 2
    columns = np.flatnonzero(symbols.isin(genes.named("CD4_CD8")) & ~symbols.duplicated())
    depth = per_cell(counts) / 1e4
    return _fit(prior, counts[:, columns].toarray().astype(float), depth)


def _fit(prior: NDArray[np.float64], counts: NDArray[np.float64], depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit the rates of two classes by expectation-maximisation, and return the probability of the second."""
    probability = _expit(prior)
    for _ in range(ITERATIONS):
        weights = np.vstack([1 - probability, probability])
        rates = (weights @ counts + PSEUDOCOUNT) / (weights @ depth + 1)[:, None]
        likelihood = counts @ np.log(rates).T - depth[:, None] * rates.sum(axis=1)
        probability = _expit(prior + likelihood[:, 1] - likelihood[:, 0])
    return probability


def _expit(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities of logits without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))
