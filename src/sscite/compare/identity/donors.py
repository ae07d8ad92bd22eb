"""Whether samples of one donor resemble each other in the expression of polymorphic genes and in genotype."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sscite import names

MIN_GENES = 5  # informative polymorphic genes
INFORMATIVE = 4.0  # variance between samples over that within one, from which a gene is used
SHARED_NOISE = 0.1  # variance of log2 expression that all lineages of a sample share: library, tissue, pool
LEAST = -4.5  # of the log likelihood ratio of a gene: one gene alone decides nothing
AGAINST = -5.0  # log likelihood ratio below which two samples are of different donors
FOR = 5.0  # above which they resemble each other
MIN_CELLS = 10  # with a genotype call
ANONYMOUS = re.compile(
    r"(donor|cluster|clust|sng)?[-_ ]?\d+", re.IGNORECASE
)  # names that mean something in one library


def summarise(values: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Average a sample's lineages, and estimate the variance of this mean.

    Parameters
    ----------
    values
        A row per sample and lineage, as `residuals.by_lineage` returns it.

    Returns
    -------
    Samples × genes, and the variance of each gene: that between lineages of a sample divided by their number (median
    over samples), plus 0.1 for what a library or a tissue changes in all lineages.
    """
    grouped = values.groupby(level=0)
    noise = grouped.var(ddof=1).div(grouped.size(), axis=0).median().fillna(0)
    return grouped.mean(), noise + SHARED_NOISE


def log_likelihood_ratio(values: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Compare for each pair of samples that they are of one donor with that they are of two.

    A gene's difference is normal with variance 2 (noise) within a donor and 2 (noise + spread) between two, spread
    being the variance between samples less the noise.

    Parameters
    ----------
    values
        Residuals, shape (n_samples, n_genes).
    noise
        Variance of a sample's residual, shape (n_genes,).

    Returns
    -------
    shape (n_samples, n_samples)
    """
    within = 2 * noise
    between = within + 2 * np.maximum(values.var(axis=0, ddof=1) - noise, noise)
    squared = (values[:, None, :] - values[None, :, :]) ** 2
    ratio = 0.5 * (np.log(between / within) + squared / between - squared / within)
    return np.maximum(ratio, LEAST).sum(axis=2)


def compare(values: pd.DataFrame, donor: pd.Series) -> pd.DataFrame:
    """Compare each sample with the other samples of its donor, and with those of all others.

    Parameters
    ----------
    values
        Residuals of polymorphic genes, a row per sample and lineage.
    donor
        Donor of each sample as recorded, indexed by sample.

    Returns
    -------
    `sample same_donor resembles other`: the log likelihood ratio against the nearest sample of the same donor (NaN
    without one), the most similar sample of another donor, and the ratio against it. Without rows if fewer than five
    genes vary between samples at least four times as much as within one.
    """
    means, noise = summarise(values)
    used = (means.var(ddof=1) >= INFORMATIVE * noise).to_numpy()
    if used.sum() < MIN_GENES:
        return pd.DataFrame(columns=["sample", "same_donor", "resembles", "other"])
    ratio = log_likelihood_ratio(means.to_numpy()[:, used], noise.to_numpy()[used])
    samples = means.index.astype(str)
    person = donor.reindex(samples).to_numpy()
    rows = []
    for i, sample in enumerate(samples):
        mine = (person == person[i]) & (np.arange(len(samples)) != i)
        others = np.where(person != person[i], ratio[i], -np.inf)
        nearest = int(others.argmax())
        rows.append((sample, ratio[i][mine].max() if mine.any() else np.nan, samples[nearest], others[nearest]))
    return pd.DataFrame(rows, columns=["sample", "same_donor", "resembles", "other"])


def foreign(table: pd.DataFrame) -> pd.Series:
    """Mark samples that differ from all other samples of their donor; one of two is wrong, and which is not known."""
    return table["same_donor"] < AGAINST


def genotypes(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the most frequent genotype of each sample in each library: `library sample donor genotype share cells`."""
    if names.GENOTYPE_CALL not in cells:
        return pd.DataFrame(columns=["library", "sample", "donor", "genotype", "share", "cells"])
    call = cells[names.GENOTYPE_CALL].astype(object).where(cells[names.GENOTYPE_CALL].notna(), "").astype(str)
    sure = cells.assign(genotype=call)[~call.str.casefold().isin(["", "unassigned", "doublet"])]
    keys = [names.LIBRARY, names.SAMPLE, names.DONOR]
    counts = sure.astype(dict.fromkeys(keys, str)).groupby([*keys, "genotype"]).size().rename("n").reset_index()
    counts["cells"] = counts.groupby(keys)["n"].transform("sum")
    best = counts.sort_values("n", ascending=False, kind="stable").drop_duplicates(keys)
    best = best[best["cells"] >= MIN_CELLS].assign(share=lambda table: table["n"] / table["cells"])
    return best[[*keys, "genotype", "share", "cells"]].sort_values(keys, ignore_index=True)


def genotype_conflicts(table: pd.DataFrame) -> list[str]:
    """Describe donors with several genotypes and genotypes with several donors; names such as donor0 count per library.

    Parameters
    ----------
    table
        As `genotypes` returns it.
    """
    local = np.array([bool(ANONYMOUS.fullmatch(name)) for name in table["genotype"]], bool)
    scope = np.where(local, table["library"], "")
    conflicts = []
    for (_, genotype), part in table.groupby([scope, "genotype"]):
        if len(set(part["donor"])) > 1:
            who = ", ".join(f"{row.sample} ({row.donor})" for row in part.itertuples())
            conflicts.append(f"Samples of different donors have the same genotype {genotype}: {who}.")
    for donor, part in table[~local].groupby("donor"):
        if len(set(part["genotype"])) > 1:
            what = ", ".join(f"{row.sample} {row.genotype}" for row in part.itertuples())
            conflicts.append(f"Samples of donor {donor} have different genotypes: {what}.")
    return conflicts
