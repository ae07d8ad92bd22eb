"""Longitudinal change of genes, signatures and subsets within donors sampled at several stages."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import covariate_names
from sscite.compare.pseudobulk.sums import log_cpm
from sscite.compare.statistics import permutation
from sscite.errors import Reason, Skipped

PREFERRED = ("stage", "timepoint", "time_point", "time", "visit", "phase")
WORDS = (
    ("before", "pre", "baseline", "untreated", "naive", "screening"),
    ("onset", "acute", "flare", "during", "diagnosis", "relapse", "peak", "on"),
    ("after", "post", "treated", "remission", "recovery", "follow", "late"),
)
LEVEL = 0.05
COLUMNS = [
    "kind",
    "feature",
    "unit",
    "donor",
    "tissue",
    "stage",
    "order",
    "value",
    "reference_mean",
    "reference_sd",
    "z",
]
SUMMARY = [
    "kind", "feature", "unit", "tissue", "stage", "against", "donors", "mean_change", "rising", "falling",
    "mean_z_change", "p",
]  # fmt: skip


def stage_variable(samples: pd.DataFrame) -> str:
    """Return the covariate that differs between a donor's samples of one tissue; names such as stage come first.

    Raises
    ------
    Skipped
        No covariate does.
    """
    found = []
    for name in covariate_names(samples):
        known = samples[samples[name] != ""]
        if known.groupby(["donor", "tissue"])[name].nunique().max() > 1:
            found.append(name)
    if not found:
        raise Skipped(Reason.NO_STAGE)
    return min(found, key=lambda name: PREFERRED.index(name.casefold()) if name.casefold() in PREFERRED else 99)


def order_stages(levels: list[str]) -> list[str]:
    """Order stages: by their number if each has one, else by words such as before, onset, after, else as given."""
    numbers = [float(found[0]) for level in levels if (found := re.search(r"-?\d+(\.\d+)?", level))]
    if len(numbers) == len(levels):
        return [level for _, level in sorted(zip(numbers, levels, strict=True))]
    ranks = [_word_rank(level) for level in levels]
    if all(rank is not None for rank in ranks):
        return [level for _, _, level in sorted(zip(ranks, range(len(levels)), levels, strict=True))]
    return levels


def _word_rank(level: str) -> int | None:
    """Find which of the three times a stage's first word names."""
    word = re.split(r"[^a-z]+", level.casefold())[0]
    return next((rank for rank, words in enumerate(WORDS) if word in words), None)


def select_staged(samples: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return samples of donors with two or more stages in a tissue: sample, donor, tissue, stage, order (from 0)."""
    known = samples[samples[name] != ""]
    several = known.groupby(["donor", "tissue"])[name].transform("nunique") > 1
    rows = known.loc[several, ["sample", "donor", "tissue"]].assign(stage=known.loc[several, name])
    ranks = {level: rank for rank, level in enumerate(order_stages(list(dict.fromkeys(rows["stage"]))))}
    return rows.assign(order=rows["stage"].map(ranks)).reset_index(drop=True)


def follow(values: pd.DataFrame, rows: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Compute each donor's values by stage, with z-scores against the other donors of the tissue.

    Parameters
    ----------
    values
        Long: kind, feature, unit, sample, value.
    rows
        As `staged` gives them.
    samples
        samples.csv; donors without stages are the reference (mean and standard deviation of one value per donor).

    Returns
    -------
    one row per value, donor, tissue and stage (the mean if sampled twice), with the z-score against the reference
    """
    keys = ["kind", "feature", "unit"]
    others = samples[~samples["donor"].isin(rows["donor"])]
    spread = (
        values.merge(others[["sample", "donor", "tissue"]], on="sample")
        .groupby([*keys, "tissue", "donor"])["value"]
        .mean()
    )
    reference = spread.groupby([*keys, "tissue"]).agg(reference_mean="mean", reference_sd="std").reset_index()
    table = values.merge(rows, on="sample")
    table = table.groupby([*keys, "donor", "tissue", "stage", "order"], as_index=False)["value"].mean()
    table = table.merge(reference, on=[*keys, "tissue"], how="left")
    deviation = table["reference_sd"].where(table["reference_sd"] > 0)
    table = table.assign(z=(table["value"] - table["reference_mean"]) / deviation)
    return table.sort_values([*keys, "tissue", "donor", "order"], ignore_index=True)[COLUMNS]


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Compare each stage with the one before it, within donors.

    Returns
    -------
    one row per value, tissue and stage: donors with both, mean change, how many rise and fall, the change in standard
    deviations of the reference, and the exact sign-flip p where so many donors can reach 5% (six or more)
    """
    rows = []
    for keys, part in table.groupby(["kind", "feature", "unit", "tissue"], sort=False):
        wide = part.pivot_table(index="donor", columns="order", values="value")
        names = part.drop_duplicates("order").set_index("order")["stage"]
        deviation = part["reference_sd"].iloc[0]
        for before, after in zip(wide.columns[:-1], wide.columns[1:], strict=True):
            change = (wide[after] - wide[before]).dropna().to_numpy()
            if len(change):
                z = change.mean() / deviation if deviation > 0 else np.nan
                numbers = [len(change), change.mean(), (change > 0).sum(), (change < 0).sum(), z, _flip_p(change)]
                rows.append([*keys, names[after], names[before], *numbers])
    found = pd.DataFrame(rows, columns=SUMMARY)
    return found.sort_values("mean_z_change", key=np.abs, ascending=False, ignore_index=True)


def _flip_p(change: np.ndarray) -> float:
    """Return the exact sign-flip p of a mean change, or NaN if it could not reach 5%."""
    if permutation.smallest_p(len(change), len(change), paired=True) > LEVEL:
        return float("nan")
    signs = permutation.flips(len(change), draws=9999, rng=np.random.default_rng(0))[0]
    means = np.abs(signs @ change)
    return float((means >= means[0] - permutation.ROUNDING).mean())


def percents(composition: pd.DataFrame) -> pd.DataFrame:
    """Return subsets as percent of their lineage, long."""
    rows = composition[(composition["level"] == "subset") & (composition["parent_cells"] > 0)]
    value = 100 * rows["cells"] / rows["parent_cells"]
    return pd.DataFrame(
        {"kind": "subset", "feature": rows["subset"], "unit": rows["parent"], "sample": rows["sample"], "value": value}
    ).reset_index(drop=True)


def expression(counts: np.ndarray, totals: np.ndarray, obs: pd.DataFrame, gene: str, *, min_cells: int) -> pd.DataFrame:
    """Return a gene's log2 counts per million in each lineage and sample, long.

    Parameters
    ----------
    counts, totals
        (n_rows,): the gene's and all genes' summed counts of each pseudobulk row.
    obs
        The rows: sample, level, name, n_cells.
    """
    kept = ((obs["level"] == "lineage") & (obs["n_cells"] >= min_cells)).to_numpy()
    value = log_cpm(counts[kept, None], totals[kept])[:, 0]
    rows = obs.loc[kept]
    frame = pd.DataFrame({"unit": rows["name"].astype(str), "sample": rows["sample"].astype(str), "value": value})
    return frame.assign(kind="gene", feature=gene).reset_index(drop=True)


def signature(cells: pd.DataFrame, name: str, *, min_cells: int) -> pd.DataFrame:
    """Average a signature over the cells of each lineage and sample, long; `cells` are those that count."""
    grouped = cells.groupby([cells["lineage"].astype(str), cells["sample"].astype(str)])[name]
    means = grouped.mean()[grouped.size() >= min_cells]
    frame = means.rename("value").rename_axis(["unit", "sample"]).reset_index()
    return frame.assign(kind="signature", feature=name)
