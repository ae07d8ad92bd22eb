"""Join everything known of the cells in `cohort.h5mu` and `cells.parquet`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sscite import command, io, names
from sscite.cohort import embedding_file, writer
from sscite.cohort import file as store
from sscite.subsets.cluster import report

# of a cell, also in the table of the proteins' modality
PROTEIN_COLUMNS = [*names.IDENTITY, names.CELL_TYPE, names.LINEAGE, names.CLUSTER, names.SUBSET]
TISSUE_COLUMNS = ["counterpart", "counterpart_share", "counterpart_distance", "relative_distance"]


def run(
    *, merged: Path, embedding: Path, clusters: Path, subsets: Path, scores: Path, signatures: Path,
    tissue_states: Path, samples: Path, id: str,
) -> None:  # fmt: skip
    """Write cohort.h5mu (scanpy, muon, Seurat) and cells.parquet (one row per cell) from what each step added.

    The samples' covariates are joined here, after all that does not depend on them.
    """
    with command.step("subsets_collect", id) as facts:
        parts = Parts(merged, embedding, clusters, subsets, scores, signatures, tissue_states, samples)
        cells = write(parts, Path("cohort.h5mu"))
        io.write_fragment(cells, Path("cells.parquet"))
        report.collected(facts, cells)


@dataclass(frozen=True)
class Parts:
    """The files that are put together."""

    merged: Path
    embedding: Path
    clusters: Path
    subsets: Path
    scores: Path
    signatures: Path
    tissue_states: Path
    samples: Path


def join(parts: Parts) -> pd.DataFrame:
    """Join all tables of the cells used; `lineage_annotated` keeps the lineage before subsets were sought."""
    obs = io.read_obs(parts.merged, names.RNA)
    if names.LINEAGE in obs:
        obs = obs.rename(columns={names.LINEAGE: names.LINEAGE_ANNOTATED})
    subsets = io.read_fragment(parts.subsets)
    obs = obs.drop(columns=subsets.columns, errors="ignore")  # a vote over the cohort replaces labels
    tissue = io.read_fragment(parts.tissue_states)
    frames = [
        subsets, io.read_fragment(parts.clusters), io.read_fragment(parts.signatures),
        tissue[[column for column in TISSUE_COLUMNS if column in tissue]],
    ]  # fmt: skip
    for frame in frames:
        obs = obs.join(frame[[column for column in frame.columns if column not in obs]])
    return text_to_categories(add_covariates(obs, io.read_table(parts.samples)))


def add_covariates(obs: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Add each sample's covariates to its cells; those that are numbers throughout become numbers."""
    columns = [c for c in samples.columns if c not in names.SAMPLE_COLUMNS and c not in obs.columns]
    table = samples.set_index(names.SAMPLE)[columns].replace("", np.nan)
    for column in columns:
        numbers = pd.to_numeric(table[column], errors="coerce")
        if numbers.notna().sum() == table[column].notna().sum() > 0:
            table[column] = numbers
    return obs.join(table, on=names.SAMPLE) if columns else obs


def text_to_categories(obs: pd.DataFrame) -> pd.DataFrame:
    """Turn text into categories, missing text into empty."""
    tidy = obs.copy()
    for column in tidy.columns:
        if tidy[column].dtype == object:
            tidy[column] = tidy[column].where(tidy[column].notna(), "").astype(str).astype("category")
    return tidy


def cells_table(obs: pd.DataFrame, excluded: pd.DataFrame, obsm: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return every cell of the cohort a row: those used with their coordinates, then those left out with the reason."""
    table = obs.copy()
    for key, prefix in ((names.X_UMAP, "umap"), (names.X_WNN_UMAP, "wnn_umap")):
        if key in obsm:
            table[f"{prefix}_1"], table[f"{prefix}_2"] = obsm[key][:, 0], obsm[key][:, 1]
    left_out = excluded.rename(columns={names.LINEAGE: "lineage_annotated"})
    if "lineage_annotated" in left_out:
        left_out = left_out.assign(lineage=left_out["lineage_annotated"])
    both = pd.concat(
        [frame.astype(dict.fromkeys(frame.select_dtypes("category"), object)) for frame in (table, left_out)]
    )
    for column in both.columns:
        if both[column].dtype == object and not both[column].map(type).eq(bool).any():
            both[column] = both[column].where(both[column].notna(), "").astype(str)
    return both.rename_axis(index=names.CELL)


def write(parts: Parts, out: Path) -> pd.DataFrame:
    """Write `cohort.h5mu` beside `cells.parquet`, from a copy of the merged file: its matrices are not touched.

    Returns
    -------
    pd.DataFrame
        The table of all cells.
    """
    obs = join(parts)
    _, obsm, model = embedding_file.read(parts.embedding)
    shutil.copyfile(parts.merged, out)
    out.chmod(0o644)
    rna = f"mod/{names.RNA}"
    shared = {key: value for key, value in obsm.items() if key != "X_prot"}
    elements: dict[str, object] = {"obs": obs, f"{rna}/obs": obs, "obsm": shared, f"{rna}/obsm": shared}
    var = store.read_element(out, f"{rna}/var")
    places = var.index.get_indexer(model["genes"])
    var["highly_variable"] = np.isin(np.arange(len(var)), places)
    elements[f"{rna}/var"] = var
    if "loadings" in model:
        loadings = np.zeros((len(var), model["loadings"].shape[1]))
        loadings[places] = model["loadings"] / model["scale"][:, None]
        elements[f"{rna}/varm"] = {"PCs": loadings}
        elements[f"{rna}/uns/pca"] = {
            "variance_ratio": model["variance"],
            "mean": model["mean"],
            "genes": model["genes"],
        }
    elements["uns"] = {"subset_scores": io.read_fragment(parts.scores).astype(np.float32)}
    if names.PROTEIN in io.modalities(out):
        elements[f"mod/{names.PROTEIN}/obs"] = obs[[column for column in PROTEIN_COLUMNS if column in obs]]
        elements[f"mod/{names.PROTEIN}/obsm"] = obsm
    excluded = add_covariates(store.read_element(out, f"{rna}/uns/excluded_cells"), io.read_table(parts.samples))
    writer.write_elements(out, elements)
    return cells_table(obs, excluded, obsm)
