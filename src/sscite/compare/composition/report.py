"""Report the differential abundance of one contrast: numbers, sentences, findings, tables, figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.command import Facts
from sscite.compare.composition import differential, effects, figures, frequency, influence, separation, stress
from sscite.compare.composition.differential import COLUMNS, METHODS, Chance
from sscite.compare.composition.effects import LEVEL, Fitted
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics.dissociation_stress import FLAG_SCORE, NOT_ADJUSTABLE
from sscite.findings import Concern, Finding, Kind

SHOWN = [
    "subset", "measure", "parent", "percent_reference", "percent_target", "fold_change", "fold_change_low",
    "fold_change_high", "family_p", "permutation_family_p", "ks_bonferroni", "share_fdr", "agreement", "finding",
    "worst_p", "influential_donor", "fold_change_given_stress", "p_given_stress", "note",
]  # fmt: skip
OFTEN = 2 * LEVEL  # calls under permuted labels above which the test is said not to hold its level
NOT_TESTABLE = 3  # largest effects that are listed if the design cannot reach 5%


def report_composition(
    counted: pd.DataFrame,
    samples: pd.DataFrame,
    comparison: Comparison,
    facts: Facts,
    *,
    draws: int,
    min_donors: int,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Test and report one contrast.

    Returns
    -------
    the table of tests, and further tables by name: omnibus, loadings, donors
    """
    measures = frequency.measure(counted, comparison, min_donors=min_donors)
    fitted = effects.fit(measures, comparison, seed=seed)
    table, arranged, chance = differential.test(fitted, comparison, draws=draws, rng=np.random.default_rng([seed, 1]))
    table = add_influence(fitted, comparison, table, testable=chance.smallest_p <= LEVEL, centre=arranged.centre)
    table = add_stress(fitted, comparison, table, counted, facts, centre=arranged.centre)
    omnibus = frequency.omnibus(counted, samples, comparison)
    names = comparison.contrast.group_names
    depth = influence.depth_ratio(fitted, comparison)
    _numbers(facts, comparison, table, chance, depth)
    _sentences(facts, comparison, table, chance, depth)
    facts.figure("effects", figures.effects(table), "Subsets that differ most",
                 "Fold change with 95% interval, coloured if significant in the primary test (log_ratio); "
                 "dots: methods that report it.")  # fmt: skip
    facts.figure("donors", figures.donors(measures, table, comparison.donors, names), "Percent in each donor",
                 "Dots are donors, bars medians.",
                 points=figures.donor_points(measures, table, comparison.donors, names))  # fmt: skip
    more = {"omnibus": omnibus, "donors": _donor_table(measures, comparison)}
    more["loadings"] = _separate(facts, counted, comparison, names, draws=draws, seed=seed)
    facts.table("tests", table[SHOWN].head(30), "Subsets, significant ones first")
    if len(omnibus):
        facts.table("omnibus", omnibus.head(20), "Kruskal-Wallis over all levels, then Dunn against the target")
    return table, more


def add_influence(
    fitted: Fitted, comparison: Comparison, table: pd.DataFrame, *, testable: bool, centre: np.ndarray
) -> pd.DataFrame:
    """Add what each finding rests on: leave-one-donor-out, and libraries that lack the subset."""
    found = table[(table["finding"] != "") & testable]
    whole = table.reindex(columns=[*COLUMNS, *influence.COLUMNS]).astype(
        {"influential_donor": object, "absent_in": object, "one_donor": object}
    )
    whole[["influential_donor", "absent_in", "one_donor"]] = ""
    if len(found):
        rested = influence.leave_one_out(fitted, comparison, found, centre=centre)
        for name in rested.columns:
            whole.loc[rested.index, name] = rested[name]
        whole.loc[found.index, "absent_in"] = influence.absent_in(fitted, comparison, found)
    return whole


def add_stress(
    fitted: Fitted,
    comparison: Comparison,
    table: pd.DataFrame,
    counted: pd.DataFrame,
    facts: Facts,
    *,
    centre: np.ndarray,
) -> pd.DataFrame:
    """Add what remains of each finding given the stress score of the other lineages."""
    found, measured = table[table["finding"] != ""], stress.scores(counted)
    whole = table.assign(**dict.fromkeys(stress.COLUMNS[:2], np.nan), stress_flag="")
    if not np.isfinite(measured.to_numpy()).any():
        facts.warn("No stress score was measured, so no finding is tested given it.")
    elif len(found):
        given = stress.given_score(fitted, comparison, found, measured, centre=centre)
        whole.loc[found.index, stress.COLUMNS] = given
    facts.number(stress_explained=int((whole["stress_flag"] == FLAG_SCORE).sum()))
    return whole


def _numbers(facts: Facts, comparison: Comparison, table: pd.DataFrame, chance: Chance, depth: float) -> None:
    reference, target = comparison.counts()
    facts.number(
        donors_reference=reference, donors_target=target, paired=comparison.paired,
        permutations=chance.number, exact=chance.exact, smallest_p=chance.smallest_p, chance_any=chance.any_call,
        tests=int(table["family_p"].notna().sum()), cells_per_donor_ratio=depth,
        findings=int((table["finding"] != "").sum()), median_spread_ratio=table["spread_ratio"].median(),
    )  # fmt: skip


def _sentences(facts: Facts, comparison: Comparison, table: pd.DataFrame, chance: Chance, depth: float) -> None:
    """Add the findings and the summary sentence."""
    reference, target = comparison.counts()
    smallest = chance.smallest_p
    design = f"{comparison.contrast.label} ({target} and {reference} donors{', paired' if comparison.paired else ''})"
    if smallest > LEVEL:
        rows = table[table["family_p"].notna()].drop_duplicates("subset").head(NOT_TESTABLE)
        listed = "; ".join(_effect(row) for _, row in rows.iterrows())
        facts.summary(
            f"{design}: cannot be tested, as the smallest p that this design can give is {smallest:.2g}. "
            f"Largest differences: {listed}."
        )
        facts.warn(
            f"With {target} and {reference} donors no permutation test can reach p = 0.05 (smallest {smallest:.2g})."
        )
    else:
        rows = table[table["finding"] != ""].drop_duplicates("subset")
        facts.summary(f"{design}: {_list(rows) if len(rows) else _nothing(table.iloc[0])}{_compensation(table)}")
    for _, row in rows.iterrows():
        facts.finding(finding(row, comparison, chance, depth))


def finding(row: pd.Series, comparison: Comparison, chance: Chance, depth: float) -> Finding:
    """Return one test as a finding of the report."""
    reference, target = comparison.counts()
    up = row["percent_target"] > row["percent_reference"]
    concerns = concerns_of(row, comparison, chance, depth)
    remarks = [stress.described(row), *(_remark(row, concern) for concern in concerns)]
    return Finding(
        kind=Kind.COMPOSITION, feature=row["subset"], comparison=comparison.contrast.label,
        direction="up" if up else "down", effect=row["fold_change"], low=row["fold_change_low"],
        high=row["fold_change_high"], unit="fold change", p=row["family_p"], donors_reference=reference,
        donors_target=target, agreement=int(str(row["agreement"]).split()[0]), methods=len(METHODS),
        worst_p=None if pd.isna(row["worst_p"]) else row["worst_p"], influential_donor=row["influential_donor"],
        p_given_stress=row["p_given_stress"],
        concerns=concerns, text="; ".join([_percents(row), *filter(None, remarks)]), figure="donors",
        table=f"{comparison.contrast.id}/composition.csv",
    )  # fmt: skip


def concerns_of(row: pd.Series, comparison: Comparison, chance: Chance, depth: float) -> list[Concern]:
    """List what else could explain a finding."""
    uneven = influence.UNEVEN
    spread = row["spread_ratio"]
    marks = {
        Concern.FEW_DONORS: chance.smallest_p > LEVEL,
        Concern.NULL_CALIBRATION: chance.any_call > OFTEN,
        Concern.STRESS: row["stress_flag"] == FLAG_SCORE,
        Concern.STRESS_NOT_ADJUSTABLE: row["stress_flag"] == NOT_ADJUSTABLE,
        Concern.DEPTH: not 1 / uneven <= depth <= uneven,
        Concern.SPREAD: bool(np.isfinite(spread)) and not 1 / uneven <= spread <= uneven and row["welch_p"] > LEVEL,
        Concern.ONE_DONOR: str(row["one_donor"]) == "True",
        Concern.BATCH: bool(row["absent_in"]) or any("confounded" in sentence for sentence in comparison.warnings),
    }
    return [concern for concern, marked in marks.items() if marked]


def _remark(row: pd.Series, concern: Concern) -> str:
    """Describe a concern with its numbers; empty if the concern says all."""
    if concern is Concern.SPREAD:
        return f"the donors of the target vary {row['spread_ratio']:.1f} times as much (Welch p = {row['welch_p']:.2g})"
    if concern is Concern.ONE_DONOR:
        return f"without {row['influential_donor']} p = {row['worst_p']:.2g}"
    if concern is Concern.BATCH and row["absent_in"]:
        return f"no cell of it in library {row['absent_in'].replace(';', ', ')}"
    return ""


def _list(rows: pd.DataFrame) -> str:
    names = [
        f"{row['subset']} {row['finding']} ({_percents(row)}, {row['agreement']} methods)" for _, row in rows.iterrows()
    ]
    return "; ".join(names[:8]) + "."


def _percents(row: pd.Series) -> str:
    """Describe a change of percents: `3.0% to 6.3% of monocyte/DC`."""
    whole = row["parent"] if row["measure"] == "parent" else "all cells"
    return f"{row['percent_reference']:.2g}% to {row['percent_target']:.2g}% of {whole}"


def _effect(row: pd.Series) -> str:
    """Describe a fold change with its interval."""
    interval = f"{row['fold_change_low']:.2g} to {row['fold_change_high']:.2g}"
    return f"{row['subset']} {row['fold_change']:.2g}-fold (95% interval {interval}; {_percents(row)})"


def _nothing(best: pd.Series) -> str:
    nearest = f"{best['subset']} ({best['family_p']:.2g})"
    return f"no subset differs (family-wise error rate 5%); smallest adjusted p: {nearest}."


def _compensation(table: pd.DataFrame) -> str:
    """Name the subsets whose percent changes only because another subset changed."""
    rows = table[table["note"].fillna("").str.startswith("compensates")].drop_duplicates("subset")
    if not len(rows):
        return ""
    causes = ", ".join(sorted({note.removeprefix("compensates for the change of ") for note in rows["note"]}))
    return f" The percents of {len(rows)} other subsets or lineages change only to compensate for {causes}."


def _separate(
    facts: Facts, counted: pd.DataFrame, comparison: Comparison, names: tuple[str, str], *, draws: int, seed: int
) -> pd.DataFrame:
    """Map the donors by their whole composition and test the separation; return the loadings."""
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
    """Return the percents behind the tests: a row per donor, group and test."""
    rows = comparison.donors[["donor", "group", "level"]].rename(columns={"level": "side"})
    table = rows.merge(measures.tests[frequency.KEYS], how="cross")
    percent = pd.DataFrame(
        {"percent": measures.percent.ravel(), "of_contrast": np.tile(measures.tests["of_contrast"], len(rows))}
    )
    return pd.concat([table, percent], axis=1).query("of_contrast").drop(columns="of_contrast").reset_index(drop=True)
