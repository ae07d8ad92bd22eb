"""Read the cohort lineage by lineage in one pass over the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import names
from sscite.cohort import file as store
from sscite.cohort.protein import read_protein
from sscite.embedding import variable_genes
from sscite.subsets.cluster.cluster_lineage import LineageCells
from sscite.subsets.definitions.subsets import Definitions, Lineage

HVG = 1500


def lineage_masks(obs: pd.DataFrame, definitions: Definitions) -> dict[str, np.ndarray]:
    """Return which cells belong to each lineage: by annotated lineage, else by a label that the lineage lists."""
    annotated = obs[names.LINEAGE].astype(str) if names.LINEAGE in obs else pd.Series(names.UNASSIGNED, index=obs.index)
    taken = pd.Series(False, index=obs.index)
    masks = {}
    for lineage in definitions.lineages:
        mask = annotated.isin(lineage.lineages)
        for column in (names.CELL_TYPE, names.CELL_TYPE_FINE):
            if lineage.labels and column in obs:
                mask |= obs[column].astype(str).isin(lineage.labels)
        masks[lineage.name] = (mask & ~taken).to_numpy()
        taken |= mask
    return masks


def choose_variable_genes(statistics: dict[str, np.ndarray], lineage: Lineage, *, top: int) -> np.ndarray:
    """Choose variable genes of a lineage from the statistics by annotated lineage that merging kept."""
    rows = np.isin(statistics["groups"].astype(str), lineage.lineages)
    if not rows.any():
        return np.empty(0, int)
    cells, mean, variance = (statistics[part][rows] for part in ("cells", "mean", "variance"))
    weight = (cells / cells.sum())[:, None]
    pooled = (weight * mean).sum(axis=0)
    spread = (weight * (variance + mean**2)).sum(axis=0) - pooled**2
    mask = variable_genes.choose(pooled[None], np.maximum(spread, 0)[None], top=top, cells=cells.sum(keepdims=True))
    return np.flatnonzero(mask)


def read(
    merged: Path, definitions: Definitions, *, obs: pd.DataFrame, least: int
) -> tuple[dict[str, LineageCells], dict[str, int]]:
    """Read the variable genes and markers of every lineage with at least `least` cells, in one pass.

    Returns
    -------
    tuple
        Cells by lineage, and the number of cells of every lineage.
    """
    genes = store.read_index(merged, "var")
    statistics = store.read_element(merged, f"mod/{names.RNA}/uns/lineage_statistics")
    masks = lineage_masks(obs, definitions)
    large = [lineage for lineage in definitions.lineages if masks[lineage.name].sum() >= least]
    columns = {}
    for lineage in large:
        markers = genes.get_indexer(lineage.genes)
        columns[lineage.name] = np.union1d(
            choose_variable_genes(statistics, lineage, top=HVG), markers[markers >= 0]
        ).astype(int)
    blocks: dict[str, list[sp.csr_matrix]] = {lineage.name: [] for lineage in large}
    for rows, block in store.iterate(merged) if large else ():
        for name, places in columns.items():
            inside = masks[name][rows]
            if inside.any():
                blocks[name].append(block[np.flatnonzero(inside)][:, places])
    cells, proteins, values = read_protein(merged, isotypes=False)
    protein = pd.DataFrame(values, columns=proteins, index=cells) if len(proteins) else None
    data = {
        name: LineageCells(
            sp.vstack(parts, format="csr"), genes[columns[name]], obs[masks[name]],
            None if protein is None else protein[masks[name]],
        )
        for name, parts in blocks.items()
    }  # fmt: skip
    return data, {name: int(mask.sum()) for name, mask in masks.items()}
