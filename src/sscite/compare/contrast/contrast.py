"""What is compared with what: the samples, donors and covariates of each contrast, checked once for every question.

The donor is the unit of replication. A contrast's `samples` hold one row a sample; `Comparison.donors` has one row
per donor and group, and `Comparison.collapse` brings any value measured per sample to these rows (the mean over a
donor's samples in the group, so that a donor sampled thrice counts once).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from sscite import io
from sscite.names import SAMPLE_COLUMNS

COLUMNS = ["contrast", "contrast_id", "variable", "reference", "target", "tissue", "subset", "block", "covariates"]
MUTE = {"yes", "no", "true", "false", "0", "1", "positive", "negative"}  # levels that say nothing by themselves


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
    def group_names(self) -> tuple[str, str]:
        """Name reference and target for readers: `HD`, `SRC`.

        Levels such as yes and no are named by the variable (`SRC: yes`), or by the name of the contrast, if that is of
        the form `SRC against SSc without SRC`.
        """
        named = self.name.split(" against ")
        if MUTE & {level.casefold() for level in self.target + self.reference}:
            if len(named) == 2 and not named[0].startswith(f"{self.variable}:"):
                return named[1], named[0]
            return f"{self.variable}: {'+'.join(self.reference)}", f"{self.variable}: {'+'.join(self.target)}"
        return "+".join(self.reference), "+".join(self.target)

    @property
    def label(self) -> str:
        """Name both groups for a sentence: `SRC against HD`."""
        reference, target = self.group_names
        return f"{target} against {reference}"


@dataclass(frozen=True)
class Comparison:
    """The samples of one contrast after all checks.

    Attributes
    ----------
    contrast
        The contrast.
    samples
        One row per sample: sample, donor, tissue, library, level (as written), group (0 reference, 1 target) and the
        covariates (numbers as float, text as str).
    covariates
        Those that vary and are not redundant.
    paired
        Whether each donor is in both groups and the test is within donors.
    warnings
        Sentences that the reader must see.
    ranks
        `critical` for warnings that put the comparison in doubt.
    left_out
        Samples of the two groups that do not enter, with the reason: sample, donor, reason.
    """

    contrast: Contrast
    samples: pd.DataFrame
    covariates: list[str]
    paired: bool
    warnings: list[str] = field(default_factory=list)
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["sample", "donor", "reason"]))
    ranks: dict[str, str] = field(default_factory=dict)

    @cached_property
    def donors(self) -> pd.DataFrame:
        """Return one row per donor and group: donor, group, level, covariates (a number's mean, a text's first)."""
        how = {name: "mean" if _is_number(self.samples[name]) else "first" for name in self.covariates}
        rows = self.samples.groupby(["donor", "group"], sort=True).agg({"level": "first", **how})
        return rows.reset_index().sort_values(["group", "donor"], ignore_index=True)

    def collapse(self, values: pd.DataFrame, *, how: str = "mean") -> pd.DataFrame:
        """Bring values per sample (index: sample) to the rows of `donors` by mean or sum over a donor's samples.

        Samples without values are ignored; a donor without any gets a row of NaN.
        """
        keys = self.samples.set_index("sample")[["donor", "group"]]
        found = values.reindex(keys.index)
        groups = found.groupby([keys["donor"], keys["group"]])
        brought = groups.mean() if how == "mean" else groups.sum(min_count=1)
        return brought.reindex(pd.MultiIndex.from_frame(self.donors[["donor", "group"]])).reset_index(drop=True)

    def covariate_matrix(self) -> tuple[np.ndarray, list[str]]:
        """Return the covariates of `donors` as columns of numbers, and their names; see `encode`."""
        return encode(self.donors, self.covariates)

    def counts(self) -> tuple[int, int]:
        """Count the donors of the reference and of the target."""
        return count_donors(self.samples)


def load(path: Path) -> list[Contrast]:
    """Read contrasts.csv as samples validate writes it."""
    frame = io.read_table(path, ("contrast", "contrast_id", "variable"))
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
    frame = io.read_table(path, ("sample", "donor", "tissue", "library"))
    libraries = frame.groupby("sample", sort=False)["library"].agg(lambda names: ";".join(dict.fromkeys(names)))
    rows = frame.drop_duplicates("sample", ignore_index=True)
    return rows.assign(library=rows["sample"].map(libraries))


def covariate_names(samples: pd.DataFrame) -> list[str]:
    """List the covariates of samples.csv: every column that does not identify."""
    return [column for column in samples.columns if column not in SAMPLE_COLUMNS]


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
