"""Which subsets are more or less frequent in one group of donors: four methods side by side.

ks           the study's path: two-sided Kolmogorov-Smirnov on percents, Bonferroni
permutation  permutation of donors with the family-wise p of step-down max-T, on logits: the headline
logit        moderated t on logits with covariates and donor block, Benjamini-Hochberg (propeller: Phipson 2022,
             doi 10.1093/bioinformatics/btac582)
clr          the same on centred log-ratios, which do not fall only because another subset rises
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import donor_tests, permutation
from sscite.errors import Reason, Skipped

MIN_PARENT = 10  # cells below which a sample's percent of a parent says nothing
LEVEL = 0.05
METHODS = {"ks": "ks_bonferroni", "permutation": "family_p", "logit": "logit_fdr", "clr": "clr_fdr"}
COLUMNS = [
    "measure", "level", "parent", "subset", "donors_reference", "donors_target", "percent_reference", "percent_target",
    "log2_fold_change", "odds_ratio", "odds_ratio_low", "odds_ratio_high", "family_p", "permutation_p", "ks_d", "ks_p",
    "ks_bonferroni", "logit_t", "logit_p", "logit_fdr", "clr_effect", "clr_t", "clr_p", "clr_fdr", "agreement",
    "found_by", "finding", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Measures:
    """What is measured of each donor: rows of `Comparison.donors` × tests.

    Attributes
    ----------
    tests
        A row per test: measure (percent of `parent` or of `all`), level, parent, subset, note (why it is not tested).
    percent, logit, clr
        (n_donors, n_tests); NaN where a donor's parent has too few cells.
    pseudo
        (n_tests,): half a cell in percent, for fold changes of empty subsets.
    """

    tests: pd.DataFrame
    percent: np.ndarray
    logit: np.ndarray
    clr: np.ndarray
    pseudo: np.ndarray

    def pick(self, wanted: np.ndarray) -> Measures:
        """Keep the tests at a mask."""
        return Measures(
            self.tests[wanted].reset_index(drop=True), self.percent[:, wanted], self.logit[:, wanted],
            self.clr[:, wanted], self.pseudo[wanted],
        )  # fmt: skip


def per_sample(composition: pd.DataFrame, *, measure: str) -> pd.DataFrame:
    """Measure every kind of cell in every sample: percent, logit, clr and whether it has a cell.

    Parameters
    ----------
    composition
        As COMPARE_PSEUDOBULK writes it.
    measure
        "parent": of the lineage's cells, for subsets; "all": of all cells, for lineages and subsets.

    Returns
    -------
    a row per sample, a column per (name, level, parent, subset); name is percent, logit, clr, present or pseudo
    """
    rows = composition[composition["level"] == "subset"] if measure == "parent" else composition
    whole = rows["parent_cells" if measure == "parent" else "total_cells"].to_numpy(float)
    cells = rows["cells"].to_numpy(float)
    siblings = ["sample", "level", "parent"] if measure == "parent" else ["sample", "level"]
    log = np.log(cells + 0.5)
    centre = pd.Series(log, index=rows.index).groupby([rows[key] for key in siblings]).transform("mean")
    enough = whole >= MIN_PARENT
    values = {
        "percent": np.where(enough, 100 * cells / np.maximum(whole, 1), np.nan),
        "logit": np.where(enough, np.log((cells + 0.5) / (whole - cells + 0.5)), np.nan),
        "clr": np.where(enough, log - centre.to_numpy(), np.nan),
        "present": (cells > 0).astype(float),
        "pseudo": np.where(enough, 50 / np.maximum(whole, 1), np.nan),
    }
    keys = ["level", "parent", "subset"]
    labels = pd.MultiIndex.from_frame(rows[["sample", *keys]])
    return pd.DataFrame(values, index=labels).unstack(keys)  # noqa: PD010


def measure(composition: pd.DataFrame, comparison: Comparison, *, min_donors: int = 3) -> Measures:
    """Bring all measures to donors and note what cannot be tested.

    A donor with several samples counts once, by their mean. A subset is tested where at least `min_donors` donors
    have a cell of it and at most half of the donors lack enough cells of its parent; this rule does not look at
    the groups.
    """
    parts: dict[str, list[np.ndarray]] = {"percent": [], "logit": [], "clr": [], "pseudo": []}
    tests = []
    for kind in ("parent", "all"):
        frames = comparison.collapse(per_sample(composition, measure=kind))
        table = frames["percent"].columns.to_frame(index=False).assign(measure=kind)
        present, known = (frames["present"] > 0).sum().to_numpy(), frames["percent"].notna().mean().to_numpy()
        rare = np.where(present < min_donors, f"cells in fewer than {min_donors} donors", "")
        tests.append(table.assign(note=np.where(known <= 0.5, f"parent below {MIN_PARENT} cells in most donors", rare)))
        for name, values in parts.items():
            values.append(frames[name].to_numpy(float))
    joined = {name: np.hstack(values) for name, values in parts.items()}
    pseudo = np.nanmedian(np.nan_to_num(joined.pop("pseudo"), nan=50.0), axis=0)
    every = Measures(pd.concat(tests, ignore_index=True), pseudo=pseudo, **joined)
    wanted = _asked(every.tests, comparison.contrast.subset) & _splits(every.tests)
    if not wanted.any():
        raise Skipped(Reason.NO_SUBSETS, ", ".join(comparison.contrast.subset) or "no cell has a lineage")
    return every.pick(wanted)


def _asked(tests: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Mark tests of the subsets or lineages that the contrast names; all where it names none."""
    if not names:
        return np.ones(len(tests), dtype=bool)
    return (tests["subset"].isin(names) | tests["parent"].isin(names)).to_numpy()


def _splits(tests: pd.DataFrame) -> np.ndarray:
    """Mark tests that can vary and repeat no other: a lineage's only subset is all of it and stands for it."""
    subsets = tests[(tests["level"] == "subset") & (tests["measure"] == "all")]
    sizes = subsets["parent"].value_counts()
    single = set(sizes.index[sizes == 1])
    always_all = (tests["measure"] == "parent") & tests["parent"].isin(single)
    repeated = (tests["level"] == "lineage") & tests["subset"].isin(single)
    return ~(always_all | repeated).to_numpy()


def nuisance(comparison: Comparison) -> np.ndarray:
    """Build what a test holds constant: the intercept or, where paired, an indicator per donor; and the covariates."""
    covariates = comparison.covariate_matrix()[0]
    donors = comparison.donors["donor"]
    base = pd.get_dummies(donors).to_numpy(float) if comparison.paired else np.ones((len(donors), 1))
    return np.hstack([base, covariates])


def permuted(
    values: np.ndarray, comparison: Comparison, *, draws: int, rng: np.random.Generator
) -> permutation.Permuted:
    """Permute donors as the design allows: labels between donors, or sides within donors where paired.

    Parameters
    ----------
    values
        (n_donors, n_tests), rows of `Comparison.donors`, finite.
    """
    group = comparison.donors["group"].to_numpy()
    if comparison.paired:
        return permutation.within_donors(values[group == 1] - values[group == 0], draws=draws, rng=rng)
    return permutation.between_donors(values, group, nuisance(comparison), draws=draws, rng=rng)


def test(
    measures: Measures, comparison: Comparison, *, draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, permutation.Permuted]:
    """Ask all four methods; the table has a row per test, those found first, and those not tested last.

    Parameters
    ----------
    draws
        Permutations where they are too many to enumerate.
    """
    testable = (measures.tests["note"] == "").to_numpy()
    if not testable.any():
        raise Skipped(Reason.TOO_FEW_CELLS, "no subset has cells in enough donors")
    kept = measures.pick(testable)
    group = comparison.donors["group"].to_numpy()
    drawn = permuted(fill(kept.logit), comparison, draws=draws, rng=rng)
    table = describe(kept, group)
    table["permutation_p"], table["family_p"] = drawn.p(), drawn.family_p()
    table = table.assign(**study_path(kept, group), **moderated(kept, group, nuisance(comparison)))
    untested = describe(measures.pick(~testable), group)
    whole = pd.concat([agree(table), untested], ignore_index=True) if len(untested) else agree(table)
    order = whole[["family_p", "permutation_p", "logit_p"]].fillna(2).to_numpy()
    return whole.iloc[np.lexsort(order.T[::-1])].reindex(columns=COLUMNS).reset_index(drop=True), drawn


def fill(values: np.ndarray) -> np.ndarray:
    """Give a donor without a value the mean of all donors, whatever their group: no evidence either way."""
    return np.where(np.isfinite(values), values, np.nanmean(values, axis=0))


def describe(measures: Measures, group: np.ndarray) -> pd.DataFrame:
    """Count donors and average percents by group."""
    table = measures.tests.copy()
    for name, side in (("reference", 0), ("target", 1)):
        known = np.isfinite(measures.percent[group == side])
        table[f"donors_{name}"] = known.sum(axis=0)
        sums = np.where(known, measures.percent[group == side], 0).sum(axis=0)
        table[f"percent_{name}"] = sums / np.maximum(known.sum(axis=0), 1)
    ratio = (table["percent_target"] + measures.pseudo) / (table["percent_reference"] + measures.pseudo)
    return table.assign(log2_fold_change=np.log2(ratio))


def study_path(measures: Measures, group: np.ndarray) -> dict[str, np.ndarray]:
    """Kolmogorov-Smirnov on percents, Bonferroni over all tests. Pairs and covariates do not enter."""
    values = fill(measures.percent)
    distance = donor_tests.ks_distance(values, group)
    p = donor_tests.ks_p(distance, int((group == 0).sum()), int((group == 1).sum()))
    return {"ks_d": distance, "ks_p": p, "ks_bonferroni": donor_tests.bonferroni(p)}


def moderated(measures: Measures, group: np.ndarray, held: np.ndarray) -> dict[str, np.ndarray]:
    """Fit moderated linear models to logits and to log-ratios; Benjamini-Hochberg over all tests.

    Variances are borrowed within a measure, because percents of a lineage and of all cells spread differently.
    """
    columns = {
        name: np.full(len(measures.tests), np.nan)
        for name in (
            "odds_ratio",
            "odds_ratio_low",
            "odds_ratio_high",
            "logit_t",
            "logit_p",
            "clr_effect",
            "clr_t",
            "clr_p",
        )
    }
    for kind in measures.tests["measure"].unique():
        at = (measures.tests["measure"] == kind).to_numpy()
        logit = donor_tests.moderated_t(fill(measures.logit[:, at]), group, held)
        clr = donor_tests.moderated_t(fill(measures.clr[:, at]), group, held)
        found = {
            "odds_ratio": np.exp(logit.effect), "odds_ratio_low": np.exp(logit.low),
            "odds_ratio_high": np.exp(logit.high), "logit_t": logit.t, "logit_p": logit.p,
            "clr_effect": clr.effect, "clr_t": clr.t, "clr_p": clr.p,
        }  # fmt: skip
        for name, values in found.items():
            columns[name][at] = values
    for name in ("logit", "clr"):
        columns[f"{name}_fdr"] = donor_tests.benjamini_hochberg(columns[f"{name}_p"])
    return columns


def agree(table: pd.DataFrame) -> pd.DataFrame:
    """Say which methods call a difference, and what the headline finds: up, down or nothing."""
    calls = pd.DataFrame({method: table[column] <= LEVEL for method, column in METHODS.items()})
    direction = np.where(table["odds_ratio"] > 1, "up", "down")
    against = (np.sign(table["clr_effect"]) != np.sign(np.log(table["odds_ratio"]))) & calls["permutation"]
    return table.assign(
        agreement=[f"{n} of {len(METHODS)}" for n in calls.sum(axis=1)],
        found_by=[";".join(calls.columns[row]) for row in calls.to_numpy()],
        finding=np.where(calls["permutation"], direction, ""),
        note=np.where(against, "log-ratio points the other way: another subset's change may explain it", table["note"]),
    )


def omnibus(composition: pd.DataFrame, samples: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Ask whether any level of a covariate with three or more differs: Kruskal-Wallis, then Dunn against the target.

    Parameters
    ----------
    samples
        All of samples.csv; the levels with at least two donors in the contrast's tissue take part.

    Returns
    -------
    a row per subset (percent of parent) and level other than the target's; no rows where the covariate has two levels
    """
    contrast = comparison.contrast
    rows = samples[samples["tissue"].isin(contrast.tissue)] if contrast.tissue else samples
    rows = rows[(rows[contrast.variable] != "") & ~rows["sample"].isin(comparison.left_out["sample"])]
    levels = rows.groupby(contrast.variable)["donor"].nunique()
    names = sorted(levels.index[levels >= 2])
    target = contrast.target[0]
    columns = ["kruskal_h", "kruskal_p", "level", "other", "dunn_z", "dunn_p", "dunn_p_adjusted"]
    if contrast.variable == "tissue" or len(names) < 3 or len(contrast.target) > 1 or target not in names:
        return pd.DataFrame(columns=["parent", "subset", *columns])
    rows = rows[rows[contrast.variable].isin(names)]
    keys = rows.set_index("sample")[["donor", contrast.variable]]
    percent = per_sample(composition, measure="parent")["percent"].reindex(keys.index)
    donors = percent.groupby([keys["donor"], keys[contrast.variable]]).mean()
    level = donors.index.get_level_values(1).to_numpy(str)
    pairs, parts = [(target, other) for other in names if other != target], []
    for (_, parent, subset), values in donors.items():
        known = values.notna().to_numpy()
        if set(level[known]) == set(names):
            tested = donor_tests.kruskal_dunn(values.to_numpy()[known], level[known], pairs)
            parts.append(tested.assign(parent=parent, subset=subset))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["parent", "subset", *columns])
    return table[["parent", "subset", *columns]].sort_values(["kruskal_p", "subset"], ignore_index=True)
