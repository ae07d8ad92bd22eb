"""Report the identity of samples: one table, three figures, a warning for each sample that does not fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts, Rank
from sscite.compare.identity import donors, sex

SEXES = {sex.FEMALE: figures.ORANGE, sex.MALE: figures.BLUE, "": figures.GREY}
NOT_EXCLUDED = "It was not excluded."


def describe(facts: Facts, table: pd.DataFrame, conflicts: list[str]) -> None:
    """Add numbers, a sentence, warnings, the table and figures."""
    doubtful = table[table["doubt"] != ""]
    compared = int(((table["sex_recorded"] != "") & (table["sex_expressed"] != "")).sum())
    siblings = int(table["same_donor"].notna().sum())
    facts.number(
        samples=len(table), sexes_compared=compared, donors_compared=siblings,
        genotypes=int((table["genotype"] != "").sum()), samples_in_doubt=len(doubtful),
        genotype_conflicts=len(conflicts),
    )  # fmt: skip
    facts.summary(
        f"{len(table)} samples: expressed sex was compared with the samplesheet in {compared}, likeness to other "
        f"samples of the donor in {siblings}; "
        + (f"{len(doubtful)} do not fit." if len(doubtful) else "none is in doubt.")
    )
    for sentence in [*misfits(table), *conflicts]:
        facts.warn(sentence, rank=Rank.CRITICAL)
    for sample in table.loc[table["outlier"], "sample"]:
        facts.warn(f"Sample {sample} is far from all others in the PCA of pseudobulks. {NOT_EXCLUDED}", rank=Rank.CHECK)
    for row in table[table["unusual_lineage"] != ""].itertuples():
        facts.warn(
            f"Sample {row.sample} has lineages in other proportions than the other samples of {row.tissue}: "
            f"{row.unusual_lineage}. It may be of another tissue, sorted, or from a patient unlike the others. "
            f"{NOT_EXCLUDED}",
            rank=Rank.CHECK,
        )
    facts.table("identity", table.round(2), "Identity of the samples",
                "same_donor, other: log likelihood ratio that two samples are of one donor, against the nearest sample "
                "of the same and of another donor; below -5 they are of two.")  # fmt: skip
    if (table["sex_expressed"] != "").any():
        facts.figure("sex", sex_figure(table), "XIST and Y genes of each sample",
                     "Colour: recorded sex. Labels: samples whose recorded and expressed sex differ.")  # fmt: skip
    if table["pc_1"].notna().any():
        facts.figure("pca", pca_figure(table), "Samples by their pseudobulk",
                     "Principal components within lineages and tissues. Labels: outlying samples.")  # fmt: skip


def misfits(table: pd.DataFrame) -> list[str]:
    """Return a warning for each sample that does not fit its sex or donor, and for pairs possibly exchanged."""
    said = []
    for row in table.itertuples():
        doubts = row.doubt.split(", ") if row.doubt else []
        if "sex" in doubts:
            said.append(
                f"Sample {row.sample} is recorded as {row.sex_recorded}, but its expression is {_expressed(row)}. "
                f"{NOT_EXCLUDED}"
            )
        if "donor" in doubts:
            like = f"; it resembles {row.resembles}" if row.other > donors.FOR else ""
            said.append(
                f"Sample {row.sample} does not resemble the other samples of donor {row.donor} in polymorphic genes"
                f"{like}. {NOT_EXCLUDED}"
            )
    mixed = table[table["doubt"].str.contains("sex of donor")]
    for donor, part in mixed.groupby("donor", sort=False):
        what = ", ".join(f"{row.sample} {row.sex_expressed or 'not known'}" for row in part.itertuples())
        said.append(f"Samples of donor {donor} express different sexes: {what}.")
    said += [f"Samples {a} and {b} of one library may have been exchanged." for a, b in sex.exchanged(table)]
    return said


def _expressed(row: object) -> str:
    """Describe what a sample expresses."""
    level = f"XIST {row.female_cpm:.0f}, Y genes {row.male_cpm:.0f} counts per million"  # type: ignore[attr-defined]
    found = row.sex_expressed  # type: ignore[attr-defined]
    return f"neither clearly female nor male ({level})" if found == sex.UNCLEAR else f"{found} ({level})"


def sex_figure(table: pd.DataFrame) -> Figure:
    """Draw XIST against Y genes."""
    figure, axes = figures.new(4.5, 3.6)
    for recorded, colour in SEXES.items():
        part = table[table["sex_recorded"] == recorded]
        if len(part):
            axes.scatter(
                part["female_cpm"] + 1, part["male_cpm"] + 1, color=colour, s=25, label=recorded or "not recorded"
            )
    for row in table[table["doubt"].str.contains("sex")].itertuples():
        axes.annotate(row.sample, (row.female_cpm + 1, row.male_cpm + 1), fontsize=7)
    axes.set(
        xscale="log", yscale="log", xlabel="XIST, counts per million + 1", ylabel="Y genes, counts per million + 1"
    )
    axes.legend(fontsize=8)
    return figure


def pca_figure(table: pd.DataFrame) -> Figure:
    """Draw samples on two principal components, coloured by tissue."""
    figure, axes = figures.new(4.5, 3.6)
    shown = table[np.isfinite(table["pc_1"].astype(float))]
    for tissue, colour in figures.colours(list(dict.fromkeys(shown["tissue"]))).items():
        part = shown[shown["tissue"] == tissue]
        axes.scatter(part["pc_1"], part["pc_2"], color=colour, s=25, label=tissue)
    for row in shown[shown["outlier"]].itertuples():
        axes.annotate(row.sample, (row.pc_1, row.pc_2), fontsize=7)
    axes.set(xlabel="PC1", ylabel="PC2")
    axes.legend(fontsize=8)
    return figure
