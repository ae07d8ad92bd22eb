"""Report of the protein normalisation: numbers, summary, warnings, tables and figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.adt import empty, figures, method
from sscite.adt.inputs import Library
from sscite.adt.normalisation import Normalised
from sscite.adt.quality import RnaLink
from sscite.command import Facts, Rank

UNITS = {
    "dsb": "standard deviations above the background of empty droplets",
    "dsb_cells": "standard deviations above the background estimated from the cells",
    "clr_cell": "centred log-ratio within the cell", "clr_protein": "centred log-ratio within the protein",
}  # fmt: skip
TABLE = ["protein", "feature", "quality_class", "mean_count", "ambient_mean", "signal_to_background",
         "positive_fraction", "threshold", "threshold_low", "threshold_high", "rna_correlation",
         "swapped_with"]  # fmt: skip


def methods(facts: Facts, chosen: pd.DataFrame, libraries: pd.DataFrame, requested: str) -> None:
    """Report which method each library gets, and why."""
    used = sorted(set(chosen["method"]) - {""})
    facts.number(
        requested=requested,
        method=", ".join(used),
        libraries=len(chosen),
        without_antibodies=int((chosen["method"] == "").sum()),
    )
    facts.table("methods", chosen.merge(libraries, on="library_id"), "Method of each library")
    if not used:
        facts.summary("No library has antibody counts.")
        return
    facts.summary(f"Proteins are normalised by {' and by '.join(method.METHODS[name] for name in used)}.")
    if method.mixed(chosen):
        facts.warn(
            "Libraries are normalised in different ways: their protein values must not be compared.", rank=Rank.CRITICAL
        )
    if method.FALLBACK in used and requested in ("auto", "per_library"):
        facts.warn(
            "Empty droplets are missing, so that proteins are normalised without a measured background (centred "
            "log-ratio within each protein): give raw_counts."
        )


def normalised(
    facts: Facts, library: Library, result: Normalised, quality: pd.DataFrame, cells: pd.DataFrame,
    link: RnaLink | None, *, used: str, rng: np.random.Generator,
) -> None:  # fmt: skip
    """Report how a library's proteins were normalised and which antibodies worked."""
    counted = quality["quality_class"].value_counts()
    facts.number(
        cells=len(cells), proteins=len(quality), method=used, isotypes=int(quality["is_isotype"].sum()),
        technical_slopes=result.slopes or "none",
        empty_droplets=0 if library.empties is None else library.empties.shape[0],
        aggregates=int(cells["adt_aggregate"].sum()),
        **{str(name).replace(" ", "_"): int(n) for name, n in counted.items()},
    )  # fmt: skip
    for note in result.notes:
        facts.warn(note)
    _failed(facts, quality)
    _thresholds(facts, quality)
    working = int(counted.get("good", 0) + counted.get("no clear gap", 0))
    targets = int((~quality["is_isotype"]).sum())
    facts.summary(f"{working} of {targets} antibodies show signal above the background; {method.METHODS[used]}.")
    facts.table("antibodies", quality[TABLE].round(3), "Antibodies of the library")
    _background(facts, library, rng=rng)
    drawn = figures.distributions(result.proteins, quality, unit=UNITS[used], rng=rng)
    caption = (
        "Line: threshold of positive cells; grey: its 95% interval; dotted: no clear gap (from the isotypes, or the "
        "start of a tail)."
    )
    facts.figure("distributions", drawn, "Normalised proteins", caption)
    facts.figure(
        "antibodies",
        figures.antibodies(quality),
        "Did the antibodies work",
        "In the order of the signal; no bar: no threshold.",
    )
    if quality["is_isotype"].any():
        facts.figure("noise", figures.noise(cells, rng=rng), "Technical level of each cell")
    if link is not None:
        facts.figure("rna", figures.rna(link, quality), "Proteins against RNA", "The own gene lies on the diagonal.")


def _failed(facts: Facts, quality: pd.DataFrame) -> None:
    """Warn of antibodies that failed and of pairs that were exchanged."""
    dead = quality.loc[quality["quality_class"] == "dead", "protein"]
    if len(dead):
        facts.warn(f"Antibodies without signal although the gene is expressed: {', '.join(dead)}.")
    pairs = {tuple(sorted(pair)) for pair in zip(quality["protein"], quality["swapped_with"], strict=True) if pair[1]}
    for one, other in sorted(pairs):
        facts.warn(f"{one} and {other} look exchanged: each follows the other's RNA.", rank=Rank.CHECK)


def _thresholds(facts: Facts, quality: pd.DataFrame) -> None:
    """Report the antibodies for which no threshold of positive cells is given."""
    without = quality.loc[quality["threshold"].isna() & ~quality["is_isotype"].astype(bool), "protein"]
    facts.number(without_threshold=len(without))
    if len(without):
        listed = f"{', '.join(without[:10])}{f' and {len(without) - 10} more' if len(without) > 10 else ''}"
        facts.warn(f"No threshold of positive cells (no clear gap and no isotype controls): {listed}.")


def _background(facts: Facts, library: Library, *, rng: np.random.Generator) -> None:
    """Show the window of empty droplets and warn of cells among them."""
    if library.window is not None and library.sizes is not None and library.window.keep.any():
        window = library.window
        facts.number(window_protein_low=window.protein_low, window_protein_high=window.protein_high,
                     window_rna_high=window.rna_high)  # fmt: skip
        facts.figure("empties", figures.empties(library.sizes, window, rng=rng), "Empty droplets",
                     "Orange: the droplets that give the background.")  # fmt: skip
    if library.empties is not None and library.empties.shape[0]:
        share = float(empty.contaminated(library.empties, rng=rng).mean())
        facts.number(contaminated_share=share)
        if share > empty.MAX_CONTAMINATED:
            facts.warn(
                f"{share:.0%} of the empty droplets look like cells or fragments: the background is too high.",
                rank=Rank.CHECK,
            )
