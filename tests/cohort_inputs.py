"""Small libraries with two lineages, two subsets each and a shift between libraries, as files that merging reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from mudata import MuData

from sscite import io

GENES = [f"G{i}" for i in range(60)]
STATES = {
    "naive": ("CD8 T", 0),
    "effector": ("CD8 T", 5),
    "classical": ("monocyte/DC", 10),
    "activated": ("monocyte/DC", 15),
}
SUBSETS = """
lineages:
  CD8 T:
    lineages: [CD8 T]
    subsets:
      naive: {up: [G0, G1, G2, G3, G4]}
      effector: {up: [G5, G6, G7, G8, G9]}
  monocyte/DC:
    lineages: [monocyte/DC]
    subsets:
      classical: {up: [G10, G11, G12, G13, G14]}
      activated: {up: [G15, G16, G17, G18, G19]}
"""


def counts(states: np.ndarray, rng: np.random.Generator, shift: float = 0.0) -> sp.csr_matrix:
    """Draw counts: 5 genes high in each state, 10 in each lineage, 5 that differ by library."""
    rate = np.ones((len(states), len(GENES)))
    for state, (lineage, first) in STATES.items():
        rows = states == state
        rate[np.ix_(rows, range(first, first + 5))] = 12
        rate[np.ix_(rows, range(30, 40) if lineage == "CD8 T" else range(40, 50))] = 12
    rate[:, 50:55] += shift
    return sp.csr_matrix(rng.poisson(rate).astype(np.float32))


def write(folder: Path, *, cells: int = 120, libraries: int = 2, tissues: tuple[str, ...] = ("blood",)) -> pd.DataFrame:
    """Write libraries, fragments, samples.csv and subsets.yaml; give each cell's truth."""
    rng = np.random.default_rng(1)
    for name in ("libraries", "fragments"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    truth, rows = [], []
    for number in range(libraries):
        name = f"L{number}"
        states = np.array(list(STATES))[np.arange(cells) % len(STATES)]
        X = counts(states, rng, shift=3.0 * number)
        index = pd.Index([f"{name}:C{i:04d}" for i in range(cells)])
        obs = pd.DataFrame(
            {"library": name, "qc_pass": True, "n_counts": np.asarray(X.sum(axis=1)).ravel()}, index=index
        )
        obs.iloc[0, 1] = False
        protein = rng.poisson(np.where(np.isin(states, ["naive", "effector"])[:, None], [20, 1, 3], [1, 20, 3]))
        antibodies = ["CD3", "CD14", "IgG1"] if number == 0 else ["CD3", "CD14", "CD16"]
        parts = {
            "rna": AnnData(X, obs=obs, var=pd.DataFrame({"gene_id": GENES}, index=GENES)),
            "prot": AnnData(sp.csr_matrix(protein.astype(np.float32)), obs=obs[[]], var=pd.DataFrame(index=antibodies)),
        }
        library = MuData(parts)
        library.obs = obs
        library.write(folder / "libraries" / f"{name}.h5mu")
        fragments = folder / "fragments"
        tissue = tissues[number % len(tissues)]
        sample = pd.DataFrame({"sample": f"S{number}", "donor": f"D{number}", "tissue": tissue}, index=index)
        sample.iloc[1, 0] = ""
        io.write_fragment(sample, fragments / f"{name}.demux_genotypes.parquet")
        lineage = [STATES[state][0] for state in states]
        io.write_fragment(
            pd.DataFrame({"lineage": lineage}, index=index), fragments / f"{name}.annotate_protein.parquet"
        )
        logged = pd.DataFrame(np.log1p(protein).astype(np.float32), index=index, columns=antibodies)
        io.write_fragment(logged, fragments / f"{name}.adt_normalize.parquet")
        panel = pd.DataFrame({"feature": antibodies, "protein": antibodies, "clone": "", "gene": ""})
        panel["is_isotype"] = panel["protein"] == "IgG1"
        io.write_table(panel, fragments / f"{name}.adt_panel.csv")
        truth.append(pd.DataFrame({"state": states}, index=index))
        rows.append({"library_id": name, "library": name, "sample": f"S{number}", "donor": f"D{number}",
                     "tissue": tissue,
                     "hashtag": "", "genotype_donor": "", "age": str(50 + number), "group": "HD"})  # fmt: skip
    io.write_table(pd.DataFrame(rows), folder / "samples.csv")
    (folder / "subsets.yaml").write_text(SUBSETS)
    return pd.concat(truth)
