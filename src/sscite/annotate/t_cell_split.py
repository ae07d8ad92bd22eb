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

from sscite.annotate import vote
from sscite.embedding.neighbours import Index

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from scipy import sparse

GENES = ("CD4", "CD8A", "CD8B")
COMPONENTS, NEIGHBOURS = 20, 10
LIMIT = 6.0  # logits: no cell's score outweighs its neighbours and genes
ITERATIONS = 30
PSEUDOCOUNT = 0.05  # counts per 10,000 added to each class's rate
# induced by interferons: Schoggins et al. 2011 (doi:10.1038/nature09907), Mostafavi et al. 2016
# (doi:10.1016/j.cell.2015.12.032), Ivashkiv 2018 (doi:10.1038/s41577-018-0029-z)
INTERFERON_GENES = frozenset((
    "ADAR", "APOL6", "B2M", "BATF2", "BST2", "CASP1", "CASP4", "CASP7", "CASP8", "CCL2", "CCL7", "CD274", "CD38",
    "CD69", "CD74", "CIITA", "CMPK2", "CMTR1", "CNP", "CSF1", "CXCL10", "CXCL11", "CXCL9", "CXCR3", "DDX58",
    "DDX60", "DHX58", "DTX3L", "EIF2AK2", "ELF1", "EPSTI1", "FCGR1A", "GBP1", "GBP2", "GBP3", "GBP4", "GBP5",
    "GCH1", "GMPR", "HELZ2", "HERC5", "HERC6", "HLA-A", "HLA-B", "HLA-C", "HLA-DMA", "HLA-DPA1", "HLA-DPB1",
    "HLA-DQA1", "HLA-DRA", "HLA-DRB1", "HLA-E", "HLA-F", "HLA-G", "ICAM1", "IDO1", "IFI16", "IFI27", "IFI30",
    "IFI35", "IFI44", "IFI44L", "IFI6", "IFIH1", "IFIT1", "IFIT2", "IFIT3", "IFIT5", "IFITM1", "IFITM2", "IFITM3",
    "IL15", "IL15RA", "IRF1", "IRF2", "IRF7", "IRF8", "IRF9", "ISG15", "ISG20", "JAK2", "LAMP3", "LAP3", "LGALS3BP",
    "LY6E", "MT2A", "MX1", "MX2", "MYD88", "NAMPT", "NCOA3", "NLRC5", "NMI", "NUB1", "OAS1", "OAS2", "OAS3", "OASL",
    "OGFR", "PARP12", "PARP14", "PARP9", "PLSCR1", "PML", "PNPT1", "PSMA2", "PSMA3", "PSMB10", "PSMB2", "PSMB8",
    "PSMB9", "PSME1", "PSME2", "RBCK1", "RIGI", "RIPK1", "RIPK2", "RNF213", "RNF31", "RSAD2", "RTP4", "SAMD9",
    "SAMD9L", "SAMHD1", "SECTM1", "SELL", "SIGLEC1", "SLC25A28", "SOCS1", "SOCS3", "SOD2", "SP100", "SP110",
    "SPPL2A", "SSPN", "STAT1", "STAT2", "STAT3", "STAT4", "TAP1", "TAP2", "TAPBP", "TDRD7", "TNFAIP2", "TNFAIP3",
    "TNFAIP6", "TNFSF10", "TOR1B", "TRAFD1", "TRIM14", "TRIM21", "TRIM22", "TRIM25", "TRIM26", "TRIM5", "TXNIP",
    "TYMP", "UBA7", "UBE2L6", "USP18", "VAMP5", "VAMP8", "WARS", "WARS1", "XAF1", "XCL1", "ZBP1", "ZNFX1",
))  # fmt: skip


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
        axes = vote.components(counts[:, ~symbols.isin(INTERFERON_GENES)])[:, :COMPONENTS]
        nearest, _ = Index(axes, seed=0).search(axes, NEIGHBOURS)
        prior = (limited + limited[nearest].mean(axis=1)) / 2
    columns = np.flatnonzero(symbols.isin(GENES) & ~symbols.duplicated())
    depth = np.asarray(counts.sum(axis=1), dtype=float).ravel() / 1e4
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
