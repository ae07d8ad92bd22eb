"""From one library's antibody counts to normalised proteins, with their quality and each cell's technical level."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.adt import cell_background, clr, dsb, empty, method, positivity, quality
from sscite.errors import UserError

SCALES = ("standardize", "mean_subtract")
OVER_ALL, WITHIN = "over all cells", "within negative and positive cells"
QUALITY_COLUMNS = [
    "feature", "protein", "clone", "gene", "is_isotype", "mean_count", "detected", "ambient_mean",
    "signal_to_background", "above_background", "bimodal", "separation", "stain_index", "threshold", "threshold_low",
    "threshold_high", "threshold_source", "positive_fraction", "rna_correlation", "swapped_with", "quality_class",
    "meaning",
]  # fmt: skip
CELL_COLUMNS = ["adt_n_counts", "adt_isotype_level", "adt_background", "adt_noise", "adt_aggregate"]


@dataclass(frozen=True)
class Settings:
    """What a user may choose; the defaults are those of the R package dsb.

    Attributes
    ----------
    method
        one of `method.METHODS`.
    pseudocount
        added to counts before the logarithm (dsb).
    denoise
        whether each cell's technical level is regressed out (dsb).
    scale
        standardize: standard deviations above the ambient mean; mean_subtract: natural logs above it.
    clip
        quantiles that each protein is limited to, or None.
    """

    method: str = "dsb"
    pseudocount: float = dsb.PSEUDOCOUNT
    denoise: bool = True
    scale: str = "standardize"
    clip: tuple[float, float] | None = None

    def check(self) -> None:
        """Refuse what cannot be; all problems at once.

        Raises
        ------
        UserError
            An unknown method or scale, a pseudocount not above 0, quantiles not within 0 and 1 and rising.
        """
        problems = []
        if self.method not in method.METHODS:
            problems.append(f"method '{self.method}' is not known; choose one of {', '.join(method.METHODS)}")
        if self.scale not in SCALES:
            problems.append(f"scale '{self.scale}' is not known; choose one of {', '.join(SCALES)}")
        if not self.pseudocount > 0:
            problems.append(f"pseudocount {self.pseudocount:g} is not above 0; R's default is 10")
        if self.clip and not 0 <= self.clip[0] < self.clip[1] <= 1:
            problems.append(
                f"quantiles {self.clip[0]:g} and {self.clip[1]:g}: give a lower and an upper one within 0 and 1"
            )
        if problems:
            raise UserError(problems)


@dataclass
class Normalised:
    """The result of one library.

    Attributes
    ----------
    proteins
        cells × proteins; finite.
    background
        what dsb subtracted; None after CLR.
    technical
        what dsb regressed out; None where it did not.
    notes
        fallbacks taken, as sentences for the reader.
    slopes
        among which cells the slopes on the technical level were taken; empty where it was not regressed out.
    """

    proteins: np.ndarray
    background: dsb.Ambient | None = None
    technical: dsb.Technical | None = None
    notes: list[str] = field(default_factory=list)
    slopes: str = ""


def normalise(
    counts: sparse.csr_matrix,
    panel: pd.DataFrame,
    *,
    empties: sparse.csr_matrix | None,
    settings: Settings,
    rng: np.random.Generator,
) -> Normalised:
    """Normalise one library.

    Parameters
    ----------
    counts, empties
        cells × proteins and empty droplets × proteins, whole numbers; the columns of both are the rows of `panel`.

    Raises
    ------
    UserError
        Negative or missing counts, or dsb without enough empty droplets.
    """
    settings.check()
    _check_counts(counts, "cells")
    if settings.method.startswith("clr"):
        result = Normalised(getattr(clr, settings.method)(counts))
    else:
        result = _dsb(counts, panel, empties, settings, rng)
    if settings.clip:
        result.proteins = dsb.clip(result.proteins, *settings.clip)
    zero = panel.loc[np.asarray(counts.sum(axis=0)).ravel() == 0, "protein"]
    if len(zero):
        result.notes.append(f"{_some(zero)}: no counts in any cell; the values say nothing")
    silent = int((np.asarray(counts.sum(axis=1)).ravel() == 0).sum())
    if silent:
        result.notes.append(f"{silent:,} cells have no antibody counts; their values are those of the background")
    return result


def assess(
    counts: sparse.csr_matrix,
    panel: pd.DataFrame,
    result: Normalised,
    *,
    empties: sparse.csr_matrix | None,
    rna: tuple[sparse.csr_matrix, pd.Index] | None,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame, quality.RnaLink | None]:
    """Judge antibodies and cells.

    Parameters
    ----------
    rna
        raw counts cells × genes, and the genes' symbols.

    Returns
    -------
    `QUALITY_COLUMNS`, a row per protein; `CELL_COLUMNS`, a row per cell; the link to RNA where there is one.
    """
    isotypes = np.flatnonzero(panel["is_isotype"])
    proteins = pd.Index(panel["protein"])
    table = panel[["feature", "protein", "clone", "gene", "is_isotype"]].reset_index(drop=True)
    table["mean_count"] = np.asarray(counts.mean(axis=0)).ravel()
    table["detected"] = np.asarray((counts > 0).mean(axis=0)).ravel()
    table["ambient_mean"] = np.nan if empties is None else np.asarray(empties.mean(axis=0)).ravel()
    table["above_background"] = quality.above_background(counts, empties, isotypes)
    table = table.join(positivity.thresholds(result.proteins, isotypes, rng=rng))
    table["signal_to_background"] = _signal(counts, result.proteins, table)
    table = table.set_index(proteins)
    link = quality.link_rna(pd.DataFrame(result.proteins, columns=proteins), panel["gene"], *rna) if rna else None
    swaps = quality.swapped(link, table["gene"]) if link else []
    table = table.join(quality.classify(table, link, swaps))
    return table[QUALITY_COLUMNS].reset_index(drop=True), _cells(counts, result, isotypes), link


def _dsb(
    counts: sparse.csr_matrix,
    panel: pd.DataFrame,
    empties: sparse.csr_matrix | None,
    settings: Settings,
    rng: np.random.Generator,
) -> Normalised:
    """Both steps of dsb, with a note for each fallback."""
    if settings.method == "dsb":
        background = _ambient(empties, settings)
        notes = _flat_note(panel, background, "the empty droplets")
    else:
        background = dsb.ambient_of_cells(counts, rng=rng, pseudocount=settings.pseudocount)
        notes = [
            "The background was estimated from the cells themselves (the lower of two components of each protein); "
            "a protein that all cells carry, or none, is placed arbitrarily.",
            *_flat_note(panel, background, "the cells"),
        ]
    standardize = settings.scale == "standardize"
    values = dsb.correct(counts, background, pseudocount=settings.pseudocount, standardize=standardize)
    few = _too_few(counts) if settings.denoise else "requested"
    if few:
        return Normalised(
            values, background, None, [*notes, f"Cells were not freed from their technical level: {few}."]
        )
    found = dsb.technical(values, np.flatnonzero(panel["is_isotype"]))
    notes += _isotype_notes(panel, found)
    if settings.method == "dsb":
        return Normalised(dsb.regress_out(values, found.noise), background, found, notes, OVER_ALL)
    slopes = _slopes_within(values, found.noise, rng)
    return Normalised(dsb.regress_out(values, found.noise, slopes=slopes), background, found, notes, WITHIN)


def _slopes_within(values: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Estimate the slopes on the technical level apart from biology, on as many cells as the background."""
    rows = dsb.some_cells(len(values), rng=rng)
    return cell_background.slopes(values[rows], noise[rows])


def _ambient(empties: sparse.csr_matrix | None, settings: Settings) -> dsb.Ambient:
    """Measure the ambient background of enough empty droplets."""
    if empties is None or empties.shape[0] < empty.MIN_EMPTIES:
        found = 0 if empties is None else empties.shape[0]
        raise UserError(
            f"{found:,} empty droplets, dsb needs at least {empty.MIN_EMPTIES}; give more, or choose "
            "method clr_protein or dsb_cells"
        )
    _check_counts(empties, "empty droplets")
    return dsb.ambient(empties, pseudocount=settings.pseudocount)


def _check_counts(counts: sparse.csr_matrix, which: str) -> None:
    """Refuse what is no count."""
    bad = ~np.isfinite(counts.data) | (counts.data < 0)
    if bad.any():
        raise UserError(f"{which}: {int(bad.sum()):,} counts are negative or missing; raw whole counts are needed")


def _too_few(counts: sparse.csr_matrix) -> str:
    """Return why step 2 cannot be done; empty if it can."""
    cells, proteins = counts.shape
    if cells < dsb.MIN_CELLS_TO_DENOISE:
        return f"{cells} cells, at least {dsb.MIN_CELLS_TO_DENOISE} are needed"
    if proteins < dsb.MIN_PROTEINS_TO_DENOISE:
        return f"{proteins} proteins, at least {dsb.MIN_PROTEINS_TO_DENOISE} are needed"
    return ""


def _flat_note(panel: pd.DataFrame, background: dsb.Ambient, where: str) -> list[str]:
    """Name the proteins whose spread was borrowed."""
    flat = panel.loc[background.flat, "protein"]
    return [f"{_some(flat)}: constant in {where}; scaled by the median spread of the others"] if len(flat) else []


def _isotype_notes(panel: pd.DataFrame, found: dsb.Technical) -> list[str]:
    """Return what the technical level was measured from, if that is less than usual."""
    notes = []
    constant = np.setdiff1d(np.flatnonzero(panel["is_isotype"]), found.isotypes)
    if len(constant):
        notes.append(f"{_some(panel['protein'].iloc[constant])}: isotype control without variation, excluded")
    if not len(found.isotypes):
        notes.append("No isotype controls: the technical level is each cell's background mean alone.")
    if found.unfitted:
        notes.append(f"{found.unfitted:,} cells allowed no mixture; their background is the mean of the lower half")
    return notes


def _signal(counts: sparse.csr_matrix, values: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    """Mean count of positive cells over that of the background: empty droplets, or else the negative cells (plus 1)."""
    above = values > table["threshold"].to_numpy()
    dense = counts.tocsc()
    ratio = np.full(len(table), np.nan)
    for j in np.flatnonzero(above.any(axis=0) & ~above.all(axis=0)):
        column = dense[:, [j]].toarray().ravel()
        below = (
            column[~above[:, j]].mean() if np.isnan(table["ambient_mean"].iloc[j]) else table["ambient_mean"].iloc[j]
        )
        ratio[j] = (column[above[:, j]].mean() + 1) / (below + 1)
    return ratio


def _cells(counts: sparse.csr_matrix, result: Normalised, isotypes: np.ndarray) -> pd.DataFrame:
    """Describe each cell: total, mean log1p count of isotypes (0 without), background, noise, aggregate flag."""
    n = counts.shape[0]
    level = np.asarray(counts[:, isotypes].astype(float).log1p().mean(axis=1)).ravel() if len(isotypes) else np.zeros(n)
    found = result.technical
    return pd.DataFrame(
        {"adt_n_counts": np.asarray(counts.sum(axis=1)).ravel(), "adt_isotype_level": level,
         "adt_background": found.background if found else np.zeros(n),
         "adt_noise": found.noise if found else np.zeros(n),
         "adt_aggregate": quality.aggregates(counts, result.proteins, isotypes)}
    )  # fmt: skip


def _some(names: pd.Series) -> str:
    """List the first few names."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
