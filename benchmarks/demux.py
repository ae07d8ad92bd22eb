#!/usr/bin/env python3
"""Hashtag calls on real pools with known truth: joint model, comparison methods, published figures; speed."""

import resource
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from sscite import command

METHODS = ("joint", "hashsolo", "ambient")
PUBLISHED = {
    "mean F, lavage": {"BFF_cluster": 0.935, "hashedDrops": 0.930, "HashSolo": 0.920},
    "doublets found, hand-gated": {"HTODemux": 0.758, "hashedDrops": 0.633},
    "singles called Doublet, hand-gated": {"HTODemux": 0.116, "hashedDrops": 0.119},
}


def lavage(data: Path) -> list[tuple[pd.DataFrame, np.ndarray]]:
    """Read both captures of the lavage pool: counts and genetic donors."""
    pools = []
    for capture in ("c1", "c2"):
        folder = data / "hto" / f"bal_batch1_{capture}"
        counts = pd.read_csv(folder / "hto_counts.csv.gz", index_col=0)
        donors = pd.read_csv(folder / "genetic_donor.csv.gz", index_col=0)["genetic_donor"]
        pools.append((counts, donors.reindex(counts.index).to_numpy()))
    return pools


def hand_gated(data: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Read the hand-gated pool: counts, masks of gated doublets and of single types."""
    folder = data / "hto" / "pbmc_hand_gated"
    counts = pd.read_csv(folder / "hto_counts.csv", index_col=0)
    barcode = counts.index.str.split("-").str[0]
    doublets, singles = (
        {line.split("-")[0] for file in sorted(part.glob("*.txt")) for line in file.read_text().split()}
        for part in (folder / "cell_types" / "Doublets", folder / "cell_types")
    )
    return counts, barcode.isin(doublets), barcode.isin(singles - doublets)


def f_scores(calls: np.ndarray, truth: np.ndarray) -> pd.Series:
    """F of each hashtag against the donor that most of its droplets have."""
    table = pd.crosstab(calls, truth).drop(columns=["Doublet", "Negative"])
    found = {}
    for tag in table.index.drop(["Doublet", "Negative"], errors="ignore"):
        called, true = calls == tag, truth == table.loc[tag].idxmax()
        found[tag] = 2 * (called & true).sum() / (called.sum() + true.sum())
    return pd.Series(found)


def reliability(results: list[tuple[object, np.ndarray]], state: str) -> pd.DataFrame:
    """Compare the posterior of Doublet, or of the likeliest hashtag, with the genotypes."""
    parts = []
    for found, truth in results:
        table = pd.crosstab(found.calls["hto_joint"], truth).drop(columns=["Doublet", "Negative"])
        donor_of = table.drop(["Doublet", "Negative"]).idxmax(axis=1)
        single = found.posteriors.drop(columns=["Doublet", "Negative"])
        posterior = found.posteriors["Doublet"] if state == "Doublet" else single.max(axis=1)
        right = truth == "Doublet" if state == "Doublet" else single.idxmax(axis=1).map(donor_of).to_numpy() == truth
        parts.append(pd.DataFrame({"posterior": posterior.to_numpy(), "right": right}))
    every = pd.concat(parts)
    band = pd.cut(every["posterior"], [0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1], include_lowest=True)
    return every.groupby(band, observed=False).agg(
        posterior=("posterior", "mean"), right=("right", "mean"), droplets=("right", "size")
    )


def found_doublets(result: object, truth: np.ndarray) -> dict[str, float]:
    """Compare the rate of called doublets with that by genotype, and the precision and recall of the calls."""
    called, genetic = (result.calls["hto_call"] == "Doublet").to_numpy(), truth == "Doublet"
    both = (called & genetic).sum()
    return {"found": called.mean(), "genetic": genetic.mean(), "ratio": called.mean() / genetic.mean(),
            "expected": result.model.expected_doublets, "precision": both / called.sum(),
            "recall": both / genetic.sum()}  # fmt: skip


def speed(droplets: int, tags: int) -> tuple[float, float]:
    """Measure CPU seconds and peak memory (GB) of calling a made pool."""
    from sscite.demux.hashtag_calls import call

    rng = np.random.default_rng(0)
    counts = rng.poisson(8 * rng.gamma(6, 1 / 6, (droplets, 1)) * np.ones(tags))
    counts[np.arange(droplets), rng.integers(0, tags, droplets)] += rng.poisson(rng.lognormal(5.5, 0.6, droplets))
    second = rng.random(droplets) < 0.1
    counts[second, rng.integers(0, tags, second.sum())] += rng.poisson(rng.lognormal(5.5, 0.6, second.sum()))
    start = time.process_time()
    call(pd.DataFrame(counts, columns=[f"T{h}" for h in range(tags)]))
    return time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(data: Annotated[Path, typer.Option(help="Folder of the real data.")] = Path("../shared/data")) -> None:
    """Score the joint model and both comparison methods on three real pools, and time the model."""
    from sscite.demux.hashtag_calls import call

    pools = [(call(counts), truth) for counts, truth in lavage(data)]
    truth = np.concatenate([donors for _, donors in pools])
    rows = {}
    for method in METHODS:
        calls = [found.calls[f"hto_{method}"].to_numpy(dtype=str) for found, _ in pools]
        each = [f_scores(c, donors).mean() for c, (_, donors) in zip(calls, pools, strict=True)]
        rows[method] = {
            "mean F, lavage": f_scores(np.concatenate(calls), truth).mean(),
            "capture 1": each[0],
            "capture 2": each[1],
        }
    counts, doublets, singles = hand_gated(data)
    gated = call(counts)
    for method in METHODS:
        called = (gated.calls[f"hto_{method}"] == "Doublet").to_numpy()
        rows[method]["doublets found, hand-gated"] = called[doublets].mean()
        rows[method]["singles called Doublet, hand-gated"] = called[singles].mean()
    csf = pd.read_csv(data / "hto" / "csf_pbmc" / "csf_2590.csv", index_col=0)
    sure = (np.exp(csf["freemuxlet.prob"]) >= 0.999) & csf["freemuxlet"].isin(["0,0", "1,1"])
    agreement = {}
    for name, depth in (("with genes", csf["NumGenes"].to_numpy()), ("without genes", None)):
        hashed = call(csf[["HTO"]], depth=depth).calls["hto_call"] == "HTO"
        agreement[name] = float((hashed == (csf["freemuxlet"] == "0,0"))[sure].mean())

    for measure, figures in PUBLISHED.items():
        for method, value in figures.items():
            rows.setdefault(f"{method} (published)", {})[measure] = value
    print(pd.DataFrame(rows).T.round(4).to_string(na_rep=""), end="\n\n")
    rates = {f"lavage {i + 1}": found_doublets(*pool) for i, pool in enumerate(pools)}
    print(pd.DataFrame(rates).T.round(4).to_string(), end="\n\n")
    for state in ("Doublet", "hashtag"):
        for name, part in (("both captures", pools), ("capture 2", pools[1:])):
            print(f"posterior of {state}, {name}", reliability(part, state).round(3).to_string(), sep="\n", end="\n\n")
    for weight in (1, 1.5, 2):
        called = (call(counts, doublet_weight=weight).calls["hto_call"] == "Doublet").to_numpy()
        print(f"hand-gated, doublet_weight {weight}: {called[doublets].mean():.3f} / {called[singles].mean():.3f}")
    print(
        "CSF against blood, agreement with certain genotypes:",
        {k: round(v, 4) for k, v in agreement.items()},
        end="\n\n",
    )
    small, many, large = speed(12_000, 8), speed(20_000, 40), speed(100_000, 12)
    print(
        f"CPU: 12,000 × 8: {small[0]:.1f} s; 20,000 × 40: {many[0]:.1f} s; "
        f"100,000 × 12: {large[0]:.1f} s, peak {large[1]:.2f} GB",
        end="\n\n",
    )
    joint = rows["joint"]
    print(
        f"lavage_f={joint['mean F, lavage']:.4f} gated_doublets={joint['doublets found, hand-gated']:.4f} "
        f"gated_singles={joint['singles called Doublet, hand-gated']:.4f} csf={agreement['with genes']:.4f} "
        f"seconds_12k={small[0]:.1f} seconds_100k={large[0]:.1f}"
    )


if __name__ == "__main__":
    command.run(main)
