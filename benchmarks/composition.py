#!/usr/bin/env python3
"""False findings of composition where donors differ in depth and spread, and power: designs of 4 v 17, 4 v 6, 10 v 10.

Three generators: `normal`, the simulator's (standard deviation of the logit by `--spread`); `unlike`, heavy tails and
subsets of unlike variance; `dirichlet`, a Dirichlet-multinomial on two levels that no choice was made on.
Cells per donor vary tenfold; the two cases of power at equal depth have 8,000 each.
"""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from calibration import tidy
from scipy import stats

from sscite import simulate
from sscite.compare.composition import differential, effects, frequency, influence, report
from sscite.compare.contrast.contrast import Comparison, Contrast
from sscite.compare.contrast.eligibility import compare

DESIGNS = {"4 v 17": (17, 4), "4 v 6": (6, 4), "10 v 10": (10, 10)}
CONTRAST = Contrast("SRC against HD", "c", "group", ("HD",), ("SRC",), ("blood",))
HIT = "CD14_EGR1"
CASES: dict[str, dict[str, float | str]] = {
    "equal": {}, "thinned to 1,000": {"thin": 1000}, "thinned to 300": {"thin": 300}, "thinned to 100": {"thin": 100},
    "both 300": {"both": 300}, "spread 2:1": {"ratio": 2}, "spread 3:1": {"ratio": 3},
    "one outlying donor": {"outlier": 3}, "subset lost in a library of 3 targets": {"lost": HIT},
    "4% x 10": {"expand": 0.04}, "30% x 10": {"expand": 0.3}, "3-fold": {"fold": 3}, "4-fold": {"fold": 4},
    "3-fold, 8,000 cells": {"fold": 3, "both": 8000}, "4-fold, 8,000 cells": {"fold": 4, "both": 8000},
}  # fmt: skip


def cohort(
    case: dict, sizes: tuple[int, int], generator: str, spread: float, rng: np.random.Generator
) -> tuple[Comparison, pd.DataFrame]:
    """Simulate one cohort of a case."""
    samples = simulate.design({"HD": sizes[0], "SRC": sizes[1]}, seed=int(rng.integers(1 << 30))).astype(str)
    target = (samples["group"] == "SRC").to_numpy()
    size = dict(zip(samples["donor"], np.where(target, case.get("ratio", 1) * spread, spread), strict=True))
    last = samples["donor"].iloc[-1]
    size[last] *= case.get("outlier", 1)
    if generator == "unlike":
        share = unlike(samples, samples["donor"].map(size).to_numpy(float), rng)
    else:
        varied = {"concentration": 80.0} if generator == "dirichlet" else {"spread": size}
        share = simulate.proportions(samples, rng, effect=0, **varied)
    if "expand" in case:
        share = expand(share, float(case["expand"]), target)
    if "fold" in case:
        share.loc[target, HIT] *= case["fold"]
    cells = simulate.depths(samples, rng).to_numpy()
    cells = (
        np.where(target, case.get("thin", cells), cells) if "both" not in case else np.full(len(cells), case["both"])
    )
    if "lost" in case:
        samples.loc[np.flatnonzero(target)[:3], "library"] = "alone"
        share.loc[(samples["library"] == "alone").to_numpy(), case["lost"]] = 0
    share = share.div(share.sum(axis=1), axis=0)
    counts = pd.DataFrame(rng.multinomial(cells.astype(int), share.to_numpy()), share.index, share.columns)
    return compare(CONTRAST, samples), tidy(counts.loc[:, simulate.subsets()["blood"].astype(float) > 0])


def unlike(samples: pd.DataFrame, size: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Draw frequencies (samples, subsets) whose standard deviations differ between subsets (SD .35 of their log).

    Donors follow a t distribution of five degrees of freedom times a gamma; `size` is the standard deviation of each.
    """
    share = simulate.expected_proportions(samples, 0) ** 1.3
    spread = np.exp(np.random.default_rng(5).normal(0, 0.35, share.shape[1]))
    own = size[:, None] * spread * rng.standard_t(5, size=share.shape) / np.sqrt(5 / 3)
    return share * np.exp(own) * rng.gamma(30, 1 / 30, size=share.shape)


def expand(share: pd.DataFrame, part: float, target: np.ndarray) -> pd.DataFrame:
    """Give HIT the given median share and multiply it by ten in the target."""
    odds = part / (1 - part) / (share[HIT] / (1 - share[HIT])).median()
    return share.assign(**{HIT: share[HIT] * odds * np.where(target, 10, 1)})


def analyse(
    comparison: Comparison,
    counted: pd.DataFrame,
    *,
    limit: int,
    thinnings: int,
    rng: np.random.Generator,
    flagged: bool,
) -> pd.DataFrame:
    """Run the primary test on at most `limit` arrangements; the table has `concern` for flagged findings."""
    measures = frequency.measure(counted, comparison)
    fitted = effects.fit(measures, comparison, seed=int(rng.integers(1 << 30)), thinnings=thinnings)
    everyone = np.ones(len(comparison.donors), dtype=bool)
    listed, exact = differential.arrangements(comparison, everyone, draws=limit, rng=rng, limit=limit)
    arranged = effects.arrange(fitted, comparison, everyone, listed)
    table = differential.summarise(fitted, arranged, comparison, exact).assign(concern=False)
    chance = arranged.chance_any(fitted.of_contrast, differential.unrelated(listed, comparison))
    table = table.assign(often=chance > report.OFTEN)
    found = table[table["finding"] != ""]
    if flagged and len(found):
        rested = influence.leave_one_out(fitted, comparison, found, centre=arranged.centre)
        table.loc[found.index, "concern"] = rested["one_donor"].to_numpy(bool) | (
            np.array(influence.absent_in(fitted, comparison, found)) != ""
        )
    return table


def outcome(name: str, table: pd.DataFrame) -> dict[str, float]:
    """Return what a case counts: any false finding, false falls, the hit."""
    found = table[table["finding"] != ""]
    hit = (found["subset"] == HIT) & (found["finding"] == "up")
    if CASES[name].keys() & {"expand", "fold"}:
        falls = found[found["finding"] == "down"]
        return {"hit": float(hit.any()), "false down": len(falls), "compensatory": named(table),
                "often by chance": table["often"].any()}  # fmt: skip
    unflagged, up = ~found["concern"].astype(bool), found["finding"] == "up"
    share = table["share_fdr"] <= effects.LEVEL
    permuted = (table["permutation_family_p"] <= effects.LEVEL).any()
    return {"any": float(len(found) > 0), "unflagged": unflagged.any(), "up": up.any(), "share BH": share.any(),
            "permutation": permuted, "often by chance": table["often"].any()}  # fmt: skip


def named(table: pd.DataFrame) -> int:
    """Count the tests that are named as compensation."""
    return int(table["note"].str.startswith("compensates").sum())


def run(
    name: str, design: str, generator: str, *, cohorts: int, spread: float, limit: int, thinnings: int, seed: int
) -> dict:
    """Summarise a case over cohorts."""
    rows = []
    for i in range(cohorts):
        rng = np.random.default_rng([seed, i, list(CASES).index(name), *DESIGNS[design]])
        comparison, counted = cohort(CASES[name], DESIGNS[design], generator, spread, rng)
        flagged = bool(CASES[name].keys() & {"outlier", "lost"})
        table = analyse(comparison, counted, limit=limit, thinnings=thinnings, rng=rng, flagged=flagged)
        rows.append(outcome(name, table))
    means = pd.DataFrame(rows).mean().round(3).to_dict()
    first = next(iter(means))
    high = stats.binomtest(round(means[first] * cohorts), cohorts).proportion_ci(0.95, "exact").high
    return {
        "case": name,
        "design": design,
        "generator": generator,
        "cohorts": cohorts,
        **means,
        "upper_95": round(high, 3),
    }


def main(
    cohorts: Annotated[int, typer.Option(help="cohorts of each row")] = 200,
    cases: Annotated[str, typer.Option(help="cases, separated by ;")] = ";".join(CASES),
    designs: Annotated[str, typer.Option(help="designs, separated by ;")] = ";".join(DESIGNS),
    generator: Annotated[str, typer.Option(help="normal or dirichlet")] = "normal",
    spread: Annotated[float, typer.Option(help="standard deviation between donors on the logit")] = 0.55,
    limit: Annotated[int, typer.Option(help="arrangements; drawn if there are more")] = 500,
    thinnings: Annotated[int, typer.Option(help="thinnings of the donors to the same depth")] = 5,
    seed: Annotated[int, typer.Option(help="of all cohorts")] = 0,
) -> None:
    """Print a row per case and design."""
    start = time.monotonic()
    for name in cases.split(";"):
        for design in designs.split(";"):
            row = run(
                name, design, generator, cohorts=cohorts, spread=spread, limit=limit, thinnings=thinnings, seed=seed
            )
            print(" ".join(f"{key}={value}" for key, value in row.items()), flush=True)
    print(f"seconds={time.monotonic() - start:.0f}")


if __name__ == "__main__":
    typer.run(main)
