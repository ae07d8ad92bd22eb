"""What a contrast can show before any test is made: who is in it, what is confounded with it, and its power."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sscite.compare.composition.frequency import Measures, nuisance
from sscite.compare.contrast.contrast import Comparison, as_numbers, covariate_names
from sscite.compare.statistics import donor_tests, poisson_lognormal

FOLDS = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
STRONG = 0.5
UNEVEN = 2.0  # ratio of median cells per donor from which the groups differ
COLUMNS = ["contrast_side", "donor", "n_samples"]
CELLS = "cells_per_donor"
POWER = ["fold", "subsets", "deviation", "power_single", "power_family"]
CONFOUNDING = ["covariate", "kind", "association", "p", "held", "reading", "reference", "target"]


def donors(comparison: Comparison, samples: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """List the donors of a contrast with their group, samples, cells, libraries and every covariate of the sheet.

    A covariate that differs between a donor's samples shows all its values joined with `;`.

    Parameters
    ----------
    counted
        composition.csv, for the number of cells.
    """
    side = comparison.samples["group"].map({0: "reference", 1: "target"})
    cells = counted.groupby("sample")["total_cells"].first()
    rows = comparison.samples[["sample"]].assign(contrast_side=side).merge(samples, on="sample")
    rows = rows.assign(cells=rows["sample"].map(cells).fillna(0).astype(int))
    columns = ["library", *[name for name in covariate_names(samples) if name != "cells"]]
    values = {name: (name, lambda given: ";".join(dict.fromkeys(given))) for name in columns}
    groups = rows.groupby(["contrast_side", "donor"])
    return groups.agg(n_samples=("sample", "size"), **{CELLS: ("cells", "sum")}, **values).reset_index()


def confounding(table: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Measure how far each covariate goes along with the two sides.

    Parameters
    ----------
    table
        As `donors` gives it.

    Returns
    -------
    a row per covariate: kind; association from 0 to 1 (Cramér's V of categories, |2 AUC - 1| of numbers); p (Fisher's
    exact test, or chi-squared above two levels; Mann-Whitney); whether the contrast holds it; how to read it; what each
    side has. Texts with more levels than half the donors, such as a library of one donor each, are left out.
    """
    rows = []
    for name in table.columns.difference([*COLUMNS, comparison.contrast.variable], sort=False):
        known = table[table[name] != ""]
        group = (known["contrast_side"] == "target").to_numpy(int)
        levels = known[name].nunique()
        many = levels > len(known) / 2 and not pd.api.types.is_float_dtype(as_numbers(known[name]))
        if 0 < group.sum() < len(group) and levels >= 2 and not many:
            rows.append([name, *_associate(known[name], group, name in comparison.covariates)])
            if name == CELLS and _ratio(known[name], group) < UNEVEN:
                rows[-1][CONFOUNDING.index("reading")] = "balanced"
    return pd.DataFrame(rows, columns=CONFOUNDING).sort_values("association", ascending=False, ignore_index=True)


def _ratio(cells: pd.Series, group: np.ndarray) -> float:
    """Return the larger median of two groups over the smaller."""
    medians = [float(cells[group == side].median()) for side in (0, 1)]
    return max(medians) / max(min(medians), 1)


def _associate(values: pd.Series, group: np.ndarray, held: bool) -> list[object]:
    """Relate one covariate to the sides; see `confounding`."""
    numbers = as_numbers(values) if values.name != "library" else values
    sides = [values[group == side] for side in (0, 1)]
    if pd.api.types.is_float_dtype(numbers):
        low, high = (numbers[group == side] for side in (0, 1))
        u, p = stats.mannwhitneyu(high, low)
        association = abs(2 * u / (len(low) * len(high)) - 1)
        shown = [f"median {part.median():g} ({part.min():g} to {part.max():g})" for part in (low, high)]
        return ["number", association, p, held, _read(association, p, held), *shown]
    counts = pd.crosstab(values, group)
    p = stats.fisher_exact(counts)[1] if counts.shape == (2, 2) else stats.chi2_contingency(counts)[1]
    association = np.sqrt(stats.chi2_contingency(counts, correction=False)[0] / counts.to_numpy().sum())
    shown = [", ".join(f"{level} {n}" for level, n in side.value_counts(sort=False).items()) for side in sides]
    return ["category", association, p, held, _read(association, p, held), *shown]


def _read(association: float, p: float, held: bool) -> str:
    """Describe an association: confounded with the groups, a possible explanation, or balanced."""
    if association > 1 - 1e-9:
        return "confounded with the groups"
    if association >= STRONG or p < 0.05:
        return "differs between the groups" + (", adjusted for" if held else "")
    return "balanced"


def spread(measures: Measures, comparison: Comparison) -> np.ndarray:
    """Estimate the standard deviation between donors of each testable subset's log frequency, within the groups."""
    kept = measures.select((measures.tests["note"] == "").to_numpy() & measures.tests["of_contrast"].to_numpy())
    if not len(kept.tests):
        return np.empty(0)
    group, held = comparison.donors["group"].to_numpy(), nuisance(comparison)
    values = poisson_lognormal.fit(kept.cells, kept.whole).value
    y = donor_tests.residualise(values, np.column_stack([held, group]))
    return np.sqrt((y**2).sum(axis=0) / (len(y) - held.shape[1] - 1))


def power(comparison: Comparison, deviations: np.ndarray) -> pd.DataFrame:
    """Compute the power of a t test on log frequencies for typical (median) and variable (upper quartile) subsets.

    Parameters
    ----------
    deviations
        As `spread` gives them; their number is the number of tests of the family.

    Returns
    -------
    a row per fold change and kind: fold, subsets, deviation, power_single (5% for one test), power_family (5% over
    all, by Bonferroni, to which Holm is close)
    """
    group, held = comparison.donors["group"].to_numpy(float), nuisance(comparison)
    x = donor_tests.residualise(group[:, None], held)[:, 0]
    df = len(group) - held.shape[1] - 1
    rows: list[list[object]] = []
    if not len(deviations):
        return pd.DataFrame(rows, columns=POWER)
    for kind, quantile in (("typical", 0.5), ("variable", 0.75)):
        deviation = float(np.quantile(deviations, quantile))
        for fold in FOLDS:
            shift = np.log(fold) * np.sqrt(x @ x) / max(deviation, 1e-6)
            rows.append([fold, kind, deviation, *[_t_power(shift, df, 0.05 / n) for n in (1, len(deviations))]])
    return pd.DataFrame(rows, columns=POWER)


def _t_power(shift: float, df: int, level: float) -> float:
    """Return the power of a two-sided t test at a level, by the noncentral t."""
    limit = stats.t.ppf(1 - level / 2, df)
    found = stats.nct.sf(limit, df, shift)
    return float(found) if np.isfinite(found) else 1.0


def detectable(table: pd.DataFrame, *, column: str = "power_family", goal: float = 0.8) -> float:
    """Return smallest fold change of the table found with the goal's power in a typical subset; infinite if none."""
    reached = table[(table["subsets"] == "typical") & (table[column] >= goal)]
    return float(reached["fold"].min()) if len(reached) else float("inf")
