"""The sex that a sample expresses, from XIST and genes of the Y chromosome."""

from __future__ import annotations

import numpy as np
import pandas as pd

FEMALE, MALE, UNCLEAR = "female", "male", "unclear"
SPELLINGS = {
    **dict.fromkeys(("f", "female", "w", "woman", "women", "xx"), FEMALE),
    **dict.fromkeys(("m", "male", "man", "men", "xy"), MALE),
}  # fmt: skip
EXPRESSED_CPM = 20.0  # counts per million; no sample below it is taken for an expressing one
PRESENT = 0.3  # of the level of expressing samples, from which a sample counts as expressing
MIN_EXPECTED = 10.0  # counts that an expressing sample of this depth would have
MIN_OBSERVED = 5  # counts of these genes that are enough by themselves


def recorded(values: pd.Series) -> pd.Series:
    """Return recorded sexes as `female`, `male` or empty (missing or of another spelling)."""
    return values.astype(str).str.strip().str.casefold().map(SPELLINGS).fillna("")


def level(cpm: np.ndarray) -> float:
    """Return the typical level of samples that express a group of genes; NaN if none reaches 20 counts per million.

    The median of the samples above 30% of the highest.
    """
    highest = cpm.max(initial=0)
    return float(np.median(cpm[cpm >= PRESENT * highest])) if highest >= EXPRESSED_CPM else float("nan")


def expressed_sex(female: np.ndarray, male: np.ndarray, totals: np.ndarray) -> pd.DataFrame:
    """Call the sex that each sample expresses.

    A sample expresses XIST (or Y genes) from 30% of the level of the cohort's expressing samples on; ambient RNA and
    doublets of a pool stay below. One group of genes of known level is enough to call both sexes.

    Parameters
    ----------
    female, male
        Counts of XIST and of the Y genes, shape (n_samples,).
    totals
        All RNA counts of each sample.

    Returns
    -------
    `female_cpm male_cpm sex_expressed`; the sex is `unclear` if both or none are expressed, and empty if the counts are
    too few or no sample expresses either.
    """
    millions = np.maximum(totals, 1) / 1e6
    table = pd.DataFrame({"female_cpm": female / millions, "male_cpm": male / millions})
    levels = {name: level(table[f"{name}_cpm"].to_numpy()) for name in (FEMALE, MALE)}
    known = [name for name in (FEMALE, MALE) if np.isfinite(levels[name])]
    if not known:
        return table.assign(sex_expressed="")
    has = {name: (table[f"{name}_cpm"] >= PRESENT * levels[name]).to_numpy() for name in known}
    is_female = has[FEMALE] if FEMALE in has else ~has[MALE]
    is_male = has[MALE] if MALE in has else ~has[FEMALE]
    sex = np.where(is_female & ~is_male, FEMALE, np.where(is_male & ~is_female, MALE, UNCLEAR))
    enough = (millions * min(levels[name] for name in known) >= MIN_EXPECTED) | (female + male >= MIN_OBSERVED)
    return table.assign(sex_expressed=np.where(enough, sex, ""))


def exchanged(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Pair samples of one library whose recorded and expressed sexes are crossed; only pairs without an alternative.

    Parameters
    ----------
    table
        `sample library sex_recorded sex_expressed`.
    """
    wrong = table[(table["sex_recorded"] != "") & table["sex_expressed"].isin([FEMALE, MALE])]
    wrong = wrong[wrong["sex_recorded"] != wrong["sex_expressed"]]
    pairs = []
    for _, part in wrong.groupby("library", sort=False):
        women, men = (part.loc[part["sex_expressed"] == sex, "sample"] for sex in (FEMALE, MALE))
        if len(women) == len(men) == 1:
            pairs.append((str(women.iloc[0]), str(men.iloc[0])))
    return pairs
