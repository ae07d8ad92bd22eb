"""Tell the report what a contrast can show: numbers, a sentence, tables, figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts, Rank
from sscite.compare.composition import frequency
from sscite.compare.contrast.contrast import Comparison, as_numbers
from sscite.compare.design import confounding
from sscite.compare.statistics import donor_tests, permutation


def answer(
    counted: pd.DataFrame, samples: pd.DataFrame, comparison: Comparison, facts: Facts, *, min_donors: int
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Describe one contrast.

    Returns
    -------
    the table of donors, and further tables by name: confounding, power, left_out
    """
    donors = confounding.donors(comparison, samples, counted)
    related = confounding.confounding(donors, comparison)
    deviations = confounding.spread(frequency.measure(counted, comparison, min_donors=min_donors), comparison)
    power = confounding.power(comparison, deviations)
    _tell(facts, comparison, related, power, len(deviations))
    facts.figure("donors", draw_donors(donors), "Donors and covariates",
                 "Columns: donors by group; numbers from light to dark.")  # fmt: skip
    if len(power):
        facts.figure("power", draw_power(power), "Power of this design",
                 "Power for one test and for all subsets together, given the spread between donors.")  # fmt: skip
    facts.table("confounding", related.drop(columns="kind"), "Covariates and groups")
    facts.table("power", power, "Power by fold change")
    return donors, {"confounding": related, "power": power, "left_out": comparison.left_out}


def _tell(facts: Facts, comparison: Comparison, related: pd.DataFrame, power: pd.DataFrame, tests: int) -> None:
    """Return numbers, the sentence and the warnings of confounding."""
    reference, target = comparison.counts()
    smallest = permutation.smallest_p(reference, target, paired=comparison.paired)
    rank = None if comparison.paired else float(donor_tests.ks_p(np.array([1.0]), reference, target)[0])
    fold = confounding.detectable(power)
    facts.number(
        donors_reference=reference, donors_target=target, paired=comparison.paired, tests=tests, smallest_p=smallest,
        smallest_ks_p=rank, detectable_fold=fold, left_out=len(comparison.left_out),
    )  # fmt: skip
    finds = (
        f"{'an' if fold == 8 else 'a'} {fold:g}-fold change"
        if np.isfinite(fold)
        else f"not even an {confounding.FOLDS[-1]:g}-fold change"
    )
    finds = (
        f"{finds} of a typical subset is found with 80% power among {tests} tests"
        if tests
        else "no subset can be tested"
    )
    facts.summary(
        f"{comparison.contrast.label}: {target} and {reference} donors{', paired' if comparison.paired else ''}; "
        f"the smallest permutation p is {smallest:.2g}; {finds}."
    )
    _warn_of_confounding(facts, related)


def _warn_of_confounding(facts: Facts, related: pd.DataFrame) -> None:
    """Warn of the covariates that the groups differ in and that are not adjusted for."""
    same = related.loc[related["association"] > 1 - 1e-9, "covariate"]
    if len(same):
        facts.warn(
            f"Confounded with the groups: {', '.join(same)}; what does not define the groups may be the cause of any "
            "difference.",
            rank=Rank.CHECK,
        )
    loose = related[(related["reading"] == "differs between the groups") & (related["covariate"] != "library")]
    for _, row in loose.iterrows():
        if row["covariate"] == confounding.CELLS:
            facts.warn(
                f"The groups differ in cells per donor ({row['target']} in the target, {row['reference']} in the "
                "reference); for composition their donors are thinned to the same depth."
            )
            continue
        facts.warn(
            f"'{row['covariate']}' differs between the groups ({row['target']} against {row['reference']}) and is not "
            "adjusted for: name it under covariates.",
            rank=Rank.CHECK,
        )


def draw_donors(donors: pd.DataFrame) -> Figure:
    """Draw covariates as a grid with a column per donor, the reference first."""
    columns = [name for name in donors.columns if name not in confounding.COLUMNS and (donors[name] != "").any()]
    figure, axes = figures.new(width=max(5.0, 2.4 + 0.26 * len(donors)), height=1.3 + 0.3 * (len(columns) + 1))
    for line, name in enumerate(["contrast_side", *columns]):
        values = donors[name].astype(str)
        shades = _shades(values)
        for place, colour in enumerate(shades):
            axes.add_patch(_cell(place, line, colour))
        levels = dict(zip(values, shades, strict=True))
        if all(isinstance(colour, str) for colour in shades):
            figures.row_key(axes, line, {level: colour for level, colour in levels.items() if level})
        else:
            for place, value in enumerate(as_numbers(values)):
                axes.text(place, line, f"{value:.3g}" if value == value else "", ha="center", va="center", fontsize=6)
    edge = (donors["contrast_side"] == "reference").sum() - 0.5
    axes.axvline(edge, color="black", lw=1.5)
    axes.set(xlim=(-0.5, len(donors) - 0.5), ylim=(len(columns) + 0.5, -0.5))
    axes.set_yticks(range(len(columns) + 1), ["side", *columns])
    axes.set_xticks(range(len(donors)), donors["donor"], rotation=90, fontsize=7)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    return figure


def _shades(values: pd.Series) -> list[object]:
    """Colour values: numbers from light to dark, categories apart, missing white."""
    numbers = as_numbers(values)
    if pd.api.types.is_float_dtype(numbers) and numbers.nunique() > 2:
        scaled = (numbers - numbers.min()) / max(float(numbers.max() - numbers.min()), 1e-9)
        return [figures.plt.get_cmap("Greys")(0.15 + 0.7 * value) if value == value else "white" for value in scaled]
    names = sorted(set(values) - {""})
    colours = figures.colours(names)
    return [colours.get(value, "white") for value in values]


def _cell(place: int, line: int, colour: object):
    from matplotlib.patches import Rectangle

    return Rectangle((place - 0.48, line - 0.45), 0.96, 0.9, color=colour, alpha=0.55, lw=0)


def draw_power(power: pd.DataFrame) -> Figure:
    """Draw power over fold change for typical and variable subsets."""
    figure, axes = figures.new(width=4.6, height=3.2)
    for kind, colour in (("typical", figures.BLUE), ("variable", figures.HIGHLIGHT)):
        rows = power[power["subsets"] == kind]
        axes.plot(rows["fold"], rows["power_single"], "o--", color=colour, ms=4, label=f"{kind} subset, one test")
        axes.plot(rows["fold"], rows["power_family"], "o-", color=colour, ms=4, label=f"{kind} subset, all tests")
    axes.axhline(0.8, color=figures.GREY, lw=0.8, ls=":")
    axes.set_xscale("log")
    axes.set_xticks(confounding.FOLDS, [f"{fold:g}" for fold in confounding.FOLDS])
    axes.minorticks_off()
    axes.set(xlabel="fold change of the frequency", ylabel="power", ylim=(0, 1.02))
    axes.legend(fontsize=7)
    return figure
