"""Whether and how a contrast can be tested: which samples enter, pairs, covariates, batch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import Comparison, Contrast, as_numbers, count_donors, encode
from sscite.errors import Reason, Skipped, UserError


@dataclass
class _Notes:
    """What a check has to say: sentences for the reader, and the samples that it left out."""

    warnings: list[str] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    ranks: dict[str, str] = field(default_factory=dict)

    def warn_critical(self, sentence: str) -> None:
        """Add a warning that puts the results of the comparison in doubt."""
        self.warnings.append(sentence)
        self.ranks[sentence] = "critical"

    def leave_out(self, rows: pd.DataFrame, out: pd.Series, reason: str) -> pd.DataFrame:
        """Move the marked rows to the list of those left out and give the others."""
        gone = rows.loc[out, ["sample", "donor"]]
        self.left_out += [{**row, "reason": reason} for row in gone.to_dict("records")]
        return rows[~out].reset_index(drop=True)


def compare(contrast: Contrast, samples: pd.DataFrame, *, min_donors: int = 3) -> Comparison:
    """Choose and check the samples of a contrast.

    Raises
    ------
    Skipped
        TOO_FEW_DONORS where a group has fewer than `min_donors` donors (or the covariates leave no degree of freedom),
        COLLINEAR_DESIGN where the covariates determine the group, naming them.
    UserError
        The contrast names a column that the samples lack.
    """
    absent = [name for name in (contrast.variable, *contrast.covariates) if name not in samples.columns]
    if absent:
        raise UserError(f"contrast '{contrast.name}': no column {', '.join(absent)} in the samplesheet")
    notes = _Notes()
    ours: dict[str, str] = {name: f"{name}_covariate" for name in ("group", "level") if name in contrast.covariates}
    contrast = replace(contrast, covariates=tuple(ours.get(name, name) for name in contrast.covariates))
    samples = samples.assign(**{new: samples[name] for name, new in ours.items()})
    wanted = [name for name in contrast.covariates if name != contrast.variable]
    rows = _drop_missing(_assign(contrast, samples), wanted, notes)
    rows, paired = _pair(contrast, rows, min_donors, notes)
    _require_donors(contrast, rows, min_donors)
    rows, covariates = _usable_covariates(rows, wanted, paired, notes)
    _warn_batch(rows, notes)
    columns = list(dict.fromkeys(["sample", "donor", "tissue", "library", "level", "group", *covariates]))
    left_out = pd.DataFrame(notes.left_out, columns=["sample", "donor", "reason"])
    return Comparison(
        contrast, rows[columns].reset_index(drop=True), covariates, paired, notes.warnings, left_out, notes.ranks
    )


def _assign(contrast: Contrast, samples: pd.DataFrame) -> pd.DataFrame:
    """Keep the samples of the contrast's tissue and levels; add level and group."""
    rows = samples
    if contrast.tissue and contrast.variable != "tissue":
        rows = rows[rows["tissue"].isin(contrast.tissue)]
    level = rows[contrast.variable]
    rows = rows.assign(level=level, group=np.where(level.isin(contrast.target), 1, 0))
    return rows[level.isin([*contrast.reference, *contrast.target])].reset_index(drop=True)


def _drop_missing(rows: pd.DataFrame, covariates: list[str], notes: _Notes) -> pd.DataFrame:
    """Leave out samples that lack a covariate's value, and name their donors."""
    for name in covariates:
        missing = rows[name] == ""
        if missing.any():
            notes.warnings.append(f"Excluded because '{name}' is missing: {_donors(rows[missing])}.")
            rows = notes.leave_out(rows, missing, f"no value of '{name}'")
    return rows


def _pair(contrast: Contrast, rows: pd.DataFrame, min_donors: int, notes: _Notes) -> tuple[pd.DataFrame, bool]:
    """Decide whether the test is within donors, and treat donors who are in both groups.

    Paired if the contrast has a block or compares tissues, and enough donors have both sides. Otherwise a donor in
    both groups of a covariate is excluded; between tissues they stay in both groups, with a warning.
    """
    sides = rows.groupby("donor")["group"].nunique()
    both = sorted(sides.index[sides == 2])
    if (contrast.block or contrast.variable == "tissue") and len(both) >= min_donors:
        single = ~rows["donor"].isin(both)
        if single.any():
            notes.warnings.append(
                f"Paired within {len(both)} donors; excluded because one group is missing: {_donors(rows[single])}."
            )
        if not contrast.block:
            notes.warnings.append(f"{len(both)} donors have both tissues, so the comparison is made within donors.")
        return notes.leave_out(rows, single, "only one group was sampled"), True
    if contrast.block:
        notes.warnings.append(
            f"{len(both)} donors are in both groups, too few pairs: the groups are compared unpaired."
        )
    if both and contrast.variable == "tissue":
        notes.warnings.append(f"These donors are in both groups of an unpaired comparison: {', '.join(both)}.")
    elif both:
        notes.warnings.append(f"Excluded because they are in both groups and no block is set: {', '.join(both)}.")
        rows = notes.leave_out(rows, rows["donor"].isin(both), "donor is in both groups")
    return rows, False


def _require_donors(contrast: Contrast, rows: pd.DataFrame, min_donors: int) -> None:
    """Skip a contrast with too small a group, giving the counts of both."""
    reference, target = count_donors(rows)
    if min(reference, target) < min_donors:
        sides = f"{'+'.join(contrast.target)} {target}, {'+'.join(contrast.reference)} {reference}"
        raise Skipped(Reason.TOO_FEW_DONORS, f"donors: {sides}; at least {min_donors} are needed in each")


def _usable_covariates(
    rows: pd.DataFrame, covariates: list[str], paired: bool, notes: _Notes
) -> tuple[pd.DataFrame, list[str]]:
    """Drop constant and redundant covariates with a warning; skip where they determine the group."""
    numeric = [name for name in covariates if name not in ("library", "tissue")]
    rows = rows.assign(**{name: as_numbers(rows[name]) for name in numeric})
    fixed = pd.get_dummies(rows["donor"]).to_numpy(float) if paired else np.ones((len(rows), 1))
    kept: list[str] = []
    for name in covariates:
        columns = np.hstack([fixed, encode(rows, [name])[0]])
        if columns.shape[1] > fixed.shape[1] and np.linalg.matrix_rank(columns) == columns.shape[1]:
            fixed, kept = columns, [*kept, name]
        else:
            why = "it is constant within donors" if paired else "it is constant or follows from the others"
            notes.warnings.append(f"Covariate '{name}' is not used: {why}.")
    if np.linalg.matrix_rank(np.hstack([fixed, rows[["group"]].to_numpy(float)])) == fixed.shape[1]:
        culprits = ", ".join(_culprits(rows, kept))
        raise Skipped(
            Reason.COLLINEAR_DESIGN, f"covariates: {culprits}; drop one of these covariates or change the contrast"
        )
    donors = len(rows.drop_duplicates(["donor", "group"]))
    if donors - fixed.shape[1] - 1 < 1:
        raise Skipped(Reason.TOO_FEW_DONORS, f"{donors} donors are too few for the covariates {', '.join(kept)}")
    return rows, kept


def _culprits(rows: pd.DataFrame, covariates: list[str]) -> list[str]:
    """Name the covariates that together reproduce the group: those that cannot be spared in doing so."""
    needed = list(covariates)
    group = rows["group"].to_numpy(float)
    for name in covariates:
        rest = [other for other in needed if other != name]
        matrix = np.hstack([np.ones((len(rows), 1)), encode(rows, rest)[0]])
        if np.allclose(matrix @ np.linalg.lstsq(matrix, group, rcond=None)[0], group):
            needed = rest
    return needed


def _warn_batch(rows: pd.DataFrame, notes: _Notes) -> None:
    """Warn if all donors of a group come from one library that the other group does not share."""
    libraries = {
        group: set(";".join(part["library"]).split(";"))
        for group, part in rows.groupby("group")
        if len(part["donor"].unique()) > 1
    }
    if len(libraries) < 2 or libraries[0] & libraries[1]:
        return
    alone = [min(names) for names in libraries.values() if len(names) == 1]
    if alone:
        notes.warn_critical(
            f"Batch and group are confounded: all donors of one group are in library {' and '.join(alone)}, which the "
            "other group does not share; differences may be batch effects."
        )


def _donors(rows: pd.DataFrame) -> str:
    return ", ".join(sorted(rows["donor"].unique()))
