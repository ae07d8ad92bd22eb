"""Quality of antibodies, and cells with antibody aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.totals import per_cell

MIN_CELLS_FOR_RNA = 100  # fewer give no usable correlation
MIN_GENE_CELLS = 0.05  # share of cells with the gene's RNA, to expect the protein
FOLLOWING = 0.1  # correlation with the own RNA that shows signal of rare cells (or four standard errors)
SWAP_MARGIN = 0.1  # by how much the other protein's correlation with the gene must be larger
SWAP_CORRELATION = 0.15  # at least, of both crossed pairs
AGGREGATE_DEVIATIONS = 5.0  # robust standard deviations above the usual level
HIGH_QUANTILE = 0.99
HIGH_SHARE = 0.3  # share of all proteins above their 99th percentile that no single cell type explains
QUALITY_CLASSES = {
    "good": "two separate populations",
    "no clear gap": "signal above the background; negative and positive cells overlap",
    "no signal": "not above the background: the antibody failed, or these cells lack the protein",
    "dead": "not above the background although the cells express the gene",
    "swapped": "follows another antibody's gene, and that antibody this gene: names or tubes were exchanged",
    "no counts": "zero in every cell",
    "isotype": "isotype control",
}


@dataclass(frozen=True)
class RnaLink:
    """Correlation of proteins with the RNA of their genes.

    Attributes
    ----------
    correlation
        proteins × genes of the panel (Pearson, log-normalised RNA); NaN where either is constant.
    detected
        share of cells with the gene's RNA, indexed by gene.
    cells
        number of cells.
    """

    correlation: pd.DataFrame
    detected: pd.Series
    cells: int


def link_rna(values: pd.DataFrame, genes: pd.Series, rna: sparse.csr_matrix, names: pd.Index) -> RnaLink | None:
    """Correlate each protein with the RNA of every gene that the panel measures.

    Parameters
    ----------
    values
        cells × proteins, normalised.
    genes
        gene symbol of each protein, in the order of the columns; empty where not known.
    rna
        cells × genes, raw counts.
    names
        gene symbols of `rna`.

    Returns
    -------
    None with fewer than 100 cells or without a common gene.
    """
    wanted = [gene for gene in dict.fromkeys(genes) if gene and gene in names]
    if len(values) < MIN_CELLS_FOR_RNA or not wanted:
        return None
    total = np.maximum(per_cell(rna), 1)
    part = rna[:, [int(np.flatnonzero(names == gene)[0]) for gene in wanted]].toarray()
    expression = np.log1p(part / total[:, None] * 1e4)
    found = _standardised(values.to_numpy(dtype=float)).T @ _standardised(expression) / len(values)
    detected = pd.Series((part > 0).mean(axis=0), index=wanted)
    return RnaLink(pd.DataFrame(found, index=values.columns, columns=wanted), detected, len(values))


def swapped(link: RnaLink, genes: pd.Series) -> list[tuple[str, str]]:
    """Find pairs of antibodies whose genes' RNA each follows the other antibody.

    For proteins i, j with genes g, h: r(i, h) exceeds r(j, h), and r(j, g) exceeds r(i, g), both by a margin (0.1, or
    four standard errors where that is more); both crossed correlations reach 0.15. Antibodies that mark the same cells
    cannot be distinguished.

    Parameters
    ----------
    genes
        gene symbol of each protein, indexed by protein.
    """
    table = link.correlation
    known = [protein for protein in table.index if genes[protein] in table.columns]
    crossed = table.loc[known, [genes[protein] for protein in known]].to_numpy()  # protein i × gene of protein j
    own = np.diag(crossed)
    gain = crossed - own  # how much better i follows j's gene than j itself
    margin = max(SWAP_MARGIN, 4 / np.sqrt(link.cells))
    sound = (gain > margin) & (crossed > SWAP_CORRELATION)
    score = np.where(sound & sound.T, gain + gain.T, 0)
    pairs = []
    while score.size and score.max() > 0:
        i, j = np.unravel_index(score.argmax(), score.shape)
        pairs.append((known[min(i, j)], known[max(i, j)]))
        score[[i, j], :] = 0
        score[:, [i, j]] = 0
    return pairs


def classify(quality: pd.DataFrame, link: RnaLink | None, swaps: list[tuple[str, str]]) -> pd.DataFrame:
    """Return the quality class (`QUALITY_CLASSES`) of each protein and, if RNA is known, the correlation with its gene.

    A protein that follows its gene's RNA has signal, however few cells have it.

    Parameters
    ----------
    quality
        indexed by protein: `gene is_isotype mean_count bimodal above_background`.

    Returns
    -------
    Indexed alike: `rna_correlation swapped_with quality_class meaning`.
    """
    partner = {**dict(swaps), **{b: a for a, b in swaps}}
    rows = []
    for protein, row in zip(quality.index.astype(str), quality.to_dict("records"), strict=True):
        own, follows, expressed = _own_rna(link, protein, str(row["gene"]))
        signal = bool(row["above_background"] or follows)
        quality_class = _quality_class(row, swapped=protein in partner, signal=signal, expressed=expressed)
        rows.append((own, partner.get(protein, ""), quality_class, QUALITY_CLASSES[quality_class]))
    columns = ["rna_correlation", "swapped_with", "quality_class", "meaning"]
    return pd.DataFrame(rows, columns=columns, index=quality.index)


def above_background(counts: sparse.csr_matrix, empties: sparse.csr_matrix | None, isotypes: np.ndarray) -> np.ndarray:
    """Return which proteins reach beyond the background: the best 1% of cells against empty droplets or isotypes.

    A protein's 99th percentile of counts must exceed twice that of the empty droplets (plus 3), or, without these, that
    of the median isotype control (plus 3); with neither, 10 counts.
    """
    top = _column_quantile(counts, HIGH_QUANTILE)
    if empties is not None:
        limit = 2 * _column_quantile(empties, HIGH_QUANTILE) + 3
    elif len(isotypes):
        limit = np.full(len(top), np.median(top[isotypes]) + 3)
    else:
        limit = np.full(len(top), 10.0)
    return top > limit


def aggregates(counts: sparse.csr_matrix, values: np.ndarray, isotypes: np.ndarray) -> np.ndarray:
    """Flag cells with antibody aggregates: extreme counts of all antibodies, isotype controls included.

    With isotypes: their summed log count lies five, the cell's total half as many robust standard deviations above the
    median. Without: the total lies five above, and three tenths of all proteins above their own 99th percentile.

    Parameters
    ----------
    values
        of shape (n_cells, n_proteins), normalised.
    """
    total = _robust(np.log1p(np.asarray(counts.sum(axis=1)).ravel().astype(float)))
    if len(isotypes):
        level = np.log1p(np.asarray(counts[:, isotypes].sum(axis=1)).ravel().astype(float))
        return (_robust(level) > AGGREGATE_DEVIATIONS) & (total > AGGREGATE_DEVIATIONS / 2)
    high = (values > np.quantile(values, HIGH_QUANTILE, axis=0)).mean(axis=1)
    return (total > AGGREGATE_DEVIATIONS) & (high >= HIGH_SHARE)


def _own_rna(link: RnaLink | None, protein: str, gene: str) -> tuple[float, bool, bool]:
    """Return a protein's correlation with its gene's RNA, whether it follows it, and whether the cells express it."""
    if link is None or gene not in link.correlation.columns:
        return np.nan, False, False
    own = float(link.correlation[gene][protein])
    return own, own > max(FOLLOWING, 4 / np.sqrt(link.cells)), link.detected[gene] >= MIN_GENE_CELLS


def _quality_class(row: Mapping[Any, Any], *, swapped: bool, signal: bool, expressed: bool) -> str:
    """Choose the quality class of one protein."""
    if row["is_isotype"]:
        return "isotype"
    if row["mean_count"] == 0:
        return "no counts"
    if swapped:
        return "swapped"
    if not signal:
        return "dead" if expressed else "no signal"
    return "good" if row["bimodal"] else "no clear gap"


def _column_quantile(counts: sparse.csr_matrix, q: float) -> np.ndarray:
    """Return the quantile of each column with its zeros, one column in memory at a time."""
    columns = counts.tocsc()
    dense = np.zeros(counts.shape[0])
    found = np.zeros(counts.shape[1])
    for j in range(counts.shape[1]):
        stored = columns.data[columns.indptr[j] : columns.indptr[j + 1]]
        dense[: len(stored)] = stored
        dense[len(stored) :] = 0
        found[j] = np.quantile(dense, q)
    return found


def _robust(level: np.ndarray) -> np.ndarray:
    """Return distance from the median in robust standard deviations (1.4826 MAD); 0 where the level does not vary."""
    centre = np.median(level)
    spread = 1.4826 * np.median(np.abs(level - centre))
    return (level - centre) / spread if spread > 0 else np.zeros_like(level)


def _standardised(columns: np.ndarray) -> np.ndarray:
    """Scale columns to mean 0 and variance 1; constant ones become NaN."""
    spread = columns.std(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, np.nan)
