"""Re-run a contrast on donors with permuted labels and tell the report how often chance gives as much."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData
from matplotlib.figure import Figure

from sscite import figures
from sscite.command import Facts
from sscite.compare.calibration import relabelling
from sscite.compare.composition import frequency, separation
from sscite.compare.contrast.contrast import Comparison

EXPRESSION_RELABELLINGS = 50
DRAWS = 500  # arrangements of each relabelling


def answer(
    counted: pd.DataFrame,
    pseudobulk: AnnData,
    comparison: Comparison,
    facts: Facts,
    *,
    permutations: int,
    min_cells: int,
    min_donors: int,
    seed: int,
) -> pd.DataFrame:
    """Re-run composition, separation and expression of one contrast; a row per statistic."""
    rng = np.random.default_rng([seed, 3])
    number = min(permutations, relabelling.MAX_RELABELLINGS)
    labels = relabelling.relabellings(comparison, number=number, rng=rng)
    measures = frequency.measure(counted, comparison, min_donors=min_donors)
    values = relabelling.composition_calls(measures, comparison, labels, draws=min(permutations, DRAWS), rng=rng)
    scaled = separation.scaled_percents(counted, comparison)
    if scaled.shape[1] > 1:
        values["separation of donors"] = relabelling.separation_statistic(scaled.to_numpy(), comparison, labels)
    genes, units = expression(
        pseudobulk, comparison, labels[: EXPRESSION_RELABELLINGS + 1], min_cells=min_cells, min_donors=min_donors
    )
    if units:
        values["expression: genes"] = genes
    table = relabelling.table(values)
    _tell(facts, comparison, table, units)
    facts.figure("chance", draw(values), "Observed and by chance",
                 "Grey: donors' labels permuted; orange: as they are.")  # fmt: skip
    facts.table("calibration", table, "Observed beside permuted labels",
                "chance_any: share of permutations with any call; p: share with as many as observed.")  # fmt: skip
    return table


def expression(
    pseudobulk: AnnData, comparison: Comparison, labels: np.ndarray, *, min_cells: int, min_donors: int
) -> tuple[np.ndarray, int]:
    """Count the genes called over all subsets under each labelling, and the subsets that could be tested."""
    rows = comparison.donors[["donor", "group"]]
    held, total, units = frequency.nuisance(comparison), np.zeros(len(labels), dtype=int), 0
    people = comparison.samples[["sample", "donor", "group"]]
    obs = pseudobulk.obs.assign(place=np.arange(pseudobulk.n_obs))
    obs = obs[(obs["level"] == "subset") & (obs["n_cells"] >= min_cells)]
    obs = obs.drop(columns="donor").astype({"sample": str}).merge(people, on="sample")
    names = comparison.contrast.subset
    obs = obs[obs["name"].isin(names) | obs["parent"].isin(names)] if names else obs
    for _, part in obs.groupby(["parent", "name"], observed=True):
        kept = _usable(rows, part, comparison.paired)
        sides = rows.loc[kept, "group"]
        if min((sides == 0).sum(), (sides == 1).sum()) < min_donors:
            continue
        counts = _donor_counts(pseudobulk, part, rows[kept])
        design = held[kept][:, np.abs(held[kept]).sum(axis=0) > 0]
        if len(counts) > design.shape[1] + 1 and np.linalg.matrix_rank(design) == design.shape[1]:
            total += relabelling.expression_calls(counts, design, labels[:, kept])[0]
            units += 1
    return total, units


def _usable(rows: pd.DataFrame, part: pd.DataFrame, paired: bool) -> np.ndarray:
    """Mark the donors' rows that have the subset, both of a pair where paired."""
    there = pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(part[["donor", "group"]]))
    if not paired:
        return there
    both = rows["donor"].map(pd.Series(there).groupby(rows["donor"].to_numpy()).sum()) == 2
    return (both & there).to_numpy()


def _donor_counts(pseudobulk: AnnData, part: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Sum a subset's rows to donors and sides, in the order of `rows`."""
    matrix = pseudobulk.X[part["place"].to_numpy()]
    dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
    where = pd.MultiIndex.from_frame(rows).get_indexer(pd.MultiIndex.from_frame(part[["donor", "group"]]))
    counts = np.zeros((len(rows), dense.shape[1]))
    np.add.at(counts, where[where >= 0], dense[where >= 0])
    return counts


def _tell(facts: Facts, comparison: Comparison, table: pd.DataFrame, units: int) -> None:
    """Say how often the headline list is not empty by chance, and what chance gives for the rest."""
    rows = table.set_index("statistic")
    headline = rows.loc["composition: permutation"]
    facts.number(
        relabellings=int(headline["relabellings"]), chance_any_headline=headline["chance_any"], subsets_expression=units
    )
    if not headline["relabellings"]:
        facts.verdict(f"{comparison.contrast.sides}: the donors' labels have no other arrangement.")
        return
    sentence = (
        f"{comparison.contrast.sides}: with donors' labels permuted {int(headline['relabellings'])} times the "
        f"headline list of subsets holds anything in {headline['chance_any']:.1%} (5 % are accepted); it holds "
        f"{int(headline['observed'])} as the donors are."
    )
    if "expression: genes" in rows.index:
        genes = rows.loc["expression: genes"]
        sentence += (
            f" Genes called over {units} subsets: {int(genes['observed'])}, by chance {genes['permuted_mean']:.0f} on "
            f"average (as many or more in {genes['p']:.0%})."
        )
    facts.verdict(sentence)


def draw(values: dict[str, np.ndarray]) -> Figure:
    """Draw permuted values as grey dots and the observed as an orange one, a panel per statistic."""
    figure, axes = figures.new(width=6.4, height=0.75 * len(values) + 0.5, rows=len(values), squeeze=False)
    jitter = np.random.default_rng(0)
    for axis, (name, each) in zip(axes[:, 0], values.items(), strict=True):
        axis.plot(each[1:], jitter.uniform(-0.3, 0.3, len(each) - 1), ".", color=figures.GREY, ms=4, alpha=0.6)
        axis.plot(each[0], 0, "D", color=figures.PALETTE[5], ms=7)
        axis.set_yticks([])
        axis.set_ylim(-0.6, 0.6)
        axis.set_ylabel(
            name.replace(": ", "\n").replace(" of ", "\nof "), rotation=0, ha="right", va="center", fontsize=7.5
        )
        if each.max() > 50:
            axis.set_xscale("symlog", linthresh=1)
        elif each.max() >= 1:
            axis.xaxis.set_major_locator(figures.plt.MaxNLocator(integer=True))
        axis.tick_params(labelsize=7)
    axes[-1, 0].set_xlabel("calls (separation: share of variance)")
    return figure
