"""A tissue against blood, within donors where the same donor has both, each finding beside the dissociation stress.

Six kinds of row in one table: `composition` (log of a subset's share of its lineage; `shares.py`), `expression`
(pseudobulk), `protein` (mean normalised protein), `programme` (genes of tissue residency as one score), `stress` (the
dissociation score itself) and `state` (distance of a subset's cells to their nearest counterpart in blood).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import genes as gene_lists
from sscite import names
from sscite.compare.contrast import eligibility
from sscite.compare.contrast.contrast import Comparison, Contrast
from sscite.compare.expression import differential
from sscite.compare.expression.differential import Bulk
from sscite.compare.expression.proteins import donor_means
from sscite.compare.expression.values import test_values
from sscite.compare.pseudobulk.sums import log_cpm
from sscite.compare.statistics import ambient_share, dissociation_stress
from sscite.errors import Reason, Skipped
from sscite.subsets.tissue import counterparts

if TYPE_CHECKING:
    from sscite.compare.pseudobulk.files import Pseudobulk

COLUMNS = [
    "tissue", "kind", "level", "subset", "feature", "effect", "p_value", "fdr", "donors_tissue", "donors_reference",
    "effect_given_stress", "p_given_stress", "stress_gene", "stress_flag", "ambient_share",
    "ambient_flag", "quality", "worst_p", "influential_donor", "lowest_effect", "highest_effect", "without_counterpart",
]  # fmt: skip
ADJUSTED = ["expression", "protein", "programme", "composition"]


def resident() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the genes that are higher and lower in tissue-resident lymphocytes."""
    return gene_lists.named("RESIDENCY_UP"), gene_lists.named("RESIDENCY_DOWN")


def contrast_of(tissue: str, reference: str) -> Contrast:
    """Return the contrast of a tissue against the reference tissue, within donors where possible."""
    return Contrast(
        name=f"{tissue} against {reference}", id=tissue, variable="tissue", reference=(reference,), target=(tissue,),
        block="donor",
    )  # fmt: skip


def choose(tissue: str, reference: str, samples: pd.DataFrame, *, min_donors: int) -> tuple[Comparison, bool]:
    """Choose the samples of a tissue and of the reference; the second part says whether they allow a test.

    Raises
    ------
    Skipped
        ONE_TISSUE where one of the two was not sampled.
    """
    contrast = contrast_of(tissue, reference)
    try:
        return eligibility.compare(contrast, samples, min_donors=min_donors), True
    except Skipped as skipped:
        rows = samples[samples["tissue"].isin([tissue, reference])]
        if rows["tissue"].nunique() < 2:
            raise Skipped(Reason.ONE_TISSUE, f"only {', '.join(rows['tissue'].unique())} was sampled") from None
        rows = rows.assign(level=rows["tissue"], group=(rows["tissue"] == tissue).astype(int))
        both = rows.groupby("donor")["group"].transform("nunique") == 2
        paired = bool(both.any())
        rows = rows[both] if paired else rows
        columns = ["sample", "donor", "tissue", "library", "level", "group"]
        warning = f"No p value: {skipped.detail}. The differences are described, not tested."
        return Comparison(contrast, rows[columns].reset_index(drop=True), [], paired, [warning]), False


def compare_expression(bulk: Bulk, comparison: Comparison, score: np.ndarray, *, tested: bool) -> pd.DataFrame:
    """Compare the genes of a subset, then those that differ again given the donors' stress score."""
    if not tested:
        genes = differential.expressed(bulk.counts, bulk.group)
        table = describe_rows(log_cpm(bulk.counts)[:, genes], bulk.genes[genes], bulk.rows, paired=comparison.paired)
        return table.assign(
            ambient_share=differential.ambient_share(bulk)[genes], quality=gene_lists.quality(bulk.genes[genes])
        )
    table = differential.test_bulk(bulk, differential.design_matrix(bulk.rows, [], paired=comparison.paired), score)
    return table.rename(columns={"gene": "feature", "log2_fold_change": "effect"})


def compare_values(
    values: np.ndarray, features: pd.Index, rows: pd.DataFrame, score: np.ndarray, *, paired: bool, tested: bool
) -> pd.DataFrame:
    """Compare measured values (rows × features, finite) by `test_values`, or describe them if there are few donors."""
    if tested:
        return test_values(values, features, rows, score, covariates=[], paired=paired)
    return describe_rows(values, features, rows, paired=paired) if len(features) else pd.DataFrame()


def describe_rows(values: np.ndarray, features: pd.Index, rows: pd.DataFrame, *, paired: bool) -> pd.DataFrame:
    """Return differences of means without a test: the mean over pairs where paired."""
    group = rows["group"].to_numpy()
    if paired:
        means = pd.DataFrame(values).groupby([rows["donor"], group]).mean()
        effect = (means.xs(1, level=1) - means.xs(0, level=1)).mean().to_numpy()
    else:
        effect = values[group == 1].mean(axis=0) - values[group == 0].mean(axis=0)
    return pd.DataFrame({"feature": features, "effect": effect, "p_value": np.nan, "fdr": np.nan})


def compare_subsets(
    pseudobulk: Pseudobulk, comparison: Comparison, *, tested: bool, min_cells: int, min_donors: int
) -> pd.DataFrame:
    """Compare expression, protein and stress of every subset and lineage."""
    parts = []
    needed = min_donors if tested else 1
    scores = dissociation_stress.lineage_scores(pseudobulk)
    for level, name in differential.requested_units(pseudobulk.obs, ()):
        bulk = differential.collect(pseudobulk, comparison, level, name, min_cells=min_cells)
        if min(bulk.donors(0), bulk.donors(1)) < needed:
            continue
        lineage = differential.lineage_of(pseudobulk.obs, level, name)
        score = differential.stress_of(bulk, comparison, scores, lineage)
        own = dissociation_stress.score(bulk.counts, bulk.genes)
        proteins, panel = donor_means(pseudobulk, bulk, comparison, level, name)
        values = partial(compare_values, rows=bulk.rows, paired=comparison.paired, tested=tested)
        found = {
            "expression": compare_expression(bulk, comparison, score, tested=tested),
            "protein": values(proteins, panel, score=score),
            "programme": values(*residency_score(bulk), score=score),
            "stress": values(own[:, None], pd.Index(["score"]), score=own * np.nan),
        }
        for kind, table in found.items():
            if len(table):
                counts = {"donors_tissue": bulk.donors(1), "donors_reference": bulk.donors(0)}
                parts.append(table.assign(kind=kind, level=level, subset=name, **counts))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def residency_score(bulk: Bulk) -> tuple[np.ndarray, pd.Index]:
    """Score residency in each row: mean log2 counts per million of the genes up, less that of the genes down.

    One score of several genes shows with few donors what no gene shows by itself. No column without both kinds of gene.
    """
    up, down = (np.flatnonzero(bulk.genes.isin(genes)) for genes in resident())
    if not len(up) or not len(down):
        return np.empty((len(bulk.rows), 0)), pd.Index([])
    values = log_cpm(bulk.counts)
    score = values[:, up].mean(axis=1) - values[:, down].mean(axis=1)
    return score[:, None], pd.Index(["tissue residency"])


def states(cells: pd.DataFrame, tissue: str, reference: str) -> pd.DataFrame:
    """Return the rows of each subset's distance to its nearest counterpart, by the rule of `counterparts.states`."""
    if "relative_distance" not in cells:
        return pd.DataFrame(columns=COLUMNS)
    part = cells[cells[names.TISSUE].astype(str).isin([tissue, reference])]
    table = counterparts.states(part, reference=reference)
    columns = {"relative_distance": "effect", "donors": "donors_tissue", "counterpart": "feature"}
    table = table.rename(columns=columns)[["subset", *columns.values(), "without_counterpart"]]
    return table.assign(kind="state", level="subset") if len(table) else pd.DataFrame(columns=COLUMNS)


def flag(table: pd.DataFrame) -> pd.DataFrame:
    """Mark findings (FDR 5%) that stress or ambient RNA may explain, or that could not be adjusted for stress."""
    table = table.reindex(columns=COLUMNS)
    significant = (table["fdr"] < 0.05).to_numpy()
    listed = (table["kind"] == "expression").to_numpy() & dissociation_stress.stress_genes(pd.Index(table["feature"]))
    ambient = significant & (table["ambient_share"].to_numpy(float) >= ambient_share.EXPLAINED)
    return table.assign(
        stress_gene=listed,
        stress_flag=dissociation_stress.flags(table, significant & table["kind"].isin(ADJUSTED).to_numpy(), listed),
        ambient_flag=np.where(ambient, ambient_share.FLAG, ""),
        quality=table["quality"].fillna(""),
        influential_donor=table["influential_donor"].fillna(""),
    )
