"""Expression between the sides of a contrast: pseudobulk by donor and subset, one regression per subset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import genes as gene_lists
from sscite import names
from sscite.compare.contrast.contrast import Comparison, encode
from sscite.compare.expression import robustness
from sscite.compare.pseudobulk.ambient import expected
from sscite.compare.statistics import dissociation_stress, distributions, effect_shrinkage, quasi_likelihood
from sscite.compare.statistics.ambient_share import predicted_share
from sscite.compare.statistics.donor_tests import benjamini_hochberg
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk

COLUMNS = [
    "contrast_id", "level", "subset", "gene", "base_mean", "log2_fold_change", "standard_error", "low", "high",
    "shrunken_log2_fold_change", "statistic", "p_value", "fdr", "fdr_contrast", "donors_target", "donors_reference",
    "stress_gene", "quality", "ambient_share", "outlier", "effect_given_stress", "p_given_stress", "stress_flag",
    "worst_p", "influential_donor", "lowest_effect", "highest_effect",
]  # fmt: skip
SUBSET_COLUMNS = ["level", "subset", "donors_target", "donors_reference", "genes", "up", "down", "why_not"]
MIN_COUNT, MIN_TOTAL = 10, 15


@dataclass(frozen=True)
class Bulk:
    """Counts of one subset, a row per donor and group.

    Attributes
    ----------
    counts
        Shape (n_rows, n_genes), dense.
    rows
        donor, group and the covariates of each row.
    ambient
        Expected ambient counts, shape of `counts`; None if not estimated.
    """

    counts: np.ndarray
    genes: pd.Index
    rows: pd.DataFrame
    ambient: np.ndarray | None = None

    @property
    def group(self) -> np.ndarray:
        """0 for the reference, 1 for the target."""
        return self.rows["group"].to_numpy(int)

    def donors(self, group: int) -> int:
        """Count the donors of a group."""
        return int((self.group == group).sum())


def test_contrast(
    pseudobulk: Pseudobulk, comparison: Comparison, *, min_cells: int, min_donors: int, threads: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Test every gene of every subset and lineage of a contrast.

    Returns
    -------
    the genes (COLUMNS), and what was tested (SUBSET_COLUMNS), with the reason where a subset could not be

    Raises
    ------
    Skipped
        TOO_FEW_CELLS where no subset has enough donors with enough cells; NO_SUBSETS where none is requested.
    """
    units = requested_units(pseudobulk.obs, comparison.contrast.subset)
    scores = dissociation_stress.lineage_scores(pseudobulk)

    def one(unit: tuple[str, str]) -> tuple[pd.DataFrame, dict[str, object]]:
        return _test_unit(pseudobulk, comparison, unit, min_cells, min_donors, scores)

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(one, units))
    tested = pd.DataFrame([summary for _, summary in results], columns=SUBSET_COLUMNS)
    tables = [table for table, _ in results if len(table)]
    if not tables:
        raise Skipped(Reason.TOO_FEW_CELLS, f"no subset has {min_donors} donors a side with {min_cells} cells each")
    genes = pd.concat(tables, ignore_index=True).assign(contrast_id=comparison.contrast.id)
    genes["fdr_contrast"] = benjamini_hochberg(genes["p_value"].where(genes["level"] == "subset").to_numpy())
    return genes[COLUMNS], tested


def requested_units(obs: pd.DataFrame, chosen: tuple[str, ...]) -> list[tuple[str, str]]:
    """List the (level, name) pairs that a contrast asks for: all, or those of the named subsets and lineages."""
    units = obs[["level", "name", "parent"]].astype(str).drop_duplicates()
    units = units[units["name"] != names.UNASSIGNED]
    if chosen:
        units = units[units["name"].isin(chosen) | units["parent"].isin(chosen)]
    if units.empty:
        raise Skipped(Reason.NO_SUBSETS, ", ".join(chosen))
    return list(
        units.sort_values(["level", "name"], ascending=[False, True])[["level", "name"]].itertuples(
            index=False, name=None
        )
    )


def collect(pseudobulk: Pseudobulk, comparison: Comparison, level: str, name: str, *, min_cells: int) -> Bulk:
    """Sum a subset's counts over the samples of each donor in each group; leave out donors with too few cells.

    In a paired comparison a donor who lacks one side leaves with both.
    """
    obs = pseudobulk.obs
    chosen = (obs["level"] == level) & (obs["name"] == name) & obs["sample"].isin(comparison.samples["sample"])
    positions = np.flatnonzero(chosen)
    keys = (
        obs.iloc[positions][["sample", "n_cells"]]
        .astype({"sample": str})
        .merge(comparison.samples[["sample", "donor", "group"]], on="sample", how="left")
    )
    totals = keys.groupby(["donor", "group"], observed=True)["n_cells"].transform("sum")
    kept = (totals >= min_cells).to_numpy()
    keys, positions = keys[kept], positions[kept]
    if comparison.paired:
        both = (keys.groupby("donor")["group"].transform("nunique") == 2).to_numpy()
        keys, positions = keys[both], positions[both]
    rows = comparison.donors.merge(keys[["donor", "group"]].drop_duplicates(), on=["donor", "group"])
    place = {pair: i for i, pair in enumerate(zip(rows["donor"], rows["group"], strict=True))}
    target = [place[pair] for pair in zip(keys["donor"], keys["group"], strict=True)]
    matrix = pseudobulk.X[positions]
    matrix = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
    ambient = expected(pseudobulk, positions)
    return Bulk(
        _sum_rows(matrix, target, len(rows)), pseudobulk.var_names, rows,
        None if ambient is None else _sum_rows(ambient, target, len(rows)),
    )  # fmt: skip


def _sum_rows(values: np.ndarray, target: list[int], n_rows: int) -> np.ndarray:
    """Sum rows that share a target row."""
    total = np.zeros((n_rows, values.shape[1]))
    np.add.at(total, target, values)
    return total


def design_matrix(rows: pd.DataFrame, covariates: list[str], *, paired: bool) -> np.ndarray:
    """Build the design: intercept, donors if paired, covariates, and the group last.

    Columns that add no rank (a covariate that became constant among the remaining donors) are dropped.
    """
    blocks = [np.ones((len(rows), 1))]
    if paired:
        blocks.append(pd.get_dummies(rows["donor"], drop_first=True).to_numpy(float))
    blocks.append(encode(rows, covariates)[0])
    group = rows[["group"]].to_numpy(float)
    kept = np.empty((len(rows), 0))
    for column in np.hstack(blocks).T:
        wider = np.column_stack([kept, column])
        if np.linalg.matrix_rank(np.hstack([wider, group])) == wider.shape[1] + 1:
            kept = wider
    return np.hstack([kept, group])


def expressed(counts: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Keep genes with about ten counts in as many donors as the smaller group has (edgeR's filterByExpr).

    Chen, Lun and Smyth 2016, doi:10.12688/f1000research.8987.2.
    """
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    threshold = MIN_COUNT / np.median(totals)
    smallest = min((group == 0).sum(), (group == 1).sum())
    needed = smallest if smallest <= 10 else 10 + 0.7 * (smallest - 10)
    return ((counts / totals >= threshold).sum(axis=0) >= needed) & (counts.sum(axis=0) >= MIN_TOTAL)


def testable(bulk: Bulk, design: np.ndarray, min_donors: int) -> str:
    """Return why a subset cannot be tested; an empty text means that it can."""
    if min(bulk.donors(0), bulk.donors(1)) < min_donors:
        return f"fewer than {min_donors} donors a side with enough cells"
    return "" if len(bulk.rows) > design.shape[1] else "the covariates leave no degree of freedom"


def test_bulk(bulk: Bulk, design: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """Test the genes of one subset that are expressed enough, and the findings again for robustness.

    Parameters
    ----------
    design
        As `design_matrix` returns it.
    score
        Stress score of each row of the bulk; NaN where it is not known.

    Returns
    -------
    a row per gene, by p value: the test, the same given the stress score, and without each donor
    """
    kept = np.flatnonzero(expressed(bulk.counts, bulk.group))
    if len(kept) < 2:
        return pd.DataFrame()
    counts, genes = bulk.counts[:, kept], bulk.genes[kept]
    result = quasi_likelihood.fit(counts, design, groups=bulk.group if bulk.rows["donor"].is_unique else None)
    reach = distributions.t_quantile(0.975, result.df) * result.error
    table = pd.DataFrame(
        {
            "gene": genes,
            "base_mean": result.base_mean,
            "log2_fold_change": result.effect,
            "standard_error": result.error,
            "low": result.effect - reach,
            "high": result.effect + reach,
            "shrunken_log2_fold_change": effect_shrinkage.shrink(result.effect, result.error),
            "statistic": result.statistic,
            "p_value": result.p_value,
            "fdr": benjamini_hochberg(result.p_value),
            "donors_target": bulk.donors(1),
            "donors_reference": bulk.donors(0),
            "stress_gene": dissociation_stress.stress_genes(genes),
            "outlier": result.outlier,
            "quality": gene_lists.quality(genes),
            "ambient_share": ambient_share(bulk)[kept],
        }
    )
    table = robustness.given_stress(table, counts, design, result, score)
    table = robustness.without_each_donor(table, counts, design, result, bulk.rows["donor"].to_numpy())
    return table.sort_values("p_value", ignore_index=True)


def ambient_share(bulk: Bulk) -> np.ndarray:
    """Return the share of each gene's difference that ambient RNA predicts; NaN if it was not estimated."""
    if bulk.ambient is None:
        return np.full(len(bulk.genes), np.nan)
    return predicted_share(bulk.counts, bulk.ambient, bulk.group)


def _test_unit(
    pseudobulk: Pseudobulk, comparison: Comparison, unit: tuple[str, str], min_cells: int, min_donors: int,
    scores: pd.DataFrame,
) -> tuple[pd.DataFrame, dict[str, object]]:  # fmt: skip
    """Test one subset or lineage; the second part says what was tested or why not."""
    level, name = unit
    bulk = collect(pseudobulk, comparison, level, name, min_cells=min_cells)
    summary: dict[str, object] = {
        "level": level, "subset": name, "donors_target": bulk.donors(1), "donors_reference": bulk.donors(0),
        "genes": 0, "up": 0, "down": 0, "why_not": "",
    }  # fmt: skip
    if min(bulk.donors(0), bulk.donors(1)) < max(min_donors, 1):
        return pd.DataFrame(), summary | {"why_not": f"fewer than {min_donors} donors a side with {min_cells} cells"}
    design = design_matrix(bulk.rows, comparison.covariates, paired=comparison.paired)
    why_not = testable(bulk, design, min_donors)
    score = stress_of(bulk, comparison, scores, lineage_of(pseudobulk.obs, level, name))
    table = pd.DataFrame() if why_not else test_bulk(bulk, design, score)
    if table.empty:
        return table, summary | {"why_not": why_not or "no gene is expressed enough"}
    significant = table["fdr"] < 0.05
    summary |= {
        "genes": len(table),
        "up": int((significant & (table["log2_fold_change"] > 0)).sum()),
        "down": int((significant & (table["log2_fold_change"] < 0)).sum()),
    }
    return table.assign(level=level, subset=name), summary


def lineage_of(obs: pd.DataFrame, level: str, name: str) -> str:
    """Return the lineage of a subset, or the lineage itself."""
    rows = obs[(obs["level"] == level) & (obs["name"] == name)]
    return name if level == "lineage" or rows.empty else str(rows["parent"].iloc[0])


def stress_of(bulk: Bulk, comparison: Comparison, scores: pd.DataFrame, lineage: str) -> np.ndarray:
    """Return the stress score of each row of a bulk, measured in the lineages other than its own."""
    values = dissociation_stress.sample_scores(scores, without=lineage)
    means = comparison.collapse(values.to_frame("score"))["score"].to_numpy()
    rows = comparison.donors[["donor", "group"]].assign(score=means)
    return bulk.rows[["donor", "group"]].merge(rows, on=["donor", "group"], how="left")["score"].to_numpy(float)


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Keep four significant digits, so that a table of all genes stays small."""
    return table.assign(**{name: _significant(table[name].to_numpy()) for name in table.select_dtypes("floating")})


def _significant(values: np.ndarray) -> np.ndarray:
    """Round to four significant digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = np.floor(np.log10(np.abs(values)))
    digits = np.where(np.isfinite(digits), digits, 0)
    scale = 10.0 ** np.clip(3 - digits, -300, 300)
    return np.where(np.isfinite(values), np.round(values * scale) / scale, values)
