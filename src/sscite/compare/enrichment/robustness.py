"""Whether the clearest gene sets hold given the donors' stress score and without any one donor, and their findings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import Comparison
from sscite.compare.enrichment.competitive import Sets, competitive, membership
from sscite.compare.expression import differential
from sscite.compare.expression.robustness import write_influence
from sscite.compare.pseudobulk.sums import log_cpm
from sscite.compare.statistics import dissociation_stress
from sscite.compare.statistics.donor_tests import moderated_t
from sscite.findings import Concern, Finding, Kind

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk

LEVEL, MOST = 0.05, 10
SAME = 0.5  # Jaccard index of two sets from which they are one finding
CHECKED = {"adjustable": False, "p_given_stress": np.nan, "effect_given_stress": np.nan, "worst_p": np.nan,
           "lowest_effect": np.nan, "highest_effect": np.nan, "influential_donor": ""}  # fmt: skip


def headlines(table: pd.DataFrame, sets: Sets) -> pd.DataFrame:
    """Choose the gene sets that are reported: FDR 5% in a subset, by p value, each once although it has two sources."""
    clear = table[(table["fdr"] < LEVEL) & (table["level"] == "subset")].sort_values("p_value", kind="stable")
    chosen: list[int] = []
    for place, row in clear.iterrows():
        others = [clear.loc[other] for other in chosen if clear.loc[other, "subset"] == row["subset"]]
        if len(chosen) < MOST and not any(_same(row, other, sets) for other in others):
            chosen.append(place)
    return clear.loc[chosen]


def _same(one: pd.Series, other: pd.Series, sets: Sets) -> bool:
    """Return whether two rows are of one gene set: the same name but for its collection, or mostly the same genes."""
    names = [
        re.sub(r"^(HALLMARK|REACTOME|KEGG|GOBP|BIOCARTA|WP)_", "", row["gene_set"].upper()) for row in (one, other)
    ]
    genes = [set(sets[row["source"]][row["gene_set"]]) for row in (one, other)]
    return names[0] == names[1] or len(genes[0] & genes[1]) >= SAME * len(genes[0] | genes[1])


def check(
    chosen: pd.DataFrame, pseudobulk: Pseudobulk, comparison: Comparison, sets: Sets, *, min_cells: int
) -> pd.DataFrame:
    """Test chosen gene sets again: given the stress score, and without each donor.

    The same competitive test on moderated t statistics of log counts per million, which are linear and therefore
    quickly computed anew for each donor.

    Returns
    -------
    `chosen` with the columns of CHECKED
    """
    chosen = chosen.assign(**CHECKED)
    scores = dissociation_stress.lineage_scores(pseudobulk)
    for (level, subset), rows in chosen.groupby(["level", "subset"]):
        bulk = differential.collect(pseudobulk, comparison, level, subset, min_cells=min_cells)
        kept = differential.expressed(bulk.counts, bulk.group)
        values, genes = log_cpm(bulk.counts)[:, kept], bulk.genes[kept]
        members = [membership({row.gene_set: sets[row.source][row.gene_set]}, genes)[0] for row in rows.itertuples()]
        usable = [len(part) == 1 for part in members]
        if not any(usable):
            continue
        index, matrix = rows.index.to_numpy()[usable], np.vstack([part for part in members if len(part)])
        donors = bulk.rows["donor"].to_numpy()
        people = np.unique(donors)
        results = [_test(values, matrix, bulk.rows, donors != person, comparison) for person in people]
        effects, p = (np.array(part) for part in zip(*results, strict=True))
        chosen = write_influence(chosen, index, effects, p, people)
        score = differential.stress_of(bulk, comparison, scores, differential.lineage_of(pseudobulk.obs, level, subset))
        design = differential.design_matrix(bulk.rows, comparison.covariates, paired=comparison.paired)
        adjusted = dissociation_stress.adjusted(design, score)
        if adjusted is not None:
            t = moderated_t(values, adjusted[:, -1], adjusted[:, :-1]).t
            chosen.loc[index, "effect_given_stress"], chosen.loc[index, "p_given_stress"] = competitive(t, matrix)
            chosen.loc[index, "adjustable"] = True
    return chosen


def _test(
    values: np.ndarray, matrix: np.ndarray, rows: pd.DataFrame, kept: np.ndarray, comparison: Comparison
) -> tuple[np.ndarray, np.ndarray]:
    """Return the effects and p values of gene sets on some rows; NaN if the rows allow no test."""
    part = rows[kept].reset_index(drop=True)
    design = differential.design_matrix(part, comparison.covariates, paired=comparison.paired)
    if part["group"].nunique() < 2 or len(part) <= design.shape[1]:
        return np.full(len(matrix), np.nan), np.full(len(matrix), np.nan)
    return competitive(moderated_t(values[kept], design[:, -1], design[:, :-1]).t, matrix)


def findings(checked: pd.DataFrame, comparison: Comparison) -> list[Finding]:
    """Return the gene sets as findings."""
    reference, target = comparison.counts()
    return [
        Finding(
            kind=Kind.GENE_SET, feature=row["gene_set"], subset=row["subset"], comparison=comparison.contrast.label,
            direction="up" if row["effect"] > 0 else "down", effect=row["effect"],
            unit="difference of mean t statistics", p=row["fdr"], error_rate="FDR", donors_reference=reference,
            donors_target=target, worst_p=row["worst_p"] if np.isfinite(row["worst_p"]) else None,
            influential_donor=row["influential_donor"], concerns=concerns(row), text=_sentence(row), figure="sets",
            p_given_stress=row["p_given_stress"] if row["adjustable"] else None,
            table=f"{comparison.contrast.id}/enrichment.csv",
        )
        for _, row in checked.iterrows()
    ]  # fmt: skip


def concerns(row: pd.Series) -> list[Concern]:
    """List what else could explain a gene set: stress genes or the stress score, or one donor."""
    remains = row["effect_given_stress"] * np.sign(row["effect"]) >= dissociation_stress.SHRINKAGE * abs(row["effect"])
    stressed = row["p_without_stress"] >= LEVEL or (row["p_given_stress"] >= LEVEL and not remains)
    stress = [Concern.STRESS] if stressed else [] if row["adjustable"] else [Concern.STRESS_NOT_ADJUSTABLE]
    return stress + ([Concern.ONE_DONOR] if row["worst_p"] >= LEVEL else [])


def _sentence(row: pd.Series) -> str:
    """Write one finding with the numbers behind it."""
    higher = "higher" if row["effect"] > 0 else "lower"
    given = f"; given the stress score p = {row['p_given_stress']:.2g}" if row["adjustable"] else ""
    return (
        f"The {row['genes']} genes of {row['gene_set']} are {higher} in {row['subset']} (FDR {row['fdr']:.2g}; without "
        f"any one donor p at most {row['worst_p']:.2g}{given})."
    )
