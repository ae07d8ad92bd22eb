"""What a finding rests on: single donors, libraries that lack the subset, the spread of the groups, their depth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.composition import effects
from sscite.compare.composition.effects import LEVEL, MIN_EXPECTED, Fitted
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import donor_tests, permutation

UNEVEN = 2.0  # ratio of spreads, or of median cells per donor, that is reported
COLUMNS = ["worst_p", "influential_donor", "fold_change_lowest", "fold_change_highest", "one_donor", "absent_in"]


def leave_one_out(fitted: Fitted, comparison: Comparison, table: pd.DataFrame, *, centre: np.ndarray) -> pd.DataFrame:
    """Repeat the primary test without each donor in turn, for the findings of a table.

    Parameters
    ----------
    centre
        What the effects of all donors are measured from, (n_tests,); kept, so that only the donor makes the difference.

    Returns
    -------
    a row per finding, indexed as `table`: largest family-wise p and the donor whose removal gives it, range of the fold
    change, and whether the finding depends on one donor: the p exceeds 5% although the smaller design can reach 1.25%,
    or the log fold change falls by more than half
    """
    places = fitted.places(table)
    donors = comparison.donors["donor"].to_numpy()
    group = comparison.donors["group"].to_numpy()
    p, fold, floor, names = [], [], [], []
    for name in dict.fromkeys(donors):
        kept = donors != name
        left = [int((group[kept] == side).sum()) for side in (0, 1)]
        if min(left) < 2:
            continue
        arranged = effects.observed(fitted, comparison, kept, centre)
        family = np.full(len(fitted.of_contrast), np.nan)
        family[fitted.of_contrast] = donor_tests.holm(arranged.p()[fitted.of_contrast])
        p.append(family[places])
        fold.append(arranged.effect[places])
        floor.append(permutation.smallest_p(left[0], left[1], paired=comparison.paired))
        names.append(str(name))
    if not p:
        return pd.DataFrame(index=table.index[:0], columns=COLUMNS[:-1])
    return _summary(np.array(p), np.array(fold), np.array(floor), names, table)


def _summary(
    p: np.ndarray, effect: np.ndarray, floor: np.ndarray, names: list[str], table: pd.DataFrame
) -> pd.DataFrame:
    """Summarise leave-one-out results (n_donors, n_findings)."""
    whole = np.log(table["fold_change"].to_numpy())
    kept = effect * np.sign(whole)
    lost = ((p > LEVEL) & (floor[:, None] <= LEVEL / 4)) | (kept < np.abs(whole) / 2)
    worst = np.lexsort((kept, -p), axis=0)[0]
    return pd.DataFrame({
        "worst_p": p.max(axis=0), "influential_donor": [names[i] for i in worst],
        "fold_change_lowest": np.exp(effect.min(axis=0)), "fold_change_highest": np.exp(effect.max(axis=0)),
        "one_donor": lost.any(axis=0),
    }, index=table.index)  # fmt: skip


def absent_in(fitted: Fitted, comparison: Comparison, table: pd.DataFrame) -> list[str]:
    """Name for each test of a table the libraries without a cell of the subset where at least ten were expected."""
    cells, expected = fitted.measures.cells, fitted.expected
    donors = comparison.donors[["donor", "group"]]
    rows = comparison.samples[["donor", "group", "library"]].drop_duplicates()
    rows = rows.assign(library=rows["library"].str.split(";")).explode("library")
    place = pd.MultiIndex.from_frame(donors)
    inside = {}
    for library, part in rows.groupby("library"):
        found = place.get_indexer(pd.MultiIndex.from_frame(part[["donor", "group"]]))
        inside[str(library)] = np.isin(np.arange(len(donors)), found)
    return [
        ";".join(
            library for library, mask in inside.items()
            if not cells[mask, test].any() and expected[mask, test].sum() >= MIN_EXPECTED
        )
        for test in fitted.places(table)
    ]  # fmt: skip


def depth_ratio(fitted: Fitted, comparison: Comparison) -> float:
    """Return the median number of cells per donor in the target over that in the reference."""
    whole = fitted.measures.total
    group = comparison.donors["group"].to_numpy()
    return float(np.median(whole[group == 1]) / max(np.median(whole[group == 0]), 1))
