"""All lineages of a cohort: read, cluster one by one, and write what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sscite import io, names
from sscite.names import UNASSIGNED
from sscite.subsets.cluster import cluster_lineage, read_lineages
from sscite.subsets.definitions.subsets import Definitions


@dataclass
class Subsets:
    """What was found in all lineages."""

    cells: pd.DataFrame
    scores: pd.DataFrame
    clusters: pd.DataFrame
    resolutions: pd.DataFrame
    lineages: dict[str, cluster_lineage.Found]
    skipped: dict[str, int]


def find(
    merged: Path, definitions: Definitions, *, resolution: float | None, seed: int, voted: pd.DataFrame | None = None
) -> Subsets:
    """Cluster every lineage that has enough cells; cells of the others keep their annotated lineage.

    Parameters
    ----------
    voted
        Labels of a vote over the cohort, in place of those in the file; they are passed on.
    """
    obs = io.read_obs(merged, names.RNA)
    if voted is not None:
        obs = obs.assign(**voted)
    data, counts = read_lineages.read(merged, definitions, obs=obs, least=cluster_lineage.MIN_CELLS)
    found = {}
    for lineage in definitions.lineages:
        if lineage.name in data:
            found[lineage.name] = cluster_lineage.cluster_lineage(
                data.pop(lineage.name), lineage, resolution=resolution, seed=seed
            )
    cells = _base(obs, read_lineages.lineage_masks(obs, definitions))
    for part in found.values():
        cells.loc[part.cells.index, part.cells.columns] = part.cells
    if voted is not None:
        cells = cells.join(voted.rename(columns={names.LINEAGE: names.LINEAGE_ANNOTATED}))
    skipped = {name: count for name, count in counts.items() if count and name not in found}
    return Subsets(
        cells, _scores(found, obs.index), _tables(found, "clusters"), _tables(found, "resolutions"), found, skipped
    )


def write(found: Subsets, folder: Path) -> None:
    """Write the files of SUBSETS_CLUSTER."""
    io.write_fragment(found.cells, folder / "subsets.parquet")
    io.write_fragment(found.scores, folder / "subset_scores.parquet")
    io.write_table(found.clusters.round(4), folder / "subset_clusters.csv")
    io.write_table(found.resolutions.round(4), folder / "subset_resolutions.csv")
    io.write_fragment(_stacked(found, "umap", 2), folder / "subset_maps.parquet")
    io.write_fragment(_stacked(found, "embedding", cluster_lineage.COMPONENTS), folder / "subset_embedding.parquet")


def _stacked(found: Subsets, part: str, width: int) -> pd.DataFrame:
    """Stack coordinates of all lineages; each lineage has its own axes, missing ones are zero."""
    columns = [f"{part}_{number}" for number in range(1, width + 1)]
    frames = [
        pd.DataFrame(getattr(one, part), index=one.cells.index, columns=columns[: getattr(one, part).shape[1]])
        for one in found.lineages.values()
    ]
    empty = pd.DataFrame({name: pd.Series(dtype=np.float32) for name in columns})
    return pd.concat(frames).reindex(columns=columns).fillna(0).astype(np.float32) if frames else empty


def _base(obs: pd.DataFrame, masks: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return every cell with its lineage; cells of a lineage of the definitions have no named subset yet."""
    annotated = obs[names.LINEAGE].astype(str) if names.LINEAGE in obs else pd.Series(UNASSIGNED, index=obs.index)
    cells = pd.DataFrame(
        {names.LINEAGE: annotated.astype(object), names.CLUSTER: annotated.astype(object)}, index=obs.index
    )
    cells[names.SUBSET] = annotated.astype(object)
    for name, mask in masks.items():
        cells.loc[mask, [names.LINEAGE, names.CLUSTER]] = name
        cells.loc[mask, names.SUBSET] = names.OTHER_SUBSET.format(lineage=name)
    cells[[names.SUBSET_SCORE, "subset_margin"]] = np.float32(np.nan)
    cells["subset_by_cell"] = cells[names.SUBSET]
    return cells


def _scores(found: dict[str, cluster_lineage.Found], index: pd.Index) -> pd.DataFrame:
    """Join the scores of all lineages; NaN outside of a subset's lineage."""
    parts = [part.scores for part in found.values()]
    return pd.concat(parts).reindex(index) if parts else pd.DataFrame(index=index)


def _tables(found: dict[str, cluster_lineage.Found], part: str) -> pd.DataFrame:
    """Stack a table of every lineage."""
    tables = [getattr(value, part).assign(lineage=name) for name, value in found.items() if len(getattr(value, part))]
    columns = {"clusters": ["lineage", "cluster", "cells", "subset"], "resolutions": ["lineage", "resolution"]}[part]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
