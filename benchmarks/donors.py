#!/usr/bin/env python3
"""Features of donors against clinical variables: null tables, planted tables beside logistic regression, intervals."""

from itertools import product
from typing import Annotated

import numpy as np
import typer
from scipy import stats
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sscite.biomarkers.donors.correlation import correlate
from sscite.biomarkers.donors.discrimination import discriminate

FEATURES = 150


def features(rng: np.random.Generator, donors: int, number: int = FEATURES) -> np.ndarray:
    """Draw features that share five factors, so that they correlate as proportions and proteins do."""
    factors = rng.normal(size=(donors, 5))
    return factors @ rng.normal(0, 0.5, (5, number)) + rng.normal(size=(donors, number))


def sizes(rng: np.random.Generator) -> tuple[int, int]:
    """Draw the donors of reference and target of a study."""
    return int(rng.integers(4, 18)), int(rng.integers(4, 12))


def uniform(name: str, p: list[float]) -> None:
    """Print whether p values are uniform."""
    values = np.array(p)
    ks = stats.kstest(values, "uniform").pvalue
    print(f"{name}: {len(p)} tables, KS p {ks:.3f}, p <= 0.05 in {(values <= 0.05).mean():.1%}")


def null(tables: int) -> None:
    """Labels, and a number, that have nothing to do with the features; the number once confounded by sex and age."""
    groups, aucs, plain, adjusted, unadjusted = [], [], [], [], []
    for seed in range(tables):
        rng = np.random.default_rng(7000 + seed)
        n0, n1 = sizes(rng)
        found = discriminate(features(rng, n0 + n1), rng.permutation(np.repeat([0, 1], [n0, n1])), seed=seed, draws=199)
        groups.append(found.p)
        aucs.append(found.auc)
        values = features(rng, 24)
        plain.append(
            float(correlate(values, rng.normal(size=24), np.empty((24, 0)), seed=seed, draws=199).family_p.min())
        )
        confounder = rng.normal(size=24)
        values += 1.5 * confounder[:, None] * (rng.random(FEATURES) < 0.3)
        outcome = confounder + 0.5 * rng.normal(size=24)
        ranks = stats.rankdata(confounder)[:, None]
        adjusted.append(float(correlate(values, outcome, ranks, seed=seed, draws=199).family_p.min()))
        unadjusted.append(float(correlate(values, outcome, ranks[:, :0], seed=seed, draws=199).family_p.min()))
    uniform("null, groups", groups)
    print(f"  mean held-out AUC {np.mean(aucs):.3f}")
    uniform("null, numbers, smallest family-wise p", plain)
    uniform("null given a confounder, adjusted", adjusted)
    print(f"  not adjusted: p <= 0.05 in {np.mean(np.array(unadjusted) <= 0.05):.1%}")


def logistic(values: np.ndarray, group: np.ndarray) -> float:
    """Return the AUC over held-out pairs of L2 logistic regression on ten features; all chosen in the fold."""
    wins = []
    for i, j in product(np.flatnonzero(group == 0), np.flatnonzero(group == 1)):
        train = np.setdiff1d(np.arange(len(group)), [i, j])
        model = make_pipeline(
            StandardScaler(),
            SelectKBest(f_classif, k=10),
            LogisticRegressionCV(Cs=3, cv=3, scoring="neg_log_loss", l1_ratios=(0.0,), use_legacy_attributes=False),
        )
        score = model.fit(values[train], group[train]).decision_function(values[[i, j]])
        wins.append(score[1] > score[0])
    return float(np.mean(wins))


def planted(tables: int, rivals: int) -> None:
    """Three features that differ by d standard deviations between 8 and 6 donors, and 15 and 12."""
    for (n0, n1), d in product([(8, 6), (15, 12)], [1.0, 1.5, 2.0]):
        found, true, inside, rest = [], [], [], []
        for seed in range(tables):
            rng = np.random.default_rng(9000 + seed)
            group = np.repeat([0, 1], [n0, n1])
            values = features(rng, n0 + n1 + 2000)
            new = np.repeat([0, 1], 1000)
            values[:, :3] += d * values[:, :3].std(axis=0) * np.concatenate([group, new])[:, None]
            one = discriminate(values[: n0 + n1], group, seed=seed, draws=199)
            found.append((one.auc, one.p, (one.weight[:3] != 0).sum() / 3, one.selected[:3].mean()))
            weight = one.weight / values[: n0 + n1].std(axis=0)
            score = values[n0 + n1 :] @ weight
            true.append(stats.mannwhitneyu(score[new == 1], score[new == 0]).statistic / 1e6)
            inside.append(one.low <= true[-1] <= one.high)
            if seed < rivals:
                rest.append((one.auc, logistic(values[: n0 + n1], group)))
        auc, p, share, stable = np.array(found).T
        print(
            f"planted, {n0} and {n1} donors, 3 of {FEATURES} differ by {d} SD: held-out AUC {auc.mean():.3f} "
            f"(new donors {np.mean(true):.3f}, in the interval {np.mean(inside):.0%}), p <= 0.05 in "
            f"{(p <= 0.05).mean():.0%}, planted in the final rule {share.mean():.0%}, in a fold's {stable.mean():.0%}"
        )
        if rest:
            ours, rival = np.mean(rest, axis=0)
            print(f"  first {rivals} tables: AUC {ours:.3f}, L2 logistic regression on ten features {rival:.3f}")


def main(
    part: Annotated[str, typer.Option(help="null, planted or all")] = "all",
    tables: Annotated[int, typer.Option(help="null tables; planted takes half as many of each kind")] = 200,
    rivals: Annotated[int, typer.Option(help="planted tables on which logistic regression runs too (slow)")] = 0,
) -> None:
    if part in ("null", "all"):
        null(tables)
    if part in ("planted", "all"):
        planted(tables // 2, rivals)


if __name__ == "__main__":
    typer.run(main)
