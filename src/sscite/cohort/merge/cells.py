"""Join libraries: their cells' tables, their genes, their antibody panels; exclusion of cells with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import names
from sscite.errors import UserError

EXCLUDED = "excluded"
SET_ASIDE_LINEAGES = {"platelet", "red cell"}
MIN_SHARED_GENES = 0.1
AT_ONCE = 5_000_000  # stored values summed at once


def join_cells(obs: pd.DataFrame, fragments: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Join what each step adds to the cells of one library.

    Parameters
    ----------
    obs
        The library's cells.
    fragments
        Tables by file name; a column that an earlier table has already given is not taken again. A table without rows
        is that of a skipped step and adds nothing.

    Raises
    ------
    UserError
        A table lacks cells of the library or has others.
    """
    fragments = {file: frame for file, frame in fragments.items() if len(frame)}
    problems = [
        f"{file}: its {len(frame)} cells are not the {len(obs)} cells of the library; run that step again"
        for file, frame in fragments.items()
        if len(frame) != len(obs) or not frame.index.isin(obs.index).all()
    ]
    if problems:
        raise UserError(problems)
    joined = obs.copy()
    for frame in fragments.values():
        new = frame.columns.difference(joined.columns, sort=False)
        joined = joined.join(frame[new])
    return joined


def text(values: pd.Series) -> pd.Series:
    """Turn a column of any type into text; missing values become empty."""
    return values.astype(object).where(values.notna(), "").astype(str)


def _column(obs: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as text; empty throughout where it is absent."""
    return text(obs[name]) if name in obs else pd.Series("", index=obs.index)


def _flag(obs: pd.DataFrame, name: str, *, default: bool) -> pd.Series:
    """Return a column as a flag; `default` where it is absent or missing."""
    if name not in obs:
        return pd.Series(default, index=obs.index)
    return obs[name].astype(object).where(obs[name].notna(), default).astype(bool)


def exclusion(obs: pd.DataFrame) -> pd.Series:
    """Return why a cell is excluded from the cohort; empty if it is used. The first reason that applies counts."""
    aside = _flag(obs, names.SET_ASIDE, default=False) | _column(obs, names.LINEAGE).isin(SET_ASIDE_LINEAGES)
    reasons = [
        (~_flag(obs, names.QC_PASS, default=True), "low quality"),
        (_column(obs, names.HTO_CALL) == names.CALL_DOUBLET, "hashtag doublet"),
        (_column(obs, names.SAMPLE) == "", "no sample"), (_flag(obs, names.DOUBLET, default=False), "doublet"),
        (aside, "platelet or red cell"),
    ]  # fmt: skip
    return pd.Series(np.select([mask for mask, _ in reasons], [why for _, why in reasons], ""), index=obs.index)


def combine_genes(genes: Mapping[str, pd.Index], how: str) -> pd.Index:
    """Return the genes of the cohort: of any library (union, in order of first sight) or of all (intersection).

    Raises
    ------
    UserError
        Libraries share less than a tenth of the genes of the first, or `how` is neither.
    """
    if how not in ("union", "intersection"):
        raise UserError(f"--genes is '{how}'; allowed: union, intersection")
    first = next(iter(genes))
    problems = []
    for library, index in genes.items():
        shared = index.isin(genes[first]).sum()
        if shared < MIN_SHARED_GENES * min(len(index), len(genes[first])):
            problems.append(
                f"library '{library}': {shared} of its {len(index)} genes (such as {', '.join(index[:3])}) are "
                f"genes of library '{first}' (such as {', '.join(genes[first][:3])}); name genes alike (symbols, "
                "or Ensembl identifiers) in all libraries"
            )
    if problems:
        raise UserError(problems)
    if how == "union":
        return pd.Index(dict.fromkeys(gene for index in genes.values() for gene in index))
    common = set(genes[first]).intersection(*map(set, genes.values()))
    return pd.Index([gene for gene in genes[first] if gene in common])


def spread_columns(counts: sp.csr_matrix, places: np.ndarray, width: int) -> sp.csr_matrix:
    """Move a library's genes to their places in the cohort; a place below zero drops the gene. Indices come sorted."""
    if (places < 0).any():
        counts, places = counts[:, places >= 0], places[places >= 0]
    moved = sp.csr_matrix(
        (counts.data, places.astype(np.int32)[counts.indices], counts.indptr), shape=(counts.shape[0], width)
    )
    moved.sort_indices()
    return moved


def stack_proteins(panels: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack cells × proteins of libraries with different panels: an antibody that a panel lacks is NaN, never zero."""
    columns = list(dict.fromkeys(column for panel in panels for column in panel.columns))
    return pd.concat([panel.reindex(columns=columns) for panel in panels]).astype(np.float32)


@dataclass
class GeneStatistics:
    """Sums over cells of counts per 10,000 and of their squares, by group and gene, gathered library by library."""

    genes: int
    sums: dict[str, np.ndarray] = field(default_factory=dict)
    squares: dict[str, np.ndarray] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)

    def add(self, group: str, normalised: sp.csr_matrix) -> None:
        """Add cells (log1p of counts per 10,000) to a group."""
        total, square = np.zeros(self.genes), np.zeros(self.genes)
        for start in range(0, normalised.nnz, AT_ONCE):
            places = normalised.indices[start : start + AT_ONCE]
            scaled = np.expm1(normalised.data[start : start + AT_ONCE].astype(np.float64))
            total += np.bincount(places, weights=scaled, minlength=self.genes)
            square += np.bincount(places, weights=scaled**2, minlength=self.genes)
        self.sums[group] = self.sums.get(group, 0) + total
        self.squares[group] = self.squares.get(group, 0) + square
        self.cells[group] = self.cells.get(group, 0) + normalised.shape[0]

    def table(self) -> dict[str, np.ndarray]:
        """Return groups, cells, means and variances (groups × genes) as arrays to be stored."""
        groups = sorted(self.cells)
        cells = np.array([self.cells[group] for group in groups], dtype=float)
        if not groups:
            empty = np.empty((0, self.genes))
            return {"groups": np.array(groups, dtype=object), "cells": cells, "mean": empty, "variance": empty}
        mean = np.stack([self.sums[group] for group in groups]) / cells[:, None]
        square = np.stack([self.squares[group] for group in groups]) / cells[:, None]
        variance = np.maximum(square - mean**2, 0) * (cells / np.maximum(cells - 1, 1))[:, None]
        return {"groups": np.array(groups, dtype=object), "cells": cells, "mean": mean, "variance": variance}
