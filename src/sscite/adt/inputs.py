"""A library's antibody counts as the room needs them: from the pipeline's files or from bare tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from sscite import formats, io, names
from sscite.adt import empty, panels
from sscite.errors import Reason, Skipped, UserError
from sscite.formats.tags import antibodies_of
from sscite.totals import per_cell


@dataclass(frozen=True)
class Library:
    """What one library brings.

    Attributes
    ----------
    cells
        identifiers, in order.
    counts
        cells × antibodies, CSR of integers.
    features
        the antibodies' names, as the file has them.
    empties
        empty droplets × antibodies; None where there are none.
    rna
        raw counts cells × genes and the genes' symbols; None where RNA was not counted.
    window
        how the empty droplets were chosen; None where they were given as such.
    sizes
        `rna_counts prot_counts` of all droplets (`cell` False) and cells (`cell` True), for the figure.
    """

    cells: pd.Index
    counts: sparse.csr_matrix
    features: list[str]
    empties: sparse.csr_matrix | None
    rna: tuple[sparse.csr_matrix, pd.Index] | None = None
    window: empty.Window | None = None
    sizes: pd.DataFrame | None = None


def read_library(library: Path, droplets: Path | None) -> Library:
    """Read the pipeline's files of a library and choose its empty droplets.

    Raises
    ------
    Skipped
        The library has no antibodies or no cells.
    """
    if names.PROTEIN not in io.modalities(library):
        raise Skipped(Reason.NO_ANTIBODIES)
    prot = io.read_modality(library, names.PROTEIN)
    if 0 in prot.shape:
        raise Skipped(Reason.TOO_FEW_CELLS if prot.n_vars else Reason.NO_ANTIBODIES, f"{prot.n_obs} cells")
    rna = _rna(library)
    counts = sparse.csr_matrix(prot.X)
    cell_rna = np.zeros(len(prot)) if rna is None else per_cell(rna[0])
    sizes, window = droplet_sizes(droplets, cell_rna, np.asarray(counts.sum(axis=1)).ravel())
    empties = None
    if droplets and window is not None and window.keep.any():
        empties = sparse.csr_matrix(io.read_modality(droplets, names.PROTEIN).X)[np.flatnonzero(window.keep)]
    return Library(prot.obs_names, counts, list(prot.var_names.astype(str)), empties, rna, window, sizes)


def droplet_sizes(
    droplets: Path | None, cell_rna: np.ndarray, cell_protein: np.ndarray
) -> tuple[pd.DataFrame | None, empty.Window | None]:
    """Read the sizes of the droplets that are no cells and choose the window; None, None without droplets."""
    if droplets is None or names.PROTEIN not in io.modalities(droplets):
        return None, None
    obs = io.read_obs(droplets, names.PROTEIN)
    if obs.empty:
        return None, None
    rna, protein = obs["rna_counts"].to_numpy(float), obs["prot_counts"].to_numpy(float)
    window = empty.find_window(rna, protein, cell_rna, cell_protein)
    sizes = pd.DataFrame(
        {"rna_counts": np.r_[rna, cell_rna], "prot_counts": np.r_[protein, cell_protein],
         "cell": np.repeat([False, True], [len(rna), len(cell_rna)])}
    )  # fmt: skip
    return sizes, window


def summarise(library: Path, droplets: Path | None) -> tuple[int, int]:
    """Count a library's antibodies and its empty droplets in the window."""
    if names.PROTEIN not in io.modalities(library):
        return 0, 0
    prot = io.read_modality(library, names.PROTEIN)
    obs = io.read_obs(library)
    cell_rna = obs[names.N_COUNTS].to_numpy(float) if names.N_COUNTS in obs else np.zeros(len(prot))
    _, window = droplet_sizes(droplets, cell_rna, np.asarray(sparse.csr_matrix(prot.X).sum(axis=1)).ravel())
    return prot.n_vars, 0 if window is None else int(window.keep.sum())


def read_tables(cells: Path, empties: Path | None) -> Library:
    """Read antibody counts of any accepted format; of files that type their features, the antibodies alone.

    Raises
    ------
    UserError
        Unreadable or invalid counts, no antibodies, or an antibody that the empty droplets lack.
    """
    found = _antibodies(cells)
    names_ = [str(feature) for feature in found.features.index]
    if not len(found.barcodes):
        raise UserError(f"{cells}: no cells; give a table of droplets × proteins")
    matrix = None
    if empties is not None:
        other = _antibodies(empties)
        position = pd.Index(other.features.index.astype(str)).get_indexer(names_)
        lacking = [name for name, at in zip(names_, position, strict=True) if at < 0]
        if lacking:
            raise UserError(
                f"{empties}: antibodies of {cells} are absent: {', '.join(lacking[:5])}"
                f"{f' and {len(lacking) - 5} more' if len(lacking) > 5 else ''}; give both files the same columns"
            )
        matrix = other.matrix[:, position]
    return Library(pd.Index(found.barcodes), found.matrix, names_, matrix)


def name_panel(features: Sequence[str], *, isotypes: Sequence[str], extra: pd.DataFrame | None) -> pd.DataFrame:
    """Name the panel; a user's list of isotypes (feature or protein names) replaces those found by name.

    Raises
    ------
    UserError
        An isotype that the panel does not have.
    """
    panel = panels.canonical(features, extra=None if extra is None else panels.read_mapping(extra))
    if isotypes:
        known = set(panel["feature"]) | set(panel["protein"])
        missing = [name for name in isotypes if name not in known]
        if missing:
            raise UserError(
                f"isotype '{name}' is not among the {len(panel)} antibodies ({', '.join(panel['feature'][:5])}, ...); "
                "correct the name"
                for name in missing
            )
        panel["is_isotype"] = panel["feature"].isin(isotypes) | panel["protein"].isin(isotypes)
    return panel


def _rna(library: Path) -> tuple[sparse.csr_matrix, pd.Index] | None:
    """Read the RNA counts and the genes' symbols; None where RNA was not counted."""
    if names.RNA not in io.modalities(library):
        return None
    rna = io.read_modality(library, names.RNA)
    return None if 0 in rna.shape else (sparse.csr_matrix(rna.X), pd.Index(rna.var_names.astype(str)))


def _antibodies(path: Path) -> formats.Counts:
    """Read the antibodies of a file.

    Raises
    ------
    UserError
        None of its features is an antibody.
    """
    counts = formats.read_counts(path)
    antibodies = antibodies_of(counts)
    if not len(antibodies.features):
        names_ = ", ".join(f"'{name}'" for name in counts.features.index[:3])
        raise UserError(
            f"{path}: none of its {len(counts.features):,} features ({names_}, ...) is read as an antibody; type "
            "them as "
            "'Antibody Capture', or give a table that holds nothing else"
        )
    return antibodies
