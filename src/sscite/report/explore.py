"""The cells that the report lets a reader explore: maps, columns, marker genes and proteins, packed small.

Cells are in the order of a stratified sample (sample × subset): any first part of them is one. Values are bytes,
compressed (zlib) and written as base64; the browser unpacks them. Genes and proteins have 16 levels.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sscite import figures, io, names

MOST_CELLS = 250_000  # drawn; a stratified sample beyond
FEATURE_CELLS = 30_000  # with gene and protein values
MOST_LEVELS = 255
GRID = 4095  # of the coordinates
LEVELS = 15  # of a gene or protein
STEPS = 63  # of a number
FIRST = [names.LINEAGE, names.SUBSET, names.CELL_TYPE, names.TISSUE, names.DONOR, names.SAMPLE, names.LIBRARY]
# columns of cells.parquet that describe the measurement and not the cell or its donor
TECHNICAL = (
    "qc_", "hto_", "genotype_", "doublet", "adt_", "excluded", "set_aside", "umap_", "wnn_", "counterpart", "relative_",
    "cell_type_fine", "lineage_", "protein_", "subset_", "ambient_", "cohort_", "rna_weight", "cell_type_confidence",
)  # fmt: skip
MAPS = {"UMAP (RNA)": "umap", "WNN UMAP (RNA and protein)": "wnn_umap"}


def run(cells: Path, *, cohort: Path, subsets: Path, output: Path, seed: int) -> None:
    """Read the finished cohort and write the cells to explore."""
    table = io.read_fragment(cells)
    table = table[table["excluded"].fillna("") == ""]
    table = table[table["umap_1"].notna()] if "umap_1" in table else table.iloc[:0]
    table = table.iloc[stratified_order(table, seed=seed)].head(MOST_CELLS)
    part = table.index[:FEATURE_CELLS]
    features = [*_genes(cohort, part, subsets), *_proteins(cohort, part)]
    content = pack(table, features, total=int(io.read_fragment(cells, ["excluded"])["excluded"].eq("").sum()))
    output.write_text(json.dumps(content, ensure_ascii=False) if len(table) else "", encoding="utf-8")


def stratified_order(cells: pd.DataFrame, *, seed: int) -> np.ndarray:
    """Return the order of cells in which any first part holds each sample × subset in proportion."""
    draws = pd.Series(np.random.default_rng(seed).random(len(cells)), index=cells.index)
    strata = [cells[column].astype(str) for column in (names.SAMPLE, names.SUBSET) if column in cells]
    groups = draws.groupby(strata) if strata else draws.groupby(lambda _: 0)
    return np.argsort((groups.rank() / groups.transform("size")).to_numpy(), kind="stable")


def pack(cells: pd.DataFrame, features: Iterable[tuple[str, str, np.ndarray]], *, total: int) -> dict[str, Any]:
    """Return the cells as JSON-ready content.

    Parameters
    ----------
    cells
        One row per cell, in the order to draw.
    features
        Kind (`gene` or `protein`), name and values of the first cells.
    total
        Number of analysed cells, of which `cells` may be a sample.
    """
    return {
        "cells": len(cells),
        "total": total,
        "maps": [
            {"name": title, **{axis: _coordinates(cells[f"{stem}_{i}"]) for i, axis in ((1, "x"), (2, "y"))}}
            for title, stem in MAPS.items()
            if f"{stem}_1" in cells and cells[f"{stem}_1"].notna().all()
        ],
        "columns": [column for name in shown_columns(cells) if (column := _column(cells[name]))],
        "features": [_feature(kind, name, values) for kind, name, values in features],
    }


def shown_columns(cells: pd.DataFrame) -> list[str]:
    """Return the columns by which cells may be coloured: identity, labels, covariates, quality, signatures."""
    others = [name for name in cells.columns if name not in FIRST and not name.startswith(TECHNICAL)]
    return [name for name in [*FIRST, *others] if name in cells]


def _column(values: pd.Series) -> dict[str, Any] | None:
    """Pack a column: categories as codes with colours, numbers as 64 levels; None if that is of no use."""
    if values.nunique() < 2:
        return None
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        scaled, low, high = _scale(values.to_numpy(float), STEPS)
        codes = np.where(np.isnan(scaled), 255, scaled).astype(np.uint8)
        return {"name": str(values.name), "low": low, "high": high, "data": _encode(codes)}
    text = values.astype(str).replace({"nan": "", "None": ""}).replace("", figures.NOT_GIVEN)
    levels = sorted(text.unique())
    if len(levels) > MOST_LEVELS:
        return None
    codes = pd.Categorical(text, levels).codes.astype(np.uint8)
    return {
        "name": str(values.name),
        "levels": levels,
        "colours": figures.level_colours(levels),
        "data": _encode(codes),
    }


def _feature(kind: str, name: str, values: np.ndarray) -> dict[str, Any]:
    """Pack a gene or protein: 16 levels, two cells in a byte."""
    scaled, low, high = _scale(values, LEVELS)
    codes = np.nan_to_num(scaled).astype(np.uint8)
    pairs = np.resize(codes, len(codes) + len(codes) % 2)
    return {"kind": kind, "name": name, "low": low, "high": high, "data": _encode(pairs[::2] << 4 | pairs[1::2])}


def _scale(values: np.ndarray, top: int) -> tuple[np.ndarray, float, float]:
    """Scale values to 0..top between the smallest and the 99.5th percentile; also return these two."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(np.percentile(known, 99.5))) if len(known) else (0.0, 0.0)
    high = float(known.max()) if len(known) and high <= low else high
    span = high - low if high > low else 1.0
    return np.rint(((values - low) / span).clip(0, 1) * top), round(low, 3), round(high, 3)


def _coordinates(values: pd.Series) -> str:
    low, high = float(values.min()), float(values.max())
    return _encode(np.rint((values.to_numpy(float) - low) / ((high - low) or 1.0) * GRID).astype("<u2"))


def _encode(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(values.tobytes(), 9)).decode()


def _genes(cohort: Path, cells: pd.Index, subsets: Path) -> list[tuple[str, str, np.ndarray]]:
    """Read the marker genes of the subsets (log1p of counts per 10,000)."""
    from sscite.cohort import file
    from sscite.subsets.definitions.subsets import load_definitions

    wanted = dict.fromkeys(gene for lineage in load_definitions(subsets).lineages for gene in lineage.genes)
    genes, order = file.read_index(cohort, "var"), file.read_index(cohort)
    kept = [gene for gene in wanted if gene in genes]
    chosen = order.isin(cells)
    matrix = file.gather(cohort, cells=chosen, genes=genes.get_indexer(kept))
    columns = matrix[order[chosen].get_indexer(cells)].tocsc()
    return [("gene", gene, columns[:, [i]].toarray().ravel()) for i, gene in enumerate(kept)]


def _proteins(cohort: Path, cells: pd.Index) -> list[tuple[str, str, np.ndarray]]:
    """Read the normalised proteins; none if the cohort has none."""
    from sscite.cohort.protein import read_protein

    order, proteins, values = read_protein(cohort)
    rows = order.get_indexer(cells) if len(order) else np.empty(0, int)
    return [("protein", name, values[rows, i].astype(float)) for i, name in enumerate(proteins)] if len(rows) else []
