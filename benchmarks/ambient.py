#!/usr/bin/env python3
"""Check on simulated kidney that epithelial markers of immune subsets are flagged, and what was planted is not.

Cells, libraries and empty droplets are simulated; subsets and samples are the true ones, so that only the estimate of
ambient RNA and the flag are judged.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import typer
from anndata import AnnData
from scipy import sparse, stats

from sscite.compare.pseudobulk import ambient as expected
from sscite.compare.pseudobulk import sums
from sscite.compare.tissue_blood import differences
from sscite.samples import ambient, load
from sscite.simulate import cohort, plan, profiles
from sscite.simulate.library import Library, Settings

EPITHELIAL = ["UMOD", "LRP2", "CUBN", "SLC12A1"]
STRUCTURAL = {"Epithelial", "Endothelial", "Stromal"}


def one_library(
    library: Library, genes: pd.Index, fraction: list[float]
) -> tuple[pd.DataFrame, sparse.csr_matrix, pd.Series]:
    """Estimate the ambient RNA of a library; the cells' table, their counts, the profile."""
    called, n = len(library.truth), len(genes)
    counts = library.counts[:called, :n].tocsr()
    empty = library.counts[called:, :n]
    few = np.asarray(empty.sum(axis=1)).ravel() <= load.MOST_RNA_OF_EMPTY
    soup, _ = ambient.profile(np.asarray(empty[np.flatnonzero(few)].sum(axis=0)).ravel(), counts)
    found = ambient.estimate(counts, soup, ambient.cluster_cells(counts, seed=0))
    fraction.append(found.library)
    cells = library.truth.assign(
        n_counts=np.asarray(counts.sum(axis=1)).ravel(), ambient_fraction=found.cells, qc_pass=True
    ).set_index("cell")
    return cells, counts, pd.Series(soup / soup.sum(), index=genes)


def collect(seed: int, share: float) -> tuple[AnnData, pd.DataFrame, list[float]]:
    """Simulate a cohort and sum its cells."""
    settings = Settings(ambient=share, effect=5, empties=2)
    design = plan.design({"HD": 6, "SRC": 6}, kidney=6, samples_per_library=5, seed=seed)
    counts, _ = cohort.compose(design, cells=10800, settings=settings, seed=seed)
    genes = profiles.build(2000).genes
    fraction: list[float] = []
    parts = {
        name: one_library(library, genes, fraction)
        for name, library in cohort.libraries(design, counts, genes=2000, settings=settings, seed=seed)
    }
    cells = pd.concat([part[0] for part in parts.values()])
    kept = cells[~cells["doublet"]]
    member, keys = sums.membership(sums.groups(kept), cells.index)
    matrix = sparse.vstack([part[1] for part in parts.values()], format="csr")
    summed = sums.sum_blocks(member, [(np.arange(len(cells)), matrix)], len(genes))
    rows = sums.assemble(keys, kept, summed, pd.DataFrame(index=genes), member.sum(axis=1))
    libraries = pd.DataFrame({name: part[2] for name, part in parts.items()})
    rows.obsm[expected.AMBIENT] = expected.expected_by_library(member, cells, libraries.columns)
    rows.varm[expected.AMBIENT] = libraries.to_numpy()
    return rows, design, fraction


def judge(rows: AnnData, design: pd.DataFrame) -> dict[str, float]:
    """Compare kidney with blood and count what is flagged."""
    comparison, tested = differences.choose("kidney", "blood", design, min_donors=3)
    table = differences.flag(
        differences.compare_subsets(rows, comparison, tested=tested, min_cells=10, min_donors=3)
    ).query("kind == 'expression' and fdr < 0.05")
    lineage = profiles.subsets()["lineage"]
    immune = ~table["subset"].map(lineage).fillna(table["subset"]).isin(STRUCTURAL)
    table, flagged = table[immune], table.loc[immune, "ambient_flag"] != ""
    epithelial = table["feature"].isin(EPITHELIAL)
    thbs1 = (table["feature"] == "THBS1") & (table["subset"] == "monocyte/DC")
    planted = table["feature"].isin(profiles.gene_sets()["DISSOCIATION_STRESS"]) & (table["effect"] > 0)
    return {
        "findings": len(table), "flagged": int(flagged.sum()), "epithelial": int(epithelial.sum()),
        "epithelial_unflagged": int((epithelial & ~flagged).sum()), "thbs1_found": int((thbs1 & ~flagged).any()),
        "stress_genes": int(planted.sum()), "stress_genes_flagged": int((planted & flagged).sum()),
    }  # fmt: skip


def nfkb(rows: AnnData) -> dict[str, float]:
    """Rank planted NF-kB targets of CD14_EGR1 against the other monocytes of blood; count those that are flagged."""
    monocytes = (rows.obs["parent"] == "monocyte/DC") & (rows.obs["tissue"] == "blood")
    own = (monocytes & (rows.obs["name"] == "CD14_EGR1")).to_numpy()
    rates = [rows.X[part].sum(axis=0) / rows.X[part].sum() for part in (own, monocytes.to_numpy() & ~own)]
    fold = np.log2((np.ravel(rates[0]) + 1e-5) / (np.ravel(rates[1]) + 1e-5))
    markers = profiles.definition()["subsets"]["CD14_EGR1"]["genes"]
    targets = set(profiles.gene_sets()["NFKB_TARGETS"]) - set(markers)
    target = rows.var_names.isin(targets)
    p = stats.mannwhitneyu(fold[target], fold[~target], alternative="greater").pvalue
    soup = expected.mostly_ambient(rows).query("subset == 'CD14_EGR1'")
    return {"nfkb_found": int(p < 0.001), "nfkb_flagged": int(soup["gene"].isin(targets).sum())}


def main(cohorts: int = 20, share: float = 0.176) -> None:
    """Print a row per simulated cohort; `share` is relative to the cell's own RNA: 0.176 gives 15% of its counts."""
    results = []
    for seed in range(cohorts):
        rows, design, fraction = collect(seed, share)
        results.append({"seed": seed, "fraction": np.mean(fraction), **judge(rows, design), **nfkb(rows)})
    table = pd.DataFrame(results)
    print(table.round(3).to_string(index=False))
    print(table.drop(columns="seed").mean().round(3).to_string())


if __name__ == "__main__":
    typer.run(main)
