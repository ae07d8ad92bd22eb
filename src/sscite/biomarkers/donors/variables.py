"""Which clinical variables are assessed, in which donors, and how: two groups, or numbers and ordered levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import stats

from sscite import text
from sscite.compare.contrast.contrast import Contrast, as_numbers, covariate_names, encode
from sscite.compare.contrast.eligibility import compare
from sscite.errors import Skipped
from sscite.subsets.definitions.questions import Clinical

GROUPS, NUMBERS = "two levels", "rank"


@dataclass(frozen=True)
class Variable:
    """A clinical variable of the donors of the reference tissue.

    Attributes
    ----------
    name, comparison, kind
        `SRC`, `SRC against SSc without SRC`, and `two levels` or `rank`; empty if it cannot be assessed.
    donors
        Donor of each sample (index: sample).
    outcome
        One per donor in the order of the sorted names: group 0 or 1, or a number (a level's place in the order).
    levels
        Names of reference and target, or of the ordered levels.
    adjust
        (n_donors, n_columns) covariates, and `adjusted_for` their names.
    missing
        Donors of the tissue without a value.
    reason
        Why it is not assessed; empty if it is.
    """

    name: str
    comparison: str
    kind: str = ""
    donors: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    outcome: np.ndarray = field(default_factory=lambda: np.empty(0))
    levels: tuple[str, ...] = ()
    adjust: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    adjusted_for: tuple[str, ...] = ()
    missing: int = 0
    reason: str = ""

    @property
    def counts(self) -> tuple[int, int]:
        """Number of donors in reference and target."""
        return int((self.outcome == 0).sum()), int((self.outcome == 1).sum())


def list_variables(
    contrasts: Sequence[Contrast], people: pd.DataFrame, questions: Sequence[Clinical], tissue: str
) -> list[Variable]:
    """List the variables: groups of the contrasts, variables named in questions, and all other covariates of the sheet.

    Parameters
    ----------
    people
        samples.csv, one row per sample.
    """
    here = people[people["tissue"] == tissue]
    found = [
        _of_contrast(contrast, here)
        for contrast in contrasts
        if contrast.variable != "tissue" and not contrast.block and (not contrast.tissue or tissue in contrast.tissue)
    ]
    by_name = {question.variable: question for question in questions}
    done = {contrast.variable for contrast in contrasts} - set(by_name)
    names = [*by_name, *(name for name in covariate_names(people) if name not in by_name)]
    return found + [_of_covariate(by_name.get(name, Clinical(name)), here) for name in names if name not in done]


def _of_contrast(contrast: Contrast, people: pd.DataFrame) -> Variable:
    """Take the groups of a contrast; its covariates do not enter."""
    groups = contrast.group_names
    try:
        rows = compare(replace(contrast, covariates=(), block=""), people, min_donors=1).samples
    except Skipped as skipped:
        return Variable(contrast.variable, contrast.label, levels=groups, reason=str(skipped))
    donors = rows.set_index("sample")["donor"]
    values = rows.groupby("donor")["group"].first().sort_index().to_numpy()
    return Variable(contrast.variable, contrast.label, GROUPS, donors, values, groups)


def _of_covariate(question: Clinical, people: pd.DataFrame) -> Variable:
    """Take a covariate of the samplesheet as two groups, a number or ordered levels."""
    name = question.variable
    if name not in people:
        return Variable(name, name, reason="the samplesheet has no such column")
    known = people[(people[name] != "") & _complete(people, question.adjust)]
    missing = people["donor"].nunique() - known["donor"].nunique()
    numbers = as_numbers(known[name]) if len(known) else known[name]
    levels = sorted(known[name].unique())
    if pd.api.types.is_float_dtype(numbers) and numbers.nunique() > 2 and not question.order:
        return _ranked(question, known, numbers, ("low", "high"), missing)
    order = question.order or (tuple(levels) if len(levels) == 2 and question.adjust else ())
    if order:
        places = {level: place for place, level in enumerate(order)}
        known = known[known[name].isin(places)]
        missing = people["donor"].nunique() - known["donor"].nunique()
        return _ranked(question, known, known[name].map(places).astype(float), order, missing)
    if len(levels) < 2:
        return Variable(name, name, missing=missing, reason="it does not vary between the donors")
    if len(levels) > 2:
        reason = f"it has {len(levels)} levels without an order: give a contrast, or an order in subsets.yaml"
        return Variable(name, name, missing=missing, reason=reason)
    contrast = Contrast(name, name, name, (levels[0],), (levels[1],))
    variable = _of_contrast(contrast, known)
    return replace(variable, missing=people["donor"].nunique() - len(variable.outcome) if variable.kind else missing)


def _ranked(
    question: Clinical, rows: pd.DataFrame, numbers: pd.Series, levels: tuple[str, ...], missing: int
) -> Variable:
    """Take the mean of a donor's samples, with the covariates to adjust for."""
    rows = rows.assign(number=numbers)
    values = rows.groupby("donor")["number"].mean().sort_index()
    if values.nunique() < 2:
        return Variable(
            question.variable, question.variable, missing=missing, reason="it does not vary between the donors"
        )
    first = rows.drop_duplicates("donor").set_index("donor").reindex(values.index)
    columns = first.assign(**{n: _ranks(first[n]) for n in question.adjust if n in first})
    adjust, _ = encode(columns.reset_index(), [n for n in question.adjust if n in first])
    return Variable(
        question.variable, question.variable, NUMBERS, rows.set_index("sample")["donor"], values.to_numpy(float),
        levels, adjust, question.adjust, missing,
    )  # fmt: skip


def _complete(people: pd.DataFrame, adjust: tuple[str, ...]) -> pd.Series:
    """Mark the samples that have all covariates to adjust for."""
    return (people[list(adjust)] != "").all(axis=1) if adjust else pd.Series(True, index=people.index)


def _ranks(values: pd.Series) -> pd.Series:
    """Replace numbers by their ranks; categories stay."""
    numbers = as_numbers(values)
    is_number = pd.api.types.is_float_dtype(numbers)
    return pd.Series(stats.rankdata(numbers), index=values.index) if is_number else values


def group_sizes(variable: Variable) -> str:
    """Name the donors of each group: `SRC 4, SSc without SRC 8`."""
    reference, target = variable.levels
    return f"{target} {text.number(variable.counts[1])}, {reference} {text.number(variable.counts[0])}"
