"""What is compared with what: the samples, donors and covariates of each contrast, checked once for every question.

The donor is the unit of replication. A contrast's `samples` hold one row a sample; `Comparison.donors` has one row
per donor and group, and `Comparison.collapse` brings any value measured per sample to these rows (the mean over a
donor's samples in the group, so that a donor sampled thrice counts once).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sscite import io
from sscite.errors import Reason, Skipped

COLUMNS = ["contrast", "contrast_id", "variable", "reference", "target", "tissue", "subset", "block", "covariates"]
IDENTITY = ["library_id", "library", "sample", "donor", "tissue", "hashtag", "genotype_donor"]


@dataclass(frozen=True)
class Contrast:
    """One row of contrasts.csv; fields that may hold several names are joined with `;` in the file."""

    name: str
    id: str
    variable: str
    reference: tuple[str, ...]
    target: tuple[str, ...]
    tissue: tuple[str, ...] = ()
    subset: tuple[str, ...] = ()
    block: str = ""
    covariates: tuple[str, ...] = ()

    @property
    def sides(self) -> str:
        """Name both sides for a sentence: `SRC against HD`."""
        return f"{'+'.join(self.target)} against {'+'.join(self.reference)}"


@dataclass(frozen=True)
class Comparison:
    """The samples of one contrast after all checks.

    Attributes
    ----------
    contrast
        What was asked.
    samples
        One row per sample: sample, donor, tissue, library, level (as written), group (0 reference, 1 target) and the
        covariates (numbers as float, text as str).
    covariates
        Those that vary and are not redundant.
    paired
        Whether each donor is in both groups and the test is within donors.
    warnings
        Sentences that the reader must see.
    left_out
        Samples of the two groups that do not enter, with the reason: sample, donor, reason.
    """

    contrast: Contrast
    samples: pd.DataFrame
    covariates: list[str]
    paired: bool
    warnings: list[str] = field(default_factory=list)
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["sample", "donor", "reason"]))

    @property
    def donors(self) -> pd.DataFrame:
        """One row per donor and group: donor, group, level, covariates (a number's mean, a text's first)."""
        how = {name: "mean" if _is_number(self.samples[name]) else "first" for name in self.covariates}
        rows = self.samples.groupby(["donor", "group"], sort=True).agg({"level": "first", **how})
        return rows.reset_index().sort_values(["group", "donor"], ignore_index=True)

    def collapse(self, values: pd.DataFrame) -> pd.DataFrame:
        """Bring values per sample (index: sample) to the rows of `donors` by the mean over a donor's samples.

        Samples without values are passed over; a donor without any gets a row of NaN.
        """
        keys = self.samples.set_index("sample")[["donor", "group"]]
        found = values.reindex(keys.index)
        means = found.groupby([keys["donor"], keys["group"]]).mean()
        return means.reindex(pd.MultiIndex.from_frame(self.donors[["donor", "group"]])).reset_index(drop=True)

    def covariate_matrix(self) -> tuple[np.ndarray, list[str]]:
        """Give the covariates of `donors` as columns of numbers, and their names; see `encode`."""
        return encode(self.donors, self.covariates)

    def counts(self) -> tuple[int, int]:
        """Count the donors of the reference and of the target."""
        return count_donors(self.samples)


def load(path: Path) -> list[Contrast]:
    """Read contrasts.csv as samples validate writes it."""
    frame = io.read_table(path)
    several = ["reference", "target", "tissue", "subset", "covariates"]
    return [
        Contrast(
            name=row["contrast"],
            id=row["contrast_id"],
            variable=row["variable"],
            block=row.get("block", ""),
            **{column: _split(row.get(column, "")) for column in several},
        )
        for row in frame.to_dict("records")
    ]


def load_samples(path: Path) -> pd.DataFrame:
    """Read samples.csv: a row per sample, all text; a sample captured in several libraries keeps them joined by `;`."""
    frame = io.read_table(path)
    libraries = frame.groupby("sample", sort=False)["library"].agg(lambda names: ";".join(dict.fromkeys(names)))
    return (
        frame.drop_duplicates("sample")
        .assign(library=lambda rows: rows["sample"].map(libraries))
        .reset_index(drop=True)
    )


def covariate_names(samples: pd.DataFrame) -> list[str]:
    """List the covariates of samples.csv: every column that does not identify."""
    return [column for column in samples.columns if column not in IDENTITY]


def compare(contrast: Contrast, samples: pd.DataFrame, *, min_donors: int = 3) -> Comparison:
    """Choose and check the samples of a contrast.

    Raises
    ------
    Skipped
        TOO_FEW_DONORS where a group has fewer than `min_donors` donors (or the covariates leave no degree of freedom),
        COLLINEAR_DESIGN where the covariates determine the group, naming them.
    """
    rows, warnings, left_out = _assign(contrast, samples), [], []
    wanted = [name for name in contrast.covariates if name in rows.columns and name != contrast.variable]
    rows = _drop_missing(rows, wanted, warnings, left_out)
    rows, paired = _pair(contrast, rows, min_donors, warnings, left_out)
    _require_donors(contrast, rows, min_donors)
    rows, covariates = _usable_covariates(rows, wanted, paired, warnings)
    _warn_batch(rows, warnings)
    columns = ["sample", "donor", "tissue", "library", "level", "group", *covariates]
    return Comparison(
        contrast, rows[columns].reset_index(drop=True), covariates, paired, warnings,
        pd.DataFrame(left_out, columns=["sample", "donor", "reason"]),
    )  # fmt: skip


def encode(rows: pd.DataFrame, covariates: list[str]) -> tuple[np.ndarray, list[str]]:
    """Turn covariates into columns: a number is centred and scaled, a text gets a 0/1 column per level but the first.

    Returns
    -------
    matrix of shape (n_rows, n_columns), and the name of each column (`age`, `sex=male`)
    """
    columns: dict[str, np.ndarray] = {}
    for name in covariates:
        values = rows[name]
        if _is_number(values):
            spread = float(values.std(ddof=0)) or 1.0
            columns[name] = (values.to_numpy(float) - float(values.mean())) / spread
        else:
            for level in sorted(values.unique())[1:]:
                columns[f"{name}={level}"] = (values == level).to_numpy(float)
    matrix = np.column_stack(list(columns.values())) if columns else np.empty((len(rows), 0))
    return matrix, list(columns)


def as_numbers(values: pd.Series) -> pd.Series:
    """Read a covariate as numbers where every value that is present is one; otherwise leave it text."""
    numbers = pd.to_numeric(values.where(values != ""), errors="coerce")
    return numbers.astype(float) if (numbers.isna() == (values == "")).all() and numbers.notna().any() else values


def count_donors(rows: pd.DataFrame) -> tuple[int, int]:
    """Count the donors of group 0 and of group 1."""
    counts = rows.groupby("group")["donor"].nunique()
    return int(counts.get(0, 0)), int(counts.get(1, 0))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_float_dtype(values)


def _assign(contrast: Contrast, samples: pd.DataFrame) -> pd.DataFrame:
    """Keep the samples of the contrast's tissue and levels; add level and group."""
    rows = samples
    if contrast.tissue and contrast.variable != "tissue":
        rows = rows[rows["tissue"].isin(contrast.tissue)]
    level = rows[contrast.variable]
    rows = rows.assign(level=level, group=np.where(level.isin(contrast.target), 1, 0))
    return rows[level.isin([*contrast.reference, *contrast.target])].reset_index(drop=True)


def _leave_out(rows: pd.DataFrame, out: pd.Series, reason: str, left_out: list[dict[str, str]]) -> pd.DataFrame:
    """Move rows to the list of those left out."""
    left_out += [
        {"sample": r.sample, "donor": r.donor, "reason": reason} for r in rows[["sample", "donor"]][out].itertuples()
    ]
    return rows[~out].reset_index(drop=True)


def _drop_missing(
    rows: pd.DataFrame, covariates: list[str], warnings: list[str], left_out: list[dict[str, str]]
) -> pd.DataFrame:
    """Leave out samples that lack a covariate's value, and name their donors."""
    for name in covariates:
        missing = rows[name] == ""
        if missing.any():
            donors = ", ".join(sorted(rows.loc[missing, "donor"].unique()))
            warnings.append(f"Left out for want of '{name}': {donors}.")
            rows = _leave_out(rows, missing, f"no value of '{name}'", left_out)
    return rows


def _pair(
    contrast: Contrast, rows: pd.DataFrame, min_donors: int, warnings: list[str], left_out: list[dict[str, str]]
) -> tuple[pd.DataFrame, bool]:
    """Decide whether the test is within donors, and treat donors who are in both groups.

    Paired where asked (block) or where tissues are compared, if enough donors have both sides. Otherwise a donor in both
    groups of a covariate is left out; between tissues he stays on both sides and the warning says so.
    """
    sides = rows.groupby("donor")["group"].nunique()
    both = sorted(sides.index[sides == 2])
    if (contrast.block or contrast.variable == "tissue") and len(both) >= min_donors:
        single = ~rows["donor"].isin(both)
        if single.any():
            donors = ", ".join(sorted(rows.loc[single, "donor"].unique()))
            warnings.append(f"Paired within {len(both)} donors; left out because one side is missing: {donors}.")
        if not contrast.block:
            warnings.append(f"{len(both)} donors have both tissues, so the comparison is made within donors.")
        return _leave_out(rows, single, "only one side was sampled", left_out), True
    if contrast.block:
        warnings.append(
            f"Only {len(both)} donors have both sides: the pairs are too few, so the groups are compared unpaired."
        )
    if both and contrast.variable == "tissue":
        warnings.append(f"These donors are on both sides of an unpaired comparison: {', '.join(both)}.")
    elif both:
        warnings.append(f"Left out because they are in both groups and no block is set: {', '.join(both)}.")
        rows = _leave_out(rows, rows["donor"].isin(both), "donor is in both groups", left_out)
    return rows, False


def _require_donors(contrast: Contrast, rows: pd.DataFrame, min_donors: int) -> None:
    """Skip a contrast with too small a group, giving the counts of both."""
    reference, target = count_donors(rows)
    if min(reference, target) < min_donors:
        sides = f"{'+'.join(contrast.target)} {target}, {'+'.join(contrast.reference)} {reference}"
        raise Skipped(Reason.TOO_FEW_DONORS, f"donors: {sides}; at least {min_donors} are needed in each")


def _usable_covariates(
    rows: pd.DataFrame, covariates: list[str], paired: bool, warnings: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Drop constant and redundant covariates with a warning; skip where they determine the group."""
    rows = rows.assign(**{name: as_numbers(rows[name]) for name in covariates})
    fixed, kept = np.ones((len(rows), 1)), []
    if paired:
        donors = pd.get_dummies(rows["donor"]).to_numpy(float)
        fixed = donors
    for name in covariates:
        columns = encode(rows, [name])[0]
        if columns.shape[1] and np.linalg.matrix_rank(np.hstack([fixed, columns])) == fixed.shape[1] + columns.shape[1]:
            fixed, kept = np.hstack([fixed, columns]), [*kept, name]
        else:
            why = (
                "the comparison within donors already holds it constant"
                if paired
                else "it is constant or follows from others"
            )
            warnings.append(f"Covariate '{name}' is not used: {why}.")
    group = rows[["group"]].to_numpy(float)
    if np.linalg.matrix_rank(np.hstack([fixed, group])) == fixed.shape[1]:
        raise Skipped(
            Reason.COLLINEAR_DESIGN, f"covariates: {', '.join(kept)}; drop one of them or ask another contrast"
        )
    donors = len(rows.drop_duplicates(["donor", "group"]))
    if donors - fixed.shape[1] - 1 < 1:
        raise Skipped(Reason.TOO_FEW_DONORS, f"{donors} donors cannot carry the covariates {', '.join(kept)}")
    return rows, kept


def _warn_batch(rows: pd.DataFrame, warnings: list[str]) -> None:
    """Shout where a group of several donors sits in one library that the other group does not share."""
    libraries = {
        group: set(";".join(part["library"]).split(";"))
        for group, part in rows.groupby("group")
        if part["donor"].nunique() > 1
    }
    if len(libraries) < 2 or libraries[0] & libraries[1]:
        return
    alone = [sorted(names)[0] for names in libraries.values() if len(names) == 1]
    if alone:
        warnings.append(
            f"{Reason.BATCH_IS_GROUP.value.capitalize()}: all donors of a group are in library {' and '.join(alone)}, which "
            "the other group does not share. Any difference may be one of batch."
        )
