"""Tables, sentences and findings about clinical variables and the features of donors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from sscite import text
from sscite.biomarkers.donors import correlation, discrimination
from sscite.biomarkers.donors.correlation import Correlation
from sscite.biomarkers.donors.discrimination import Discrimination
from sscite.biomarkers.donors.features import PROPORTION, PROTEIN, Profile
from sscite.biomarkers.donors.variables import GROUPS, Variable, group_sizes
from sscite.command import Facts, Rank
from sscite.compare.statistics import permutation
from sscite.findings import Finding, Kind

LEVEL = 0.05
VARIABLE_COLUMNS = [
    "variable", "comparison", "assessed_by", "donors", "donors_reference", "donors_target", "without_value", "features",
    "auc", "auc_low", "auc_high", "p_value", "family_p", "smallest_p", "features_found", "best_feature", "adjusted_for",
    "not_assessed",
]  # fmt: skip
SELECTED_COLUMNS = ["comparison", "feature", "kind", "within", "share_of_folds", "in_final_rule", "weight", "higher_in"]
RANK_COLUMNS = ["comparison", "donor", "group", "held_out_rank"]
CORRELATION_COLUMNS = [
    "variable", "feature", "kind", "within", "donors", "rho", "low", "high", "p_value", "family_p", "adjusted_for",
]  # fmt: skip


@dataclass
class Assessed:
    """A variable with the features of its donors and its result, if it could be assessed.

    Attributes
    ----------
    family_p
        Of a variable with two levels: Holm's adjusted p over all such variables.
    smallest_p
        Smallest p that the numbers of donors can reach.
    """

    variable: Variable
    profile: Profile | None = None
    groups: Discrimination | None = None
    ranks: Correlation | None = None
    family_p: float = np.nan
    smallest_p: float = np.nan
    reason: str = ""


def labels(profile: Profile) -> list[str]:
    """Name features for readers: `CD14_EGR1 of monocyte/DC`, `CD3 protein in B`, `NFKB signature in B`."""
    words = {PROPORTION: "{} of {}", PROTEIN: "{} protein in {}"}
    return [
        words.get(row["kind"], "{} signature in {}").format(
            row["feature"], "all cells" if row["within"] == "all" else row["within"]
        )
        for row in profile.features.to_dict("records")
    ]


def assess(variable: Variable, profile: Profile, *, seed: int) -> Assessed:
    """Assess one variable; a level with fewer than three donors, and a table without features, gives a reason."""
    if profile.matrix.shape[1] == 0:
        return Assessed(variable, reason="no feature varies between the donors")
    if variable.kind == GROUPS:
        if min(variable.counts) < discrimination.MIN_DONORS:
            needed = discrimination.MIN_DONORS
            return Assessed(variable, reason=f"donors: {group_sizes(variable)}; at least {needed} in each are needed")
        found = discrimination.discriminate(profile.matrix, variable.outcome, seed=seed)
        smallest = max(permutation.smallest_p(*variable.counts, paired=False), 1 / (len(found.null) + 1))
        return Assessed(variable, profile, groups=found, smallest_p=smallest)
    n, used = len(variable.outcome), variable.adjust.shape[1]
    if n - used < correlation.MIN_DONORS:
        needed = correlation.MIN_DONORS + used
        return Assessed(variable, reason=f"{text.plural(n, 'donor')} with a value; at least {needed} are needed")
    ranks = correlation.correlate(profile.matrix, variable.outcome, variable.adjust, seed=seed)
    return Assessed(variable, profile, ranks=ranks, smallest_p=correlation.smallest_p(n))


def adjust(found: list[Assessed]) -> None:
    """Adjust the p values of all variables with two levels (Holm)."""
    tested = [one for one in found if one.groups]
    if tested:
        adjusted = multipletests([one.groups.p for one in tested if one.groups], method="holm")[1]
        for one, p in zip(tested, adjusted, strict=True):
            one.family_p = float(p)


def variable_row(one: Assessed) -> list[object]:
    """Return the row of variables.csv."""
    variable = one.variable
    reference, target = variable.counts if variable.kind == GROUPS else (np.nan, np.nan)
    row: list[object] = [
        variable.name, variable.comparison, variable.kind, len(variable.outcome), reference, target, variable.missing,
        one.profile.matrix.shape[1] if one.profile else 0,
    ]  # fmt: skip
    rest: list[object] = [", ".join(variable.adjusted_for), one.reason or variable.reason]
    if one.groups and one.profile:
        found = one.groups
        best = labels(one.profile)[int(np.argmax(found.selected))]
        count = int((found.weight != 0).sum())
        return [*row, found.auc, found.low, found.high, found.p, one.family_p, one.smallest_p, count, best, *rest]
    if one.ranks and one.profile:
        best = labels(one.profile)[int(np.argmin(one.ranks.family_p - 1e-6 * np.abs(one.ranks.rho)))]
        count = int((one.ranks.family_p <= LEVEL).sum())
        p, family = float(one.ranks.p.min()), float(one.ranks.family_p.min())
        return [*row, np.nan, np.nan, np.nan, p, family, one.smallest_p, count, best, *rest]
    return [*row, *[np.nan] * 6, 0, "", *rest]


def selected_table(one: Assessed) -> pd.DataFrame:
    """Tabulate the features that a fold chose, the most stable first."""
    if not one.groups or not one.profile:
        return pd.DataFrame(columns=SELECTED_COLUMNS)
    found, reference, target = one.groups, *one.variable.levels
    table = one.profile.features.assign(
        feature=labels(one.profile), comparison=one.variable.comparison, share_of_folds=found.selected,
        weight=found.weight, in_final_rule=np.where(found.weight != 0, "yes", "no"),
        higher_in=np.select([found.weight > 0, found.weight < 0], [target, reference], ""),
    )  # fmt: skip
    table = table[(found.selected > 0) | (found.weight != 0)]
    return table.sort_values(["share_of_folds", "weight"], ascending=False, ignore_index=True)[SELECTED_COLUMNS]


def rank_table(one: Assessed) -> pd.DataFrame:
    """Tabulate where each donor was placed when held out."""
    if not one.groups:
        return pd.DataFrame(columns=RANK_COLUMNS)
    groups = np.array(one.variable.levels, dtype=object)[one.variable.outcome.astype(int)]
    donors = sorted(one.variable.donors.unique())
    return pd.DataFrame(
        {"comparison": one.variable.comparison, "donor": donors, "group": groups, "held_out_rank": one.groups.rank}
    ).sort_values(["group", "held_out_rank"], ignore_index=True)


def correlation_table(one: Assessed) -> pd.DataFrame:
    """Tabulate the rank correlation of every feature, the clearest first."""
    if not one.ranks or not one.profile:
        return pd.DataFrame(columns=CORRELATION_COLUMNS)
    ranks = one.ranks
    table = one.profile.features.assign(
        feature=labels(one.profile), variable=one.variable.name, donors=len(one.variable.outcome),
        rho=ranks.rho, low=ranks.low, high=ranks.high, p_value=ranks.p, family_p=ranks.family_p,
        adjusted_for=", ".join(one.variable.adjusted_for),
    )  # fmt: skip
    order = np.lexsort([-np.abs(ranks.rho), ranks.p, ranks.family_p])
    return table.iloc[order].reset_index(drop=True)[CORRELATION_COLUMNS]


def sentences(found: list[Assessed]) -> str:
    """Summarise all variables."""
    groups = [one for one in found if one.groups]
    above = [one for one in groups if one.family_p <= LEVEL]
    ranked = [one for one in found if one.ranks]
    with_features = [one for one in ranked if one.ranks is not None and (one.ranks.family_p <= LEVEL).any()]
    parts = []
    if groups:
        named = [
            f"{one.variable.comparison} (AUC {text.number(one.groups.auc, 2)}, {text.number(one.groups.low, 2)} to "
            f"{text.number(one.groups.high, 2)})"
            for one in above if one.groups
        ]  # fmt: skip
        parts.append(
            f"Features separate held-out donors in {len(above)} of {text.plural(len(groups), 'pair')} of groups "
            f"(family-wise p ≤ 0.05){': ' + text.listing(named) if named else ''}."
        )
    if ranked:
        names = text.listing([one.variable.name for one in with_features or ranked])
        parts.append(f"{'Features correlate' if with_features else 'No feature correlates'} with {names}.")
    return " ".join(parts)


def warn(facts: Facts, found: list[Assessed]) -> None:
    """Warn of designs in which no p value can reach 0.05, and of variables that cannot be assessed."""
    for one in found:
        if one.smallest_p > LEVEL:
            donors = text.plural(len(one.variable.outcome), "donor")
            facts.warn(
                f"{one.variable.comparison}: with {donors} the smallest p that is possible is "
                f"{text.number(one.smallest_p, 2)}; no claim can be made, whatever the AUC or correlation.",
                rank=Rank.CHECK,
            )
    excluded = [
        f"{one.variable.comparison} ({reason})" for one in found if (reason := one.reason or one.variable.reason)
    ]
    if excluded:
        facts.warn(f"Clinical variables that were not assessed: {text.listing(excluded, 20)}.")


def findings(one: Assessed) -> list[Finding]:
    """Return the findings of a variable: groups that are separated in held-out donors, features that correlate."""
    if one.groups and one.profile and one.family_p <= LEVEL:
        found = one.groups
        final = np.flatnonzero(found.weight)
        order = final[np.argsort(-found.selected[final], kind="stable")]
        names = [labels(one.profile)[i] for i in order]
        more = f" and {text.plural(len(names) - 1, 'more feature')}" if len(names) > 1 else ""
        chosen = [f"{name} ({text.percent(found.selected[i])})" for name, i in zip(names, order, strict=True)]
        reference, target = one.variable.counts
        return [Finding(
            Kind.DISCRIMINATION, names[0] + more, one.variable.comparison, effect=found.auc, low=found.low,
            high=found.high, unit="AUC", p=one.family_p, donors_reference=reference, donors_target=target,
            text=f"Share of the folds that choose it: {text.listing(chosen)}", figure="auc",
        )]  # fmt: skip
    if not one.ranks or not one.profile:
        return []
    ranks, names = one.ranks, labels(one.profile)
    return [
        Finding(
            Kind.CORRELATION, names[i], one.variable.name, direction="up" if ranks.rho[i] > 0 else "down",
            effect=float(ranks.rho[i]), low=float(ranks.low[i]), high=float(ranks.high[i]), unit="rank correlation",
            p=float(ranks.family_p[i]), donors_target=len(one.variable.outcome), figure="correlations",
            text=f"Adjusted for {text.listing(one.variable.adjusted_for)}." if one.variable.adjusted_for else "",
        )
        for i in np.flatnonzero(ranks.family_p <= LEVEL)
    ]  # fmt: skip
