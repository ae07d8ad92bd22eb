"""Small pseudobulk of one lineage with two subsets, in blood and lung of the same donors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from sscite import genes as gene_lists

CORE_GENES, RESIDENT_UP, RESIDENT_DOWN = (
    gene_lists.named(name) for name in ("DISSOCIATION_STRESS", "RESIDENCY_UP", "RESIDENCY_DOWN")
)
GENES = [*RESIDENT_UP, *RESIDENT_DOWN, *CORE_GENES, *(f"G{i}" for i in range(300))]


def people(donors: int = 6) -> pd.DataFrame:
    """Give samples.csv: each donor in blood and lung, the first half of them ill."""
    rows = [
        {"library_id": f"L{t}{i}", "library": f"L{t}{i}", "sample": f"{t}{i}", "donor": f"d{i}", "tissue": t,
         "hashtag": "", "genotype_donor": "", "disease": "SSc" if i < donors // 2 else "HD"}
        for t in ("blood", "lung")
        for i in range(donors)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def pseudobulk(samples: pd.DataFrame, *, stressed: float = 1, resident: float = 1, seed: int = 0) -> AnnData:
    """Draw counts; the lung's stress and residency genes are so many times as high (those of circulation as low)."""
    rng = np.random.default_rng(seed)
    mean = pd.Series(np.exp(rng.normal(4, 0.5, len(GENES))), index=GENES)
    rows, obs = [], []
    for entry in samples.itertuples():
        donor = np.exp(rng.normal(0, 0.15, len(GENES)))
        for name in ("A", "B"):
            value = mean * donor
            if entry.tissue == "lung":
                value[list(CORE_GENES)] *= stressed
                value[list(RESIDENT_UP)] *= resident
                value[list(RESIDENT_DOWN)] /= resident
            rows.append(rng.poisson(value * np.exp(rng.normal(0, 0.15, len(GENES)))))
            obs.append([entry.sample, entry.donor, entry.tissue, "subset", name, "T", 50])
    frame = pd.DataFrame(obs, columns=["sample", "donor", "tissue", "level", "name", "parent", "n_cells"])
    whole = frame.drop_duplicates("sample").assign(level="lineage", name="T", parent="all", n_cells=100)
    counts = np.array(rows)
    both = np.vstack([counts, counts[0::2] + counts[1::2]])
    obs_all = pd.concat([frame, whole], ignore_index=True)
    obs_all.index = obs_all["sample"] + "|" + obs_all["level"] + "|" + obs_all["name"]
    return AnnData(sparse.csr_matrix(both), obs=obs_all, var=pd.DataFrame(index=GENES))
