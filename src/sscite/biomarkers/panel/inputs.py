"""Read what the panels need: the cells that count, their proteins, the antibodies' names and quality, and findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sscite import io, names
from sscite.cohort import file as store
from sscite.compare.pseudobulk.sums import keep
from sscite.errors import Reason, Skipped
from sscite.findings import Kind
from sscite.reading import read_json

LEVEL = 0.05
LAYERS = (names.LAYER_DSB, names.LAYER_CLR)


@dataclass(frozen=True)
class Cohort:
    """The cells that count, and their proteins.

    Attributes
    ----------
    cells
        `sample donor tissue lineage subset`, text; in the order of the cohort file.
    protein
        (n_cells, n_proteins) normalised; NaN where a library's panel lacks the antibody.
    antibodies
        One row per protein: `feature clone gene is_isotype`.
    unit
        `dsb` or `clr`.
    rows
        Position of each cell in the cohort file.
    """

    cells: pd.DataFrame
    protein: np.ndarray
    antibodies: pd.DataFrame
    unit: str
    rows: np.ndarray

    def of_tissue(self, tissue: str) -> Cohort:
        """Return the cells of a tissue."""
        mask = (self.cells[names.TISSUE] == tissue).to_numpy()
        return Cohort(self.cells[mask], self.protein[mask], self.antibodies, self.unit, self.rows[mask])


def read_cohort(cohort: Path, cells: Path) -> Cohort:
    """Read the cells that count (of a sample, passing quality control, no doublet) with their proteins.

    Raises
    ------
    Skipped
        The cohort has no antibodies.
    """
    from anndata.io import read_elem

    if names.PROTEIN not in io.modalities(cohort):
        raise Skipped(Reason.NO_ANTIBODIES)
    prefix = f"mod/{names.PROTEIN}"
    found = ((layer, store.read_element(cohort, f"{prefix}/layers/{layer}")) for layer in LAYERS)
    unit, values = next(((layer, values) for layer, values in found if values is not None), ("", None))
    if values is None or not values.shape[1]:
        raise Skipped(Reason.NO_ANTIBODIES)
    with io.opened(cohort) as file:
        antibodies = read_elem(file[f"{prefix}/var"])
    table = io.read_fragment(cells)
    everything = store.read_index(cohort, "obs", names.PROTEIN)
    used = everything.isin(table.index[keep(table)])
    columns = [names.SAMPLE, names.DONOR, names.TISSUE, names.LINEAGE, names.SUBSET]
    text = table.loc[everything[used], columns].astype(object).fillna("").astype(str)
    dense = np.asarray(values.toarray() if hasattr(values, "toarray") else values, np.float32)
    return Cohort(text, dense[used], antibodies.astype(str), unit, np.flatnonzero(used))


def read_quality(paths: Iterable[Path]) -> pd.DataFrame:
    """Read the antibodies' quality of all libraries: `library_id protein quality_class meaning`."""
    suffix = ".adt_quality.csv"
    tables = [io.read_table(path).assign(library_id=path.name.removesuffix(suffix)) for path in paths]
    tables = [table for table in tables if "quality_class" in table]
    return pd.concat(tables) if tables else pd.DataFrame(columns=["library_id", "protein", "quality_class", "meaning"])


def reported_subsets(summaries: Iterable[Path]) -> dict[str, set[str]]:
    """Return the subsets whose frequency differs (adjusted p at most 0.05) by contrast id, from step summaries."""
    reported: dict[str, set[str]] = {}
    for path in summaries:
        content = read_json(path, "the step summary of a contrast")
        for finding in content.get("findings", []):
            p = finding.get("p")
            if finding.get("kind") == Kind.COMPOSITION and (p is None or p <= LEVEL):
                reported.setdefault(content["id"], set()).add(finding["feature"])
    return reported
