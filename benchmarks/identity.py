#!/usr/bin/env python3
"""Check how often exchanged and outlying samples are found in simulated cohorts, and what is claimed in clean ones.

Pseudobulk of lineages with a tenth of every sample's counts from the other samples of its library (doublets, ambient
RNA and wrong hashtags).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import typer
from anndata import AnnData
from scipy import sparse

from sscite import simulate
from sscite.compare.identity import donors
from sscite.compare.identity.run import check
from sscite.simulate import profiles
from sscite.subsets.signatures import gene_sets

GENES = Path(__file__).resolve().parents[1] / "assets/genes/human"
MIXED = 0.1


def cohort(seed: int, cells: int) -> tuple[AnnData, pd.DataFrame]:
    """Simulate the lineage rows of a cohort of the study's groups with four kidney and three lung samples."""
    rng = np.random.default_rng([seed, 9])
    design = simulate.design(kidney=4, lung=3, samples_per_library=6, seed=seed)
    composition = simulate.compositions(design, rng, cells=cells)
    counts = simulate.pseudobulk(design, composition, rng)
    lineage = profiles.subsets()["lineage"]
    keys = [counts.index.get_level_values("sample"), lineage[counts.index.get_level_values("subset")].to_numpy()]
    summed = counts.groupby(keys).sum()
    library = design.set_index("sample")["library"]
    of_library = library[summed.index.get_level_values(0)].to_numpy()
    pooled = summed.groupby(of_library).sum()
    share = pooled.div(pooled.sum(axis=1), axis=0).loc[of_library].to_numpy()
    totals = summed.sum(axis=1).to_numpy()[:, None]
    mixed = rng.binomial(summed.to_numpy(), 1 - MIXED) + rng.poisson(MIXED * totals * share)
    numbers = composition.T.groupby(lineage).sum().T
    obs = pd.DataFrame(list(summed.index), columns=["sample", "name"])
    obs = obs.merge(design[["sample", "donor", "tissue"]], on="sample")
    obs["n_cells"] = [numbers.loc[row.sample, row.name_] for row in obs.rename(columns={"name": "name_"}).itertuples()]
    obs = obs.assign(level="lineage", parent="all").set_index(obs.index.astype(str))
    return AnnData(sparse.csr_matrix(mixed), obs=obs, var=pd.DataFrame(index=summed.columns)), design


def exchange(data: AnnData, first: str, second: str) -> AnnData:
    """Exchange the names of two samples."""
    names = data.obs["sample"].replace({first: second, second: first})
    return AnnData(data.X, obs=data.obs.assign(sample=names), var=data.var)


def disguise(data: AnnData, blood: str, other: str) -> AnnData:
    """Give a blood sample the counts of a sample of another tissue, as a wrong row of the samplesheet does."""
    of_sample = data.obs["sample"].to_numpy()
    kept, moved = data[of_sample != blood], data[of_sample == other]
    obs = pd.concat([kept.obs, moved.obs.assign(sample=blood, tissue="blood", donor="d")])
    return AnnData(sparse.vstack([kept.X, moved.X], format="csr"), obs=obs.reset_index(drop=True), var=data.var)


def misread(data: AnnData, sample: str, share: float, rng: np.random.Generator) -> AnnData:
    """Permute the names of a share of the genes of one sample, as another annotation does."""
    chosen = rng.permutation(data.n_vars)[: round(share * data.n_vars)]
    order = np.arange(data.n_vars)
    order[np.sort(chosen)] = chosen
    mine = (data.obs["sample"] == sample).to_numpy()
    counts = data.X.toarray()
    counts[mine] = counts[mine][:, order]
    return AnnData(sparse.csr_matrix(counts), obs=data.obs, var=data.var)


def outliers_found(
    data: AnnData, design: pd.DataFrame, lists: dict[str, list[str]], seed: int
) -> dict[str, list[bool]]:
    """Plant one outlying sample of each kind; return whether it is marked, and whether another one is."""
    rng = np.random.default_rng([seed, 11])
    blood = rng.choice(design.loc[design["tissue"] == "blood", "sample"])
    planted = {f"outlier, counts of {tissue} as blood": disguise(data, blood, sample) for tissue, sample in
               design[design["tissue"] != "blood"].groupby("tissue")["sample"].first().items()}  # fmt: skip
    planted |= {
        f"outlier, {share:.0%} of its genes permuted": misread(data, blood, share, rng) for share in (0.05, 0.2)
    }
    found: dict[str, list[bool]] = {}
    for name, changed in planted.items():
        doubt = check(changed, design, lists, donors.genotypes(pd.DataFrame())).set_index("sample")["doubt"]
        far = doubt.str.contains("outlier|composition")
        found[name] = [bool(far[blood])]
        found.setdefault("another sample marked beside a planted outlier", []).append(bool(far.drop(blood).any()))
    return found


def main(cohorts: int = 50, cells: int = 1000) -> None:
    """Print the share of cohorts in which both exchanged samples are found, and of clean ones with a claim."""
    lists = gene_sets.read([GENES])
    none = donors.genotypes(pd.DataFrame())
    found: dict[str, list[bool]] = {"sexes differ": [], "same sex, one has another sample": [], "claimed in clean": []}
    for seed in range(cohorts):
        data, design = cohort(seed, cells)
        for name, hits in outliers_found(data, design, lists, seed).items():
            found.setdefault(name, []).extend(hits)
        rng = np.random.default_rng([seed, 10])
        clean = check(data, design, lists, none)
        found["claimed in clean"].append(bool((clean["doubt"] != "").any()))
        if found["claimed in clean"][-1]:
            print(seed, clean[clean["doubt"] != ""].to_string())
        blood = design[design["tissue"] == "blood"]
        pair = [rng.choice(blood.loc[blood["sex"] == sex, "sample"]) for sex in ("female", "male")]
        swapped = check(exchange(data, *pair), design, lists, none).set_index("sample")["doubt"]
        others = swapped.drop(pair)
        found["sexes differ"].append(
            swapped[pair].str.contains("sex").all() and not others.str.contains(r"sex$|sex,").any()
        )
        siblings = design[design.groupby("donor")["sample"].transform("size") > 1]
        first = siblings.sample(1, random_state=seed).iloc[0]
        same = design[(design["sex"] == first["sex"]) & (design["donor"] != first["donor"])]
        same = same[same["tissue"] == first["tissue"]]
        if same.empty:
            continue
        second = same["sample"].sample(1, random_state=seed).iloc[0]
        again = check(exchange(data, first["sample"], second), design, lists, none).set_index("sample")["doubt"]
        found["same sex, one has another sample"].append("donor" in again[first["sample"]])
    for name, hits in found.items():
        print(f"{name}: {np.mean(hits):.2f} of {len(hits)}")


if __name__ == "__main__":
    typer.run(main)
