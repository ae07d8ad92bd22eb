"""Small cohorts for the tests of comparisons: numbers of cells by donor, without cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.contrast.contrast import Comparison, Contrast
from sscite.compare.contrast.eligibility import compare


def samples(n_reference: int, n_target: int, *, paired: bool = False) -> pd.DataFrame:
    """Give samples.csv of HD and SSc donors, or of blood and lung of the same donors."""
    n = n_reference + n_target
    donors = [f"d{i % n_reference if paired else i:02d}" for i in range(n)]
    side = ["blood"] * n_reference + ["lung"] * n_target if paired else "blood"
    return pd.DataFrame({
        "library_id": "L", "library": [f"L{i}" for i in range(n)], "sample": [f"s{i}" for i in range(n)],
        "donor": donors, "tissue": side, "hashtag": "", "genotype_donor": "",
        "disease": ["HD"] * n_reference + ["SSc"] * n_target,
    })  # fmt: skip


def comparison(people: pd.DataFrame, **options: object) -> Comparison:
    """Compare SSc with HD, or lung with blood within donors."""
    if len(set(people["tissue"])) > 1:
        return compare(Contrast("lung", "lung", "tissue", ("blood",), ("lung",), block="donor", **options), people)
    return compare(Contrast("SSc", "ssc", "disease", ("HD",), ("SSc",), **options), people)


def counted(cells: dict[tuple[str, str], list[int]], people: pd.DataFrame) -> pd.DataFrame:
    """Turn cells by (lineage, subset), a number per sample, into composition.csv."""
    rows = [
        {"sample": sample, "level": "subset", "parent": parent, "subset": subset, "cells": n}
        for (parent, subset), numbers in cells.items()
        for sample, n in zip(people["sample"], numbers, strict=True)
    ]
    table = pd.DataFrame(rows)
    parents = table.groupby(["sample", "parent"], as_index=False)["cells"].sum().rename(columns={"parent": "subset"})
    table = pd.concat([table, parents.assign(level="lineage", parent="all")], ignore_index=True)
    total = table[table["level"] == "lineage"].groupby("sample")["cells"].sum()
    whole = parents.set_index(["sample", "subset"])["cells"]
    table["total_cells"] = table["sample"].map(total)
    places = pd.MultiIndex.from_frame(table[["sample", "parent"]])
    table["parent_cells"] = whole.reindex(places).to_numpy()
    table["parent_cells"] = table["parent_cells"].fillna(table["total_cells"]).astype(int)
    table = table.assign(stress_score=np.nan)
    return table.merge(people[["sample", "donor", "tissue"]], on="sample")


def with_stress(counted: pd.DataFrame, scores: list[float], people: pd.DataFrame) -> pd.DataFrame:
    """Give every lineage of a sample the same stress score, a number per sample."""
    found = counted["sample"].map(dict(zip(people["sample"], scores, strict=True)))
    return counted.assign(stress_score=found.where(counted["level"] == "lineage"))


def random_cells(
    n: int, *, subsets: int = 8, seed: int = 0, raised: int = 0, fold: float = 1.0
) -> dict[tuple[str, str], list[int]]:
    """Draw cells of two lineages; the first subset is `fold` times as frequent in the last `raised` samples."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(subsets, 30.0), size=n)
    if raised:
        share[-raised:, 0] *= fold
    drawn = np.array([rng.multinomial(4000, row / row.sum()) for row in share])
    return {("mono" if j < subsets / 2 else "T", f"S{j}"): drawn[:, j].tolist() for j in range(subsets)}
