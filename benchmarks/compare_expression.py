#!/usr/bin/env python3
"""Is the expression test calibrated between few donors? Null data sets, the t beside the normal reference and PyDESeq2.

Counts are Poisson around log-normal means with log-normal noise between donors (SD 0.4) and depths (SD 0.4); nothing
differs between the sides. Where there are more than ten donors a covariate enters the model.
"""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from scipy import stats

from sscite.compare.expression import differential
from sscite.compare.statistics import negative_binomial
from sscite.compare.statistics.donor_tests import benjamini_hochberg

SIDES = ((4, 23), (10, 17), (4, 6), (3, 3))
NOISE, DEPTH = 0.4, 0.4  # SD of the log, between donors


def null_set(target: int, reference: int, genes: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw counts without any difference, filtered as the pipeline does, and the design with the side last."""
    rng = np.random.default_rng([seed, target, reference])
    group = np.repeat([1, 0], [target, reference])
    mean = np.exp(rng.normal(3.5, 1.2, genes)) * np.exp(rng.normal(0, NOISE, (len(group), genes)))
    counts = rng.poisson(mean * np.exp(rng.normal(0, DEPTH, len(group)))[:, None])
    age = [rng.normal(size=len(group))] if len(group) > 10 else []
    design = np.column_stack([np.ones(len(group)), *age, group])
    return counts[:, differential.expressed(counts, group)], design


def ours(counts: np.ndarray, design: np.ndarray) -> tuple[negative_binomial.Fit, np.ndarray]:
    """Fit as the pipeline does; also the p values that the same statistic has from the normal."""
    fit = negative_binomial.fit(counts, design, cells=design[:, -1].astype(int))
    normal = np.where(np.isnan(fit.p_value), np.nan, 2 * stats.norm.sf(np.abs(fit.statistic)))
    return fit, normal


def peer(counts: np.ndarray, design: np.ndarray) -> pd.DataFrame:
    """Test the same with PyDESeq2, Cook's filter on, independent filtering off."""
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.default_inference import DefaultInference
    from pydeseq2.ds import DeseqStats

    index = [f"d{i}" for i in range(len(counts))]
    table = pd.DataFrame({"side": np.where(design[:, -1] == 1, "b", "a")}, index=index)
    formula = "~side"
    if design.shape[1] > 2:
        table["age"], formula = design[:, 1], "~age + side"
    inference = DefaultInference(n_cpus=1)
    data = DeseqDataSet(
        counts=pd.DataFrame(counts, index=index), metadata=table, design=formula, inference=inference, quiet=True
    )
    data.deseq2()
    result = DeseqStats(data, contrast=["side", "b", "a"], independent_filter=False, inference=inference, quiet=True)
    result.summary()
    return result.results_df


def called(p: np.ndarray) -> bool:
    """Tell whether any gene is called at FDR 5 %."""
    return bool((benjamini_hochberg(p) <= 0.05).any())


def main(
    sets: Annotated[int, typer.Option(help="null data sets for each pair of sides")] = 200,
    peer_sets: Annotated[int, typer.Option(help="of these, sets that PyDESeq2 tests too")] = 10,
    genes: Annotated[int, typer.Option(help="genes of a set, before those of few counts leave")] = 1500,
    seed: Annotated[int, typer.Option(help="of all sets")] = 0,
) -> None:
    """Print the share of null sets with any gene at FDR 5 %, the seconds a set, and how far effects agree."""
    rows, start = [], time.monotonic()
    for target, reference in SIDES:
        hits: dict[str, list[bool]] = {"t": [], "normal": [], "pydeseq2": [], "t_same": []}
        seconds, agree = {"ours": 0.0, "peer": 0.0}, []
        for i in range(sets):
            counts, design = null_set(target, reference, genes, seed=seed + i)
            before = time.monotonic()
            fit, normal = ours(counts, design)
            seconds["ours"] += (time.monotonic() - before) / sets
            hits["t"].append(called(fit.p_value))
            hits["normal"].append(called(normal))
            if i < peer_sets:
                before = time.monotonic()
                found = peer(counts, design)
                seconds["peer"] += (time.monotonic() - before) / peer_sets
                hits["pydeseq2"].append(called(found["pvalue"].to_numpy()))
                hits["t_same"].append(hits["t"][-1])
                agree.append(np.nanmedian(np.abs(found["log2FoldChange"].to_numpy() - fit.effect)))
        count = {name: f"{sum(values)}/{len(values)}" for name, values in hits.items()}
        rows.append([f"{target} against {reference}", *count.values(), *seconds.values(), np.max(agree, initial=0)])
    columns = ["donors", "t", "normal", "pydeseq2", "t_same_sets", "seconds", "seconds_pydeseq2", "effect_difference"]
    table = pd.DataFrame(rows, columns=columns)
    print(table.to_string(index=False, float_format=lambda v: f"{v:.2g}"))
    any_t = sum(int(text.split("/")[0]) for text in table["t"]) / (sets * len(SIDES))
    print(f"any_false_t={any_t:.3f} sets={sets * len(SIDES)} seconds={time.monotonic() - start:.0f}")


if __name__ == "__main__":
    typer.run(main)
