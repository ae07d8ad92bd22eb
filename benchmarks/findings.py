#!/usr/bin/env python3
"""Findings 2 and 3 on simulated cohorts, and the share of false calls among the compositions called.

Finding 2: NF-kB targets stand out in CD14_EGR1, between renal crisis and the others (ranked) and among the subset's
marker genes (Fisher). Finding 3: THBS1_Mac follows CD14_EGR1 from blood to kidney along pseudotime. The null of finding
2 has a fold of 1; that of finding 3 has the names of subsets other than THBS1_Mac shuffled in kidney.
"""

from __future__ import annotations

import time
from typing import Annotated

import calibration
import numpy as np
import pandas as pd
import typer
from anndata import AnnData
from scipy import sparse

from sscite import names, simulate
from sscite.cohort import writer
from sscite.cohort.integrate import embed
from sscite.compare.composition import differential, effects, frequency
from sscite.compare.contrast.contrast import Comparison, Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.compare.enrichment import competitive
from sscite.compare.expression import differential as genes_between
from sscite.compare.trajectory import gene_trends, inference
from sscite.embedding import pca
from sscite.simulate import cohort
from sscite.simulate.library import Settings
from sscite.subsets.definitions.questions import GeneSets, Trajectory
from sscite.subsets.tissue import counterparts

LINEAGE, START, END, GENE = "monocyte/DC", "CD14_EGR1", "THBS1_Mac", "THBS1"
TRAJECTORY = Trajectory(LINEAGE, without=("cDC1", "cDC2"), root_up=("S100A12",), root_down=("HLA-DRB1",))
FINDING_3 = [
    f"3: {END} has no counterpart in blood", f"3: {START} is the predecessor of {END}",
    f"3: {START} is said to change into it", "3: another is said to", f"3: in order root, {START}, {END}",
    f"3: {GENE} rises in every donor", "3: all of these", "3: correlation with the planted position",
    "3: the same of diffusion pseudotime",
]  # fmt: skip
FALSE_STATES = "3: states of blood that are called without counterpart"
UNCHANGED = np.log(1.1)  # natural log; a smaller true change of a share counts as none


def gene_sets() -> dict[str, list[str]]:
    """Give the simulator's sets; NF-kB's without the subset's own markers, which stand out whatever is planted."""
    own = simulate.profiles.definition()["subsets"][START]["genes"]
    sets = simulate.gene_sets()
    return sets | {"NFKB_TARGETS": [gene for gene in sets["NFKB_TARGETS"] if gene not in own]}


def as_pseudobulk(counts: pd.DataFrame, cells: pd.DataFrame, samples: pd.DataFrame) -> AnnData:
    """Put summed counts (rows sample, subset) as COMPARE_PSEUDOBULK writes them."""
    obs = counts.index.to_frame(index=False).merge(samples[["sample", "donor", "tissue"]], on="sample")
    obs = obs.rename(columns={"subset": "name"}).assign(level="subset", parent=LINEAGE)
    obs["n_cells"] = [cells.loc[s, n] for s, n in zip(obs["sample"], obs["name"], strict=True)]
    obs.index = obs["sample"] + "|" + obs["name"]
    return AnnData(sparse.csr_matrix(counts.to_numpy()), obs=obs, var=pd.DataFrame(index=counts.columns.astype(str)))


def nfkb(fold: float, *, cells: int, genes: int, seed: int) -> dict[str, bool]:
    """Draw a cohort and ask by name: NF-kB in CD14_EGR1, by rank where SRC donors have it, by markers where all do."""
    samples = simulate.design(seed=seed).astype(str)
    counts = simulate.compositions(samples, np.random.default_rng([seed, 7]), effect=0, cells=cells)
    lineage = simulate.subsets()["lineage"]
    kept = [name for name in counts if lineage[name] == LINEAGE and counts[name].any()]
    # the same seed draws the same donors and libraries with and without the effect
    plain, raised = (
        simulate.pseudobulk(
            samples, counts, np.random.default_rng([seed, 11]), subsets=kept, genes=genes, effect={"nfkb": f}
        )
        for f in (1, fold)
    )
    src = plain.index.get_level_values("sample").isin(samples.loc[samples["group"] == "SRC", "sample"])
    between = pd.concat([plain[~src], raised.loc[plain.index[src]]]).loc[plain.index]
    contrast = Contrast("SRC against other SSc", "src_ssc", "SRC", ("no",), ("yes",), ("blood",), (START,))
    bulk = as_pseudobulk(between, counts, samples)
    table = genes_between.test_contrast(bulk, compare(contrast, samples), min_cells=10, min_donors=3)[0]
    sets = {"sets": gene_sets()}
    marked = competitive.markers(as_pseudobulk(raised, counts, samples), min_cells=10, min_donors=3)
    return {
        "2: NF-kB in CD14_EGR1, SRC against other SSc (ranked)": up(competitive.rank_contrast(table, sets)),
        "2: NF-kB in CD14_EGR1's marker genes (Fisher)": up(competitive.test_markers(marked, sets)),
    }


def up(table: pd.DataFrame) -> bool:
    """Tell whether NF-kB's genes stand out upwards in CD14_EGR1 at FDR 5 %."""
    found = competitive.of_question(table, GeneSets(START, ("NFKB_TARGETS",)))
    return bool(((found["fdr"] < 0.05) & (found["effect"] > 0)).any())


def monocytes(fold: float, *, cells: int, genes: int, seed: int) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Simulate blood monocytes and kidney macrophages of four SRC donors: corrected space, cells, log values."""
    settings = Settings(doublets=0, empties=0, negatives=0, effect={"kidney_thbs1": fold})
    design = simulate.design({"SRC": 4}, kidney=4, seed=seed)
    counts, _ = cohort.compose(design, cells=cells, settings=settings, seed=seed)
    out = simulate.subsets()["lineage"] != LINEAGE
    counts.loc[:, out[out].index] = 0
    drawn = [library for _, library in cohort.libraries(design, counts, genes=genes, settings=settings, seed=seed)]
    obs = pd.concat([library.truth for library in drawn]).set_index("cell")
    matrix = sparse.vstack([library.counts[:, :genes] for library in drawn], format="csr").astype(np.float32)
    matrix.data = writer.log_normalise(matrix, np.asarray(matrix.sum(axis=1)).ravel())
    kept = np.flatnonzero(~obs["dying"].to_numpy(bool) & ~obs[names.SUBSET].isin(["cDC1", "cDC2"]).to_numpy())
    matrix, obs = matrix[kept], obs.iloc[kept]
    space = embed.correct(pca.fit(matrix, components=30).project(matrix), obs, seed=seed)[0]
    seen = np.flatnonzero(matrix.getnnz(axis=0) >= 10)
    return space, obs, pd.DataFrame(matrix[:, seen].toarray(), obs.index, simulate.build(genes).genes[seen])


def path_found(space: np.ndarray, obs: pd.DataFrame, values: pd.DataFrame, *, seed: int) -> dict[str, float]:
    """Find the kidney-specific state and the trajectory to it: its predecessor, the order of states, and THBS1.

    The order is right if the root's state in blood comes before CD14_EGR1 in kidney, and this before THBS1_Mac.
    """
    found = dict.fromkeys([*FINDING_3, FALSE_STATES], 0.0)
    placed = counterparts.place(space, obs, reference="blood", seed=seed)
    joined = obs.join(placed[["counterpart", *counterparts.NUMBERS]])
    states = counterparts.states(joined, reference="blood")
    missing = states.loc[states["without_counterpart"], names.SUBSET]
    found[FALSE_STATES] = float((missing != END).sum())
    if END not in inference.terminal_states(joined, TRAJECTORY, tissue="kidney", reference="blood"):
        return found
    score = inference.root_score(values, TRAJECTORY)
    places = {"tissue": "kidney", "reference": "blood"}
    path = inference.infer_trajectory(space, obs, score, terminal=END, **places, seed=seed)
    median = path.cells.groupby([names.TISSUE, names.SUBSET], observed=True)["pseudotime"].median()
    blood, middle, last = median["blood", path.states[0]], median.get(("kidney", START), np.nan), median["kidney", END]
    kidney = path.cells[path.cells[names.TISSUE] == "kidney"]
    rising = gene_trends.correlate_pseudotime(
        values.loc[kidney.index].to_numpy(), values.columns, kidney, "gene"
    ).set_index("feature")
    right = path.states[-2] == START
    three = [right, blood < middle < last, rising.loc[GENE, "lowest"] > 0]
    said = [path.is_supported and right, path.is_supported and not right]
    place = [kidney["position"].corr(kidney[column], method="spearman") for column in ("pseudotime", "diffusion")]
    return found | dict(
        zip(
            FINDING_3,
            [1.0, float(right), *map(float, said), *map(float, three[1:]), float(all(three)), *place],
            strict=True,
        )
    )


def shuffled(obs: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Shuffle the names of the kidney's subsets but for its own."""
    subset = obs[names.SUBSET].to_numpy(str, copy=True)
    rows = np.flatnonzero((obs[names.TISSUE] == "kidney") & (subset != END))
    subset[rows] = np.random.default_rng([seed, 13]).permutation(subset[rows])
    return obs.assign(subset=subset)


def true_changes(samples: pd.DataFrame, comparison: Comparison, fold: float) -> pd.Series:
    """Return the true change of each test's log percent between the groups, by measure, level, parent, subset."""
    expected = calibration.tidy((simulate.expected_proportions(samples, fold) * 1e7).round().astype(int))
    measures = frequency.measure(expected, comparison)
    group, log = comparison.donors["group"].to_numpy(), np.log(np.maximum(measures.percent, 1e-6))
    change = log[group == 1].mean(axis=0) - log[group == 0].mean(axis=0)
    return pd.Series(change, index=pd.MultiIndex.from_frame(measures.tests[frequency.KEYS]))


def false_discoveries(fold: float, *, cells: int, seed: int) -> list[list[object]]:
    """Return the share of false calls of each method and contrast in one cohort with all effects planted.

    False is a call where the true change of the percent is below a tenth, or where its sign is wrong.
    """
    samples, counted = calibration.cohort(20_000 + seed, fold, cells=cells)
    rows: list[list[object]] = []
    for contrast in calibration.CONTRASTS:
        comparison = compare(contrast, samples)
        measures, rng = frequency.measure(counted, comparison), np.random.default_rng(seed)
        table = differential.test(effects.fit(measures, comparison, seed=seed), comparison, draws=500, rng=rng)[0]
        keys = pd.MultiIndex.from_frame(table[frequency.KEYS])
        real = true_changes(samples, comparison, fold).reindex(keys).to_numpy()
        for name, effect in (("share", "share_fold_change"), ("log_ratio", "fold_change")):
            called = (table[f"{name}_fdr"] <= effects.LEVEL).to_numpy()
            wrong = np.sign(np.log(table[effect].to_numpy(float))) != np.sign(real)
            false = called & ((np.abs(real) < UNCHANGED) | wrong)
            rows.append([contrast.name, f"{name} BH", fold, called.sum(), false.sum() / max(called.sum(), 1)])
    return rows


def report(hits: list[dict[str, bool]] | list[dict[str, float]], what: str) -> pd.DataFrame:
    """Share of cohorts for each question; for a correlation its mean."""
    return pd.DataFrame([[what, name, len(hits), np.nanmean([hit[name] for hit in hits])] for name in hits[0]])


def main(
    cohorts: Annotated[int, typer.Option(help="cohorts with an effect")] = 50,
    nulls: Annotated[int, typer.Option(help="cohorts without, of finding 2")] = 50,
    nfkb_folds: Annotated[str, typer.Option(help="of NF-kB's targets, comma-separated")] = "1.2,1.5,2",
    thbs1_fold: Annotated[float, typer.Option(help="of THBS1_Mac; 3 is 9 percent of the kidney's cells")] = 3,
    folds: Annotated[str, typer.Option(help="of all effects, for false discoveries")] = "3,4,6",
    cells: Annotated[int, typer.Option(help="cells of a blood sample")] = 8000,
    tissue_cells: Annotated[int, typer.Option(help="cells of the cohort of finding 3, all lineages")] = 8000,
    genes: Annotated[int, typer.Option(help="genes")] = 1000,
    seed: Annotated[int, typer.Option(help="of all cohorts")] = 0,
) -> None:
    """Print how often findings 2 and 3 are recovered, with and without effect, and the false discoveries."""
    start, tables = time.monotonic(), []
    for fold, number in [(1.0, nulls), *((float(text), cohorts) for text in nfkb_folds.split(","))]:
        found = [nfkb(fold, cells=cells, genes=genes, seed=seed + i) for i in range(number)]
        tables.append(report(found, f"fold {fold:g}"))
    paths: dict[str, list[dict[str, float]]] = {f"fold {thbs1_fold:g}": [], "names shuffled": []}
    for number in range(30_000 + seed, 30_000 + seed + cohorts):
        space, obs, values = monocytes(thbs1_fold, cells=tissue_cells, genes=genes, seed=number)
        for hits, named in zip(paths.values(), [obs, shuffled(obs, seed=number)], strict=True):
            hits.append(path_found(space, named, values, seed=number))
    tables += [report(hits, what) for what, hits in paths.items()]
    recovered = pd.concat(tables).set_axis(["effect", "finding", "cohorts", "share"], axis=1)
    print(recovered.to_string(index=False, float_format=lambda v: f"{v:.2f}"))
    rows = [row for fold in folds.split(",") for i in range(cohorts)
            for row in false_discoveries(float(fold), cells=cells, seed=seed + i)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["contrast", "method", "fold", "calls", "false"])
    means = table.groupby(["contrast", "method", "fold"], sort=False).mean()
    print(means.reset_index().to_string(index=False, float_format=lambda v: f"{v:.3f}"))
    print(f"false_discoveries_max={means['false'].max():.3f} seconds={time.monotonic() - start:.0f}")


if __name__ == "__main__":
    typer.run(main)
