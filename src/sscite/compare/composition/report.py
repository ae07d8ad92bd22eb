"""Ask a contrast about composition and tell the report: numbers, a sentence, tables, figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.command import Facts
from sscite.compare.composition import figures, frequency, separation
from sscite.compare.composition.frequency import LEVEL
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import permutation

SHOWN = [
    "subset", "measure", "parent", "percent_reference", "percent_target", "odds_ratio", "odds_ratio_low",
    "odds_ratio_high", "family_p", "ks_bonferroni", "logit_fdr", "clr_fdr", "agreement", "finding", "note",
]  # fmt: skip


def answer(
    counted: pd.DataFrame,
    samples: pd.DataFrame,
    comparison: Comparison,
    facts: Facts,
    *,
    draws: int,
    min_donors: int,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Ask all of one contrast.

    Returns
    -------
    the table of tests, and further tables by name: omnibus, loadings, donors
    """
    measures = frequency.measure(counted, comparison, min_donors=min_donors)
    table, drawn = frequency.test(measures, comparison, draws=draws, rng=np.random.default_rng([seed, 1]))
    omnibus = frequency.omnibus(counted, samples, comparison)
    names = comparison.contrast.side_names
    _tell(facts, comparison, table, drawn)
    facts.figure("effects", figures.effects(table), "Subsets that differ most",
                 "Orange up, blue down: the headline (family-wise p); dots: which methods call it.")  # fmt: skip
    facts.figure("donors", figures.donors(measures, table, comparison.donors, names), "Each donor",
                 "A dot is a donor, the bar the median.")  # fmt: skip
    more = {"omnibus": omnibus, "donors": _donor_table(measures, comparison)}
    more["loadings"] = _separate(facts, counted, comparison, names, draws=draws, seed=seed)
    facts.table("tests", table[SHOWN].head(30), "Subsets, those found first")
    if len(omnibus):
        facts.table("omnibus", omnibus.head(20), "Kruskal-Wallis over all levels, then Dunn against the target")
    return table, more


def _tell(facts: Facts, comparison: Comparison, table: pd.DataFrame, drawn: permutation.Permuted) -> None:
    """Say what was found, or what could have been."""
    reference, target = comparison.counts()
    smallest = permutation.smallest_p(reference, target, paired=comparison.paired)
    smallest = smallest if drawn.exact else max(smallest, 1 / len(drawn.t))
    found = table[table["finding"] != ""]
    found = found[found["finding"].notna()]
    facts.number(
        donors_reference=reference, donors_target=target, paired=comparison.paired, tests=drawn.t.shape[1],
        permutations=len(drawn.t), exact=drawn.exact, smallest_p=smallest, findings=len(found),
    )  # fmt: skip
    names = [
        f"{row['subset']} {row['finding']} ({_fold(row)})" for _, row in found.drop_duplicates("subset").iterrows()
    ]
    best = table.iloc[0]
    facts.verdict(
        f"{comparison.contrast.sides} ({target} and {reference} donors): "
        + (f"{'; '.join(names[:8])}." if names else _nothing(best))
        + (" The donors are compared within themselves." if comparison.paired else "")
    )
    if smallest > LEVEL:
        facts.warn(f"With {target} and {reference} donors no permutation test can go below p = {smallest:.2g}.")
    if comparison.paired and comparison.covariates:
        facts.warn(
            "The permutation test is within donors and leaves the covariates out; the moderated tests hold them."
        )


def _fold(row: pd.Series) -> str:
    """Word a change of percents: `2.1-fold, 3.0 % to 6.3 % of monocyte`."""
    whole = row["parent"] if row["measure"] == "parent" else "all cells"
    return f"{row['percent_reference']:.2g} % to {row['percent_target']:.2g} % of {whole}, {row['agreement']} methods"


def _nothing(best: pd.Series) -> str:
    """Say that nothing was found, and what came nearest."""
    return f"no subset differs at a family-wise 5 %; nearest {best['subset']} (family p = {best['family_p']:.2g})."


def _separate(
    facts: Facts, counted: pd.DataFrame, comparison: Comparison, names: tuple[str, str], *, draws: int, seed: int
) -> pd.DataFrame:
    """Map the donors by their whole composition, test the separation, give the loadings."""
    scaled = separation.scaled_percents(counted, comparison)
    if scaled.shape[1] < 2:
        return pd.DataFrame(columns=["subset", "PC1", "PC2", "length"])
    found = separation.components(scaled, comparison)
    share, p = separation.separation(scaled, comparison, draws=draws, rng=np.random.default_rng([seed, 2]))
    facts.number(separation_share=share, separation_p=p)
    drawing = figures.separation(found, share, p, names)
    facts.figure("separation", drawing, "Donors by their composition",
                 "Percents of all subsets, scaled to unit variance; arrows point to the groups' means.")  # fmt: skip
    return found.loadings.sort_values("length", ascending=False, ignore_index=True)


def _donor_table(measures: frequency.Measures, comparison: Comparison) -> pd.DataFrame:
    """Give the percents behind the tests: a row per donor, group and test."""
    rows = comparison.donors[["donor", "group", "level"]].rename(columns={"level": "side"})
    keys = measures.tests[["measure", "level", "parent", "subset"]]
    table = rows.merge(keys, how="cross")
    return table.assign(percent=measures.percent.ravel())
