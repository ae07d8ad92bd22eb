"""Match genotypes to samples and find swapped samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

SURE = 0.9  # posterior from which a droplet counts in the matching


@dataclass(frozen=True)
class Matching:
    """Which genotype is which sample.

    Attributes
    ----------
    genotype
        Sample -> genotype donor; missing if none is matched.
    margin
        Share of the matched droplets that the best other assignment would lose, in [0, 1].
    given
        The sheet names the genotypes.
    swapped
        Samples whose genotype in the sheet is not the one that their cells have.
    table
        Counts, samples × genotypes.
    """

    genotype: dict[str, str]
    margin: float
    given: bool
    swapped: list[str]
    table: pd.DataFrame


def assign(table: pd.DataFrame) -> tuple[dict[str, str], float]:
    """Match samples to genotypes one to one so that most droplets agree, with the margin to the next best assignment.

    Parameters
    ----------
    table
        Droplets by sample (rows) and genotype (columns).
    """
    scores = table.to_numpy(dtype=float)
    rows, columns = linear_sum_assignment(-scores)
    best = scores[rows, columns].sum()
    pairs = {table.index[r]: table.columns[c] for r, c in zip(rows, columns, strict=True) if scores[r, c] > 0}
    others = []
    for r, c in zip(rows, columns, strict=True):
        barred = scores.copy()
        barred[r, c] = -best - 1
        again = linear_sum_assignment(-barred)
        others.append(np.maximum(barred[again], 0).sum())
    margin = (best - max(others, default=0)) / best if best else 0.0
    return pairs, float(margin)


def match(
    samples: pd.Series, genotypes: pd.Series, sheet: dict[str, str], donors: dict[str, str] | None = None
) -> Matching:
    """Match samples to genotypes: as the sheet says, or by optimal assignment, which is always made as a check.

    Genotypes are of donors: all samples of a donor have the same one.

    Parameters
    ----------
    samples
        Sample of each sure hashtag call.
    genotypes
        Genotype donor of the same droplets.
    sheet
        Sample -> genotype_donor if the sheet gives one.
    donors
        Sample -> donor; without it every sample is of a donor of its own.
    """
    table = pd.crosstab(samples, genotypes)
    table = table.reindex(index=list(dict.fromkeys([*sheet, *table.index])), fill_value=0)
    donor_of = {sample: (donors or {}).get(sample, sample) for sample in table.index}
    by_donor = table.groupby(table.index.map(donor_of), sort=False).sum()
    assigned, margin = assign(by_donor) if by_donor.size else ({}, 0.0)
    named = {donor_of[sample]: genotype for sample, genotype in sheet.items() if genotype}
    taken = set(named.values())
    of_donor = named | {d: g for d, g in assigned.items() if d not in named and g not in taken}
    genotype = {sample: of_donor[donor] for sample, donor in donor_of.items() if donor in of_donor}
    swapped = [s for s, donor in donor_of.items() if donor in named and _is_swapped(s, named[donor], table)]
    return Matching(genotype, margin, bool(named), swapped, table)


def _is_swapped(sample: str, donor: str, table: pd.DataFrame) -> bool:
    """Return whether most of a sample's droplets have another genotype than the sheet says."""
    row = table.loc[sample]
    if row.sum() < 10:
        return False
    return bool(row.idxmax() != donor and row.get(donor, 0) < 0.5 * row.max())
