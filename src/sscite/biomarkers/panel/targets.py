"""Which subsets get a panel, in which tissue, and which antibodies are offered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.biomarkers.panel.auroc import MIN_CELLS
from sscite.compare.contrast.contrast import Contrast
from sscite.subsets.definitions.questions import Biomarker

EXCLUDED = {"dead", "swapped", "no counts", "isotype"}  # quality classes of the adt step
NO_SIGNAL = "no signal"


@dataclass(frozen=True)
class Target:
    """A subset in a tissue, and why it gets a panel: the contrasts that report it, `named` if it is named."""

    subset: str
    lineage: str
    tissue: str
    contrasts: tuple[str, ...] = ()
    named: bool = False


@dataclass(frozen=True)
class Antibodies:
    """The antibodies offered, and those that are not, each with its reason."""

    offered: list[str]
    excluded: dict[str, str]


def choose_targets(
    cells: pd.DataFrame,
    reported: dict[str, set[str]],
    contrasts: Iterable[Contrast],
    questions: Iterable[Biomarker],
    *,
    reference_tissue: str,
) -> list[Target]:
    """List the subsets that a contrast reports or a question names, once per tissue.

    Parameters
    ----------
    cells
        The cells that count: `lineage subset tissue donor`.
    reported
        Subsets with a finding, by contrast id.
    """
    found: dict[tuple[str, str], Target] = {}

    def add(subset: str, tissue: str, contrast: tuple[str, ...], named: bool) -> None:
        own = cells[cells["subset"] == subset]
        place = tissue or main_tissue(own, reference_tissue)
        own = own[own["tissue"] == place]
        if len(own):
            lineage = str(own["lineage"].mode().iloc[0])
            before = found.get((subset, place), Target(subset, lineage, place))
            found[subset, place] = Target(subset, lineage, place, before.contrasts + contrast, before.named or named)

    for contrast in contrasts:
        for subset in sorted(reported.get(contrast.id, ())):
            add(subset, contrast.tissue[0] if len(contrast.tissue) == 1 else "", (contrast.id,), False)
    for question in questions:
        add(question.subset, question.tissue, (), True)
    return list(found.values())


def main_tissue(cells: pd.DataFrame, reference: str) -> str:
    """Return the tissue in which most donors have 10 of these cells; the reference tissue if it is among several."""
    numbers = pd.crosstab(cells["tissue"], cells["donor"])
    if numbers.empty:
        return reference
    donors = (numbers >= MIN_CELLS).sum(axis=1)
    best = donors[donors == donors.max()].index
    return reference if reference in best else str(best[0])


def offer_antibodies(values: np.ndarray, proteins: Iterable[str], quality: pd.DataFrame) -> Antibodies:
    """Offer the antibodies that work in every library and were measured on every cell.

    Parameters
    ----------
    values
        (n_cells, n_proteins) of the tissue; NaN where a library's panel lacks the antibody.
    quality
        All libraries' tables of the adt step below each other: `library_id protein quality_class is_isotype`.
    """
    classes = quality.groupby("protein")["quality_class"].agg(set) if len(quality) else pd.Series(dtype=object)
    excluded: dict[str, str] = {}
    for name, column in zip(proteins, values.T, strict=True):
        known = classes.get(name, set())
        bad = sorted(known & EXCLUDED) or ([NO_SIGNAL] if known == {NO_SIGNAL} else [])
        if bad:
            excluded[name] = bad[0]
        elif np.isnan(column).any():
            excluded[name] = "not in the panel of every library"
    return Antibodies([name for name in proteins if name not in excluded], excluded)
