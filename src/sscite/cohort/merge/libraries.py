"""Stream libraries from disk into the cohort's file, one library in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

from sscite import io, names
from sscite.cohort.merge import cells as joins
from sscite.cohort.merge import doublets
from sscite.cohort.writer import CohortWriter, log_normalise
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from anndata import AnnData

FRAGMENTS = ("demux_genotypes", "samples_doublets", "samples_ambient", "adt_cells", "annotate_protein")


@dataclass(frozen=True)
class Library:
    """The files of one library; a fragment that was not made is absent."""

    id: str
    counts: Path
    fragments: dict[str, Path]
    protein: Path | None
    panel: Path | None


@dataclass
class Report:
    """What merging found, for the step summary."""

    cells: pd.DataFrame
    numbers: dict[str, float | int | str] = field(default_factory=dict)
    summary: str = ""
    warnings: list[str] = field(default_factory=list)
    tables: dict[str, tuple[pd.DataFrame, str, str]] = field(default_factory=dict)


def find_libraries(libraries: Path, fragments: Path) -> list[Library]:
    """List the libraries of a folder and their fragments, in the order of their names."""
    found = []
    for path in sorted(libraries.glob("*.h5mu")):
        if path.name.endswith(".droplets.h5mu"):
            continue
        files = {step: fragments / f"{path.stem}.{step}.parquet" for step in FRAGMENTS}
        protein, panel = (fragments / f"{path.stem}.{name}" for name in ("adt_normalize.parquet", "adt_panel.csv"))
        found.append(
            Library(
                path.stem, path, {step: file for step, file in files.items() if file.exists()},
                protein if protein.exists() else None, panel if panel.exists() else None,
            )
        )  # fmt: skip
    return found


def merge_libraries(libraries: list[Library], *, genes: str, out: Path) -> Report:
    """Write `merged.h5mu` from all libraries and report on it.

    Raises
    ------
    Skipped
        No library has RNA, or no cell of any can be used.
    """
    with_rna = [library for library in libraries if names.RNA in io.modalities(library.counts)]
    if not with_rna:
        raise Skipped(Reason.NO_RNA, "no library has RNA counts")
    cells = {library.id: _cells(library) for library in with_rna}
    if not any((obs[joins.EXCLUDED] == "").any() for obs in cells.values()):
        raise Skipped(Reason.TOO_FEW_CELLS, f"none of {sum(map(len, cells.values()))} cells can be used")
    indices = {library.id: _features(library.counts) for library in with_rna}
    names_of_genes = joins.combine_genes(indices, genes)
    by_library, by_lineage = joins.GeneStatistics(len(names_of_genes)), joins.GeneStatistics(len(names_of_genes))
    writer = CohortWriter(out, len(names_of_genes))
    var = pd.DataFrame({names.GENE_ID: ""}, index=names_of_genes)
    proteins = []
    for library in with_rna:
        obs = cells[library.id]
        places = names_of_genes.get_indexer(indices[library.id])
        used = (obs[joins.EXCLUDED] == "").to_numpy()
        _fill_ids(var, library.counts, places)
        if used.any():
            _stream(writer, library, used, obs[used], places, by_library, by_lineage)
            proteins.append(_protein(library, used))
    everything = _tidy(pd.concat(cells.values()))
    keep = everything[joins.EXCLUDED] == ""
    uns = {
        "library_statistics": by_library.table(), "lineage_statistics": by_lineage.table(),
        "excluded_cells": everything[~keep], "genes": genes,
    }  # fmt: skip
    protein = _protein_modality(proteins, everything[keep], libraries)
    writer.finish(everything[keep], _mark_shared(var, indices), protein=protein, uns=uns)
    return _report(everything, var, indices, genes, protein, len(libraries) - len(with_rna))


def write_empty(out: Path) -> None:
    """Write a cohort without cells, so that the steps behind find their file."""
    obs = pd.DataFrame({column: pd.Series(dtype=str) for column in (*names.IDENTITY, joins.EXCLUDED)})
    obs.index = obs.index.astype(str)
    writer = CohortWriter(out, 0)
    writer.finish(obs, pd.DataFrame(index=pd.Index([], dtype=str)), protein=None, uns={"excluded_cells": obs})


def _cells(library: Library) -> pd.DataFrame:
    """Join the tables of a library's cells and mark which are excluded."""
    frames = {path.name: io.read_fragment(path) for path in library.fragments.values()}
    obs = joins.join_cells(io.read_obs(library.counts), frames)
    for column in names.IDENTITY:
        obs[column] = joins.text(obs[column]) if column in obs else ""
    obs[names.DOUBLET_PROBABILITY] = doublets.probability(obs)
    obs[joins.EXCLUDED] = joins.exclusion(obs)
    return obs


def _features(path: Path) -> pd.Index:
    """Read a library's gene names, made unique in the order of the file."""
    from anndata.utils import make_index_unique

    with h5py.File(path) as file:
        group = file[f"mod/{names.RNA}/var"]
        return make_index_unique(pd.Index(group[group.attrs["_index"]].asstr()[:]))


def _fill_ids(var: pd.DataFrame, path: Path, places: np.ndarray) -> None:
    """Note the gene identifiers of a library for the genes that no earlier library had."""
    from anndata.io import read_elem

    with h5py.File(path) as file:
        ids = read_elem(file[f"mod/{names.RNA}/var"])
    if names.GENE_ID not in ids:
        return
    column = var.columns.get_loc(names.GENE_ID)
    values = ids[names.GENE_ID].astype(str).to_numpy()
    new = (places >= 0) & (var.iloc[places, column].to_numpy() == "")
    var.iloc[places[new], column] = values[new]


def _stream(
    writer: CohortWriter, library: Library, used: np.ndarray, obs: pd.DataFrame, places: np.ndarray,
    by_library: joins.GeneStatistics, by_lineage: joins.GeneStatistics,
) -> None:  # fmt: skip
    """Normalise a library's used cells, add them to the cohort's file and to the sums."""
    from anndata.io import read_elem

    with h5py.File(library.counts) as file:
        raw = read_elem(file[f"mod/{names.RNA}/X"])
    counts = sp.csr_matrix(raw, dtype=np.float32)[used]
    del raw
    totals = np.asarray(counts.sum(axis=1)).ravel()
    counts = joins.spread_columns(counts, places, writer.genes)
    normalised = sp.csr_matrix((log_normalise(counts, totals), counts.indices, counts.indptr), shape=counts.shape)
    writer.append(counts, normalised.data)
    by_library.add(library.id, normalised)
    lineages = obs[names.LINEAGE].astype(str).to_numpy() if names.LINEAGE in obs else np.full(len(obs), "unassigned")
    for lineage in np.unique(lineages):
        by_lineage.add(str(lineage), normalised[lineages == lineage])


def _protein(library: Library, used: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Read the normalised proteins and the raw counts of a library's used cells; None without antibodies."""
    if library.protein is None or library.panel is None:
        return None
    normalised = io.read_fragment(library.protein)
    if normalised.shape[1] == 0 or names.PROTEIN not in io.modalities(library.counts):
        return None
    raw = io.read_modality(library.counts, names.PROTEIN)
    panel = io.read_table(library.panel)
    panel = panel[panel["feature"].isin(raw.var_names)]
    dense = raw.X[:, raw.var_names.get_indexer(panel["feature"])].toarray()
    counts = pd.DataFrame(dense, index=raw.obs_names, columns=panel["protein"])
    counts = counts.loc[:, ~counts.columns.duplicated()]
    return normalised.loc[raw.obs_names[used]], counts.loc[raw.obs_names[used]]


def _protein_modality(
    proteins: list[tuple[pd.DataFrame, pd.DataFrame] | None], obs: pd.DataFrame, libraries: list[Library]
) -> AnnData | None:
    """Build the protein modality: X raw counts, a layer of normalised values, NaN if a panel lacks an antibody."""
    from anndata import AnnData

    found = [pair for pair in proteins if pair is not None]
    if not found:
        return None
    normalised = joins.stack_proteins([pair[0] for pair in found]).reindex(obs.index)
    counts = joins.stack_proteins([pair[1] for pair in found]).reindex(index=obs.index, columns=normalised.columns)
    panels = pd.concat([io.read_table(lib.panel) for lib in libraries if lib.panel is not None])
    panels = panels.drop_duplicates("protein").set_index("protein").reindex(normalised.columns).fillna("")
    panels.index.name = None
    mask = normalised.notna().groupby(obs[names.LIBRARY].to_numpy(), observed=True).any()
    panels["n_libraries"] = mask.sum(axis=0).to_numpy()
    panels["is_isotype"] = panels["is_isotype"].astype(str).str.lower().isin(["true", "1"])
    layer = _layer(panels)
    adata = AnnData(
        counts.to_numpy(), obs=obs[names.IDENTITY].copy(), var=panels, layers={layer: normalised.to_numpy()}
    )
    adata.uns["panel_mask"] = mask.rename_axis(index="library")
    adata.uns["normalised_layer"] = layer
    return adata


def _layer(panels: pd.DataFrame) -> str:
    """Return the name of the layer of normalised protein: dsb or clr, by the method of the panel tables."""
    method = panels["method"].iloc[0] if "method" in panels else names.LAYER_DSB
    return names.LAYER_CLR if str(method).startswith(names.LAYER_CLR) else names.LAYER_DSB


def _tidy(obs: pd.DataFrame) -> pd.DataFrame:
    """Convert every column to a type that HDF5 stores: text as categories, flags as booleans."""
    tidy = obs.copy()
    for column in tidy.columns:
        values = tidy[column]
        if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype | pd.StringDtype):
            filled = values.astype(object).where(values.notna(), "")
            is_flag = filled.isin([True, False, ""]).all() and filled.map(type).eq(bool).any()
            tidy[column] = filled.astype(bool) if is_flag else filled.astype(str).astype("category")
    tidy.index = tidy.index.astype(str).rename(names.CELL)
    return tidy


def _mark_shared(var: pd.DataFrame, indices: dict[str, pd.Index]) -> pd.DataFrame:
    """Note in how many libraries each gene was measured."""
    counts = np.sum([var.index.isin(index) for index in indices.values()], axis=0)
    var["n_libraries"] = counts
    return var


def _report(
    everything: pd.DataFrame,
    var: pd.DataFrame,
    indices: dict[str, pd.Index],
    how: str,
    protein: AnnData | None,
    no_rna: int,
) -> Report:
    """Count cells by library and reason, genes by library, antibodies by library."""
    reason = everything[joins.EXCLUDED].astype(str).replace("", "used")
    table = pd.crosstab(everything[names.LIBRARY].astype(str), reason)
    table = table[["used", *[c for c in table.columns if c != "used"]]]
    used = int(table["used"].sum())
    shared = int((var["n_libraries"] == len(indices)).sum())
    kept = everything[everything[joins.EXCLUDED] == ""]
    two_cells, sentence = doublets.describe(kept[names.DOUBLET_PROBABILITY])
    report = Report(table)
    report.numbers = {
        "cells": len(everything), "cells_used": used, "cells_left_out": len(everything) - used,
        "libraries": len(indices),
        "genes": len(var), "genes_in_all_libraries": shared, "genes_kept": how,
        "samples": kept[names.SAMPLE].nunique(), "donors": kept[names.DONOR].nunique(),
        "proteins": 0 if protein is None else protein.n_vars, **two_cells,
    }  # fmt: skip
    report.summary = (
        f"{used:,} of {len(everything):,} cells of {len(indices)} libraries enter the cohort, with the {how} of genes: "
        f"{len(var):,}, of which {shared:,} were measured in every library.{sentence}"
    )
    report.tables["cells"] = (
        table.reset_index().rename(columns={names.LIBRARY: "library"}), "Cells used and excluded",
        "The first reason that applies is counted.",
    )  # fmt: skip
    empty = list(table.index[table["used"] == 0])
    if empty:
        report.warnings.append(f"No cell of {', '.join(empty)} can be used.")
    if no_rna:
        report.warnings.append(f"{no_rna} libraries have no RNA counts and are excluded.")
    if protein is None:
        report.warnings.append("No library has antibody counts: protein steps are skipped.")
    elif int(protein.var["n_libraries"].min()) < len(protein.uns["panel_mask"]) or np.isnan(protein.X).any():
        report.warnings.append(
            f"Antibody panels differ: {int((protein.var['n_libraries'] == len(indices)).sum())} of {protein.n_vars} "
            "proteins were measured in every library; the others are missing (not zero) where they were not measured."
        )
    return report
