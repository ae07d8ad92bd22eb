#!/usr/bin/env python3
"""Are the comparisons of composition calibrated, and what do they find? Simulated cohorts of the study's group sizes.

Null cohorts give the rate of false lists of each method; cohorts with planted effects give the power for findings 1, 4,
5 and 6 by fold change, beside the study's Kolmogorov-Smirnov with Bonferroni. A Wilcoxon test per cell shows why donors
are the unit.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from scipy import stats

from sscite import simulate
from sscite.compare.composition import differential, effects, frequency, separation
from sscite.compare.contrast.contrast import Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.compare.stage import longitudinal
from sscite.compare.statistics import donor_tests

CONTRASTS = [
    Contrast("SRC against other SSc", "src_ssc", "SRC", ("no",), ("yes",), ("blood",)),
    Contrast("SRC against HD", "src_hd", "group", ("HD",), ("SRC",), ("blood",)),
    Contrast("ILD against other SSc", "ild_ssc", "ILD", ("no",), ("yes",), ("blood",)),
    Contrast("SSc against HD", "ssc_hd", "disease", ("HD",), ("SSc",), ("blood",)),
]
PLANTED = {"src_ssc": "CD14_EGR1", "src_hd": "CD14_EGR1", "ild_ssc": "CD8_TEM_T2ISG"}
METHODS = {"log ratio + Holm (primary)": "family_p", "permutation max-T": "permutation_family_p",
           "KS + Bonferroni": "ks_bonferroni", "share BH": "share_fdr"}  # fmt: skip


def cohort(
    seed: int, fold: float, *, cells: int, staged: bool = False, spread: float = 0.55
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate one cohort of 4 SRC, 10 ILD, 7 SSc and 6 HD donors: samples and composition."""
    samples = simulate.design(lung=4, stages=staged, seed=seed).astype(str).drop_duplicates("sample", ignore_index=True)
    counts = simulate.compositions(samples, np.random.default_rng([seed, 7]), effect=fold, cells=cells, spread=spread)
    return samples, tidy(counts)


def tidy(counts: pd.DataFrame) -> pd.DataFrame:
    """Turn samples × subsets into the table that COMPARE_PSEUDOBULK writes (the columns that are read here)."""
    lineage = simulate.subsets()["lineage"]
    rows = counts.rename_axis(index="sample", columns="subset").stack().rename("cells").reset_index()  # noqa: PD013
    rows = rows.assign(parent=rows["subset"].map(lineage), level="subset")
    rows["parent_cells"] = rows.groupby(["sample", "parent"])["cells"].transform("sum")
    rows["total_cells"] = rows.groupby("sample")["cells"].transform("sum")
    parents = rows.drop_duplicates(["sample", "parent"]).drop(columns=["subset", "cells"])
    parents = parents.rename(columns={"parent": "subset", "parent_cells": "cells"})
    parents = parents.assign(parent="all", level="lineage", parent_cells=parents["total_cells"])
    return pd.concat([rows, parents], ignore_index=True)


def ask(samples: pd.DataFrame, counted: pd.DataFrame, contrast: Contrast, *, draws: int, seed: int):
    """Ask one contrast: the table of tests, and the p of the separation of donors."""
    comparison = compare(contrast, samples)
    measures = frequency.measure(counted, comparison)
    fitted = effects.fit(measures, comparison, seed=seed)
    table = differential.test(fitted, comparison, draws=draws, rng=np.random.default_rng(seed))[0]
    scaled = separation.scaled_percents(counted, comparison)
    return table, separation.separation(scaled, comparison, draws=draws, rng=np.random.default_rng(seed))[1]


def null(cohorts: int, *, cells: int, draws: int, seed: int, spread: float) -> pd.DataFrame:
    """Count null cohorts in which a method calls anything, per contrast."""
    false: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for i in range(cohorts):
        samples, counted = cohort(seed + i, 0, cells=cells, spread=spread)
        for contrast in CONTRASTS:
            table, p = ask(samples, counted, contrast, draws=draws, seed=seed + i)
            for name, column in METHODS.items():
                false[contrast.name, name].append(bool((table[column] <= 0.05).any()))
            false[contrast.name, "separation of donors"].append(p <= 0.05)
    rows = []
    for (contrast, name), hits in false.items():
        high = stats.binomtest(sum(hits), len(hits)).proportion_ci(0.95, "exact").high
        rows.append([contrast, name, len(hits), np.mean(hits), high])
    return pd.DataFrame(rows, columns=["contrast", "method", "cohorts", "any_false", "upper_95"])


def power(cohorts: int, folds: list[float], *, cells: int, draws: int, seed: int, spread: float) -> pd.DataFrame:
    """Count cohorts in which each planted finding is recovered, per fold change and method."""
    found: dict[tuple[str, str, float], list[bool]] = defaultdict(list)
    for fold in folds:
        for i in range(cohorts):
            samples, counted = cohort(10_000 + seed + i, fold, cells=cells, staged=True, spread=spread)
            apart = []
            for contrast in CONTRASTS:
                table, p = ask(samples, counted, contrast, draws=draws, seed=seed + i)
                apart.append(p <= 0.05)
                if contrast.id not in PLANTED:
                    continue
                rows = table[(table["subset"] == PLANTED[contrast.id]) & (table["fold_change"] > 1)]
                number = "1" if contrast.id.startswith("src") else "5"
                for name, column in METHODS.items():
                    hit = bool((rows[column] <= 0.05).any()) and (number == "1" or in_lung(samples, counted))
                    found[f"{number}: {PLANTED[contrast.id]} up, {contrast.name}", name, fold].append(hit)
            found["4: EGR1 in monocytes peaks at onset", "stage", fold].append(
                stage_found(samples, fold, seed + i, cells)
            )
            for contrast, hit in zip(CONTRASTS, apart, strict=True):
                found[f"6: composition separates, {contrast.name}", "separation of donors", fold].append(hit)
    rows = [[*keys, len(hits), np.mean(hits)] for keys, hits in found.items()]
    return pd.DataFrame(rows, columns=["finding", "method", "fold", "cohorts", "recovered"])


def in_lung(samples: pd.DataFrame, counted: pd.DataFrame) -> bool:
    """Tell whether CD8_TEM_T2ISG is at least a hundredth of the CD8 T cells of every lung sample."""
    lung = samples.loc[samples["tissue"] == "lung", "sample"]
    rows = counted[(counted["subset"] == "CD8_TEM_T2ISG") & counted["sample"].isin(lung)]
    return bool((rows["cells"] >= 0.01 * rows["parent_cells"]).all() and len(rows))


def stage_found(samples: pd.DataFrame, fold: float, seed: int, cells: int) -> bool:
    """Tell whether EGR1 in monocytes rises to onset by two standard deviations of the donors, and falls after."""
    blood = samples[samples["tissue"] == "blood"].reset_index(drop=True)
    rng = np.random.default_rng([seed, 11])
    counts = simulate.compositions(blood, rng, effect=fold, cells=cells)
    lineage = simulate.subsets()["lineage"]
    monocytes = [name for name in counts.columns if lineage[name] == "monocyte/DC"]
    summed = (
        simulate.pseudobulk(blood, counts, rng, subsets=monocytes, genes=500, effect=fold).groupby(level="sample").sum()
    )
    obs = pd.DataFrame({"sample": summed.index, "level": "lineage", "name": "monocyte/DC", "n_cells": 1000})
    values = longitudinal.expression(
        summed["EGR1"].to_numpy(), summed.sum(axis=1).to_numpy(), obs, "EGR1", min_cells=10
    )
    changes = longitudinal.summarise(
        longitudinal.follow(values, longitudinal.select_staged(blood, "stage"), blood)
    ).set_index("stage")["mean_z_change"]
    return bool(changes["onset"] > 2 and changes["after"] < 0)


def per_cell(cohorts: int, *, genes: int = 500, cells: int = 200, seed: int = 0) -> pd.DataFrame:
    """Test genes without any true difference, 4 against 6 donors, by a Wilcoxon test on cells and by donors.

    Cells draw from the simulator's profile of CD14_VCAN times the donor's own factors (SD 0.2 of the log).
    """
    book, group = simulate.build(genes), np.repeat([0, 1], [6, 4])
    rates = book.rates[book.rows("CD14_VCAN")] * 3000
    wilcoxon, donors, lists = [], [], []
    for i in range(cohorts):
        rng = np.random.default_rng([seed, i])
        factor = simulate.expression.gene_factors(
            [f"d{k}" for k in range(10)], genes, simulate.expression.DONOR_SIGMA, rng
        )
        counts = rng.poisson(np.repeat(factor.to_numpy() * rates, cells, axis=0))
        kept = counts.mean(axis=0) > 0.1
        log, side = np.log1p(counts[:, kept]), np.repeat(group, cells)
        p = stats.mannwhitneyu(log[side == 1], log[side == 0], axis=0).pvalue
        sums = counts.reshape(10, cells, genes).sum(axis=1)[:, kept]
        by_donor = donor_tests.moderated_t(np.log2(sums + 0.5), group, np.ones((10, 1))).p
        wilcoxon.append((p <= 0.05).mean())
        donors.append((by_donor <= 0.05).mean())
        lists.append([(donor_tests.benjamini_hochberg(q) <= 0.05).any() for q in (p, by_donor)])
    any_list = np.mean(lists, axis=0)
    rows = [
        ["Wilcoxon on cells", np.mean(wilcoxon), any_list[0]],
        ["moderated t on donors", np.mean(donors), any_list[1]],
    ]
    return pd.DataFrame(rows, columns=["method", "false_positive_rate", "cohorts_with_any_fdr5"])


def main(
    null_cohorts: Annotated[int, typer.Option(help="cohorts without effect")] = 200,
    power_cohorts: Annotated[int, typer.Option(help="cohorts per fold change")] = 50,
    folds: Annotated[str, typer.Option(help="fold changes, comma-separated")] = "2,3,4,6",
    cells: Annotated[int, typer.Option(help="cells of a sample")] = 8000,
    draws: Annotated[int, typer.Option(help="permutations where they are not enumerated")] = 2000,
    spread: Annotated[float, typer.Option(help="standard deviation between donors on the logit")] = 0.55,
    seed: Annotated[int, typer.Option(help="of all cohorts")] = 0,
    output: Annotated[Path | None, typer.Option(help="folder for the tables; none by default")] = None,
) -> None:
    """Print the error rates under the null, the power by fold change, and the false positives of a test per cell."""
    start = time.monotonic()
    tables = {
        "null": null(null_cohorts, cells=cells, draws=draws, seed=seed, spread=spread),
        "power": power(
            power_cohorts, [float(f) for f in folds.split(",")], cells=cells, draws=draws, seed=seed, spread=spread
        ),
        "per_cell": per_cell(20, seed=seed),
    }
    for name, table in tables.items():
        if table.empty:
            continue
        shown = table
        if name == "power":
            shown = table.pivot(index=["finding", "method"], columns="fold", values="recovered").reset_index()  # noqa: PD010
        print(f"\n{name}\n{shown.to_string(index=False, float_format=lambda v: f'{v:.3f}')}")
        if output:
            table.to_csv(output / f"calibration_{name}.csv", index=False)
    primary = tables["null"][tables["null"]["method"].str.contains("primary")]
    cell = tables["per_cell"].iloc[0]["false_positive_rate"]
    print(
        f"\nfwer_max={primary['any_false'].max():.3f} fwer_upper_max={primary['upper_95'].max():.3f} "
        f"wilcoxon_per_cell={cell:.2f} seconds={time.monotonic() - start:.0f}"
    )


if __name__ == "__main__":
    typer.run(main)
