"""Genotype calls beside hashtag calls: read, matched to samples, reconciled; swapped samples found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from sscite.errors import UserError
from sscite.names import CALL_DOUBLET

UNASSIGNED = "unassigned"
CALL, CONFIDENCE = "genotype_call", "genotype_confidence"
SURE = 0.9  # posterior from which a droplet counts in the matching
FORMATS = "vireo donor_ids.tsv, souporcell clusters.tsv, demuxlet .best or freemuxlet .clust1.samples.gz"


def parse(table: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Read calls of vireo, souporcell, freemuxlet or demuxlet, told apart by their columns.

    Parameters
    ----------
    table
        The tool's table, as text.
    where
        The file, for messages.

    Returns
    -------
    Indexed by barcode: genotype_call (donor, Doublet or unassigned), genotype_confidence in [0, 1].

    Raises
    ------
    UserError
        The columns are of none of these tools, or barcodes repeat.
    """
    columns = set(table.columns)
    for needed, reader in (
        ({"cell", "donor_id", "prob_max"}, _vireo),
        ({"barcode", "status", "assignment"}, _souporcell),
        ({"BARCODE", "DROPLET.TYPE", "BEST.GUESS"}, _popscle),
        ({"BARCODE", "BEST"}, _demuxlet),
    ):
        if needed <= columns:
            found = reader(table)
            break
    else:
        raise UserError(
            f"{where}: columns {', '.join(list(table.columns)[:6])} are of no known tool; allowed: {FORMATS}"
        )
    if found.index.has_duplicates:
        raise UserError(
            f"{where}: barcode '{found.index[found.index.duplicated()][0]}' occurs twice; give one table a library"
        )
    found[CONFIDENCE] = found[CONFIDENCE].fillna(1.0).clip(0, 1)
    return found


def _number(table: pd.DataFrame, column: str) -> pd.Series:
    """Give a column as numbers; NaN where absent or no number."""
    if column not in table:
        return pd.Series(np.nan, index=table.index)
    return pd.to_numeric(table[column], errors="coerce")


def _frame(barcodes: pd.Series, calls: ArrayLike, confidence: ArrayLike) -> pd.DataFrame:
    """Put calls together."""
    return pd.DataFrame(
        {CALL: np.asarray(calls, dtype=object), CONFIDENCE: np.asarray(confidence, dtype=float)},
        index=barcodes.to_numpy(),
    )


def _vireo(table: pd.DataFrame) -> pd.DataFrame:
    """Vireo: donor_id with `doublet` and `unassigned`; prob_max and prob_doublet."""
    donor = table["donor_id"]
    doublet = donor == "doublet"
    calls = np.where(doublet, CALL_DOUBLET, np.where(donor == "unassigned", UNASSIGNED, donor))
    return _frame(table["cell"], calls, np.where(doublet, _number(table, "prob_doublet"), _number(table, "prob_max")))


def _souporcell(table: pd.DataFrame) -> pd.DataFrame:
    """Souporcell: status, cluster number; the posterior follows from the two log probabilities."""
    status = table["status"]
    calls = np.where(status == "doublet", CALL_DOUBLET, np.where(status == "singlet", table["assignment"], UNASSIGNED))
    gap = _number(table, "log_prob_doublet") - _number(table, "log_prob_singleton")
    odds = np.exp(-np.clip(np.where(status == "doublet", gap, -gap), -50, 50))
    return _frame(table["barcode"], calls, 1 / (1 + odds))


def _popscle(table: pd.DataFrame) -> pd.DataFrame:
    """Popscle's demuxlet and freemuxlet: type, best guess `a,b`; BEST.POSTERIOR is a logarithm where never positive."""
    kind = table["DROPLET.TYPE"]
    guess = table["SNG.BEST.GUESS"] if "SNG.BEST.GUESS" in table else table["BEST.GUESS"]
    donor = guess.str.split(",").str[0]
    calls = np.where(kind == "DBL", CALL_DOUBLET, np.where(kind == "SNG", donor, UNASSIGNED))
    best = _number(table, "BEST.POSTERIOR")
    return _frame(table["BARCODE"], calls, np.exp(best) if (best.dropna() <= 0).all() else best)


def _demuxlet(table: pd.DataFrame) -> pd.DataFrame:
    """Demuxlet of 2017: BEST is `SNG-donor`, `DBL-a-b-0.500` or `AMB-...`; PRB.DBL."""
    kind = table["BEST"].str[:3]
    donor = table["SNG.1ST"] if "SNG.1ST" in table else table["BEST"].str[4:]
    calls = np.where(kind == "DBL", CALL_DOUBLET, np.where(kind == "SNG", donor, UNASSIGNED))
    doublet = _number(table, "PRB.DBL")
    return _frame(table["BARCODE"], calls, np.where(kind == "DBL", doublet, 1 - doublet))


@dataclass(frozen=True)
class Matching:
    """Which genotype is which sample.

    Attributes
    ----------
    genotype
        Sample -> genotype donor; empty where none is matched.
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
    """Match samples to genotypes one to one so that most droplets agree, and give the margin to the next best way.

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


def match(samples: pd.Series, genotypes: pd.Series, sheet: dict[str, str]) -> Matching:
    """Match samples to genotypes: as the sheet says, or by optimal assignment, which is always made as a check.

    Parameters
    ----------
    samples
        Sample of each sure hashtag call.
    genotypes
        Genotype donor of the same droplets.
    sheet
        Sample -> genotype_donor where the sheet gives one.
    """
    table = pd.crosstab(samples, genotypes)
    every = list(dict.fromkeys([*sheet, *table.index]))
    table = table.reindex(index=every, fill_value=0)
    found, margin = assign(table) if table.size else ({}, 0.0)
    named = {sample: donor for sample, donor in sheet.items() if donor}
    swapped = [s for s, donor in named.items() if _is_swapped(s, donor, table, list(named.values()))]
    genotype = named | {s: g for s, g in found.items() if s not in named and g not in named.values()}
    return Matching(genotype, margin, bool(named), swapped, table)


def _is_swapped(sample: str, donor: str, table: pd.DataFrame, named: list[str]) -> bool:
    """Tell whether most of a sample's droplets have another genotype than the sheet says."""
    row = table.loc[sample]
    if row.sum() < 10:
        return False
    return bool(row.idxmax() != donor and row.get(donor, 0) < 0.5 * row.max())
