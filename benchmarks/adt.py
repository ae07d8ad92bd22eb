#!/usr/bin/env python3
"""dsb beside muon's and R's: difference, time, memory, separation of cell types, with and without empty droplets."""

import resource
import subprocess
import sys
import warnings
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from scipy import sparse
from sklearn.metrics import roc_auc_score

from sscite import names
from sscite.adt import clr, dsb, normalisation, positivity
from sscite.adt.panels import canonical
from sscite.annotate import celltypist, model_file, protein_decision
from sscite.formats import read_counts, split_features

ROOT = Path(__file__).resolve().parents[1]
# marker: types that carry it, types left out because part of them does
MARKERS = {
    "CD3": (["CD4 T", "CD8 T", "other T"], []), "CD4": (["CD4 T"], ["monocytes", "DCs", "pDC", "other T"]),
    "CD8": (["CD8 T"], ["NK", "DCs", "other T"]), "CD19": (["B"], ["plasma"]), "CD20": (["B"], ["plasma"]),
    "CD56": (["NK"], ["other T"]), "CD14": (["monocytes"], []), "CD11c": (["monocytes"], ["DCs", "pDC", "NK"]),
}  # fmt: skip
LABELLED = ("citefuse_500_rna_adt_hto.h5mu", "pbmc_5k_protein_v3_200.h5ad", "pbmc_10k_protein_v3_200.h5ad")
RESAMPLES = 20


def ours(counts: sparse.csr_matrix, empties: sparse.csr_matrix, isotypes: np.ndarray) -> np.ndarray:
    """Both steps of dsb."""
    values = dsb.correct(counts, dsb.ambient(empties))
    return dsb.regress_out(values, dsb.technical(values, isotypes).noise)


def theirs(counts: sparse.csr_matrix, empties: sparse.csr_matrix, isotypes: np.ndarray) -> np.ndarray:
    """Run muon's dsb on the same matrices, given as dense as it makes them."""
    from anndata import AnnData
    from muon import prot

    cells, background = AnnData(counts.toarray().astype(float)), AnnData(empties.toarray().astype(float))
    background.obs_names = [f"e{i}" for i in range(background.n_obs)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prot.pp.dsb(cells, background, isotype_controls=list(cells.var_names[isotypes]) if len(isotypes) else None)
    return cells.X


def timed(run, *arguments: object) -> tuple[np.ndarray, float]:
    """Run and time, in seconds."""
    begin = perf_counter()
    return run(*arguments), perf_counter() - begin


def compare(values: np.ndarray, reference: np.ndarray) -> tuple[float, float, float]:
    """Correlation overall, of the worst protein, and largest difference."""
    overall = np.corrcoef(values.ravel(), reference.ravel())[0, 1]
    worst = min(np.corrcoef(a, b)[0, 1] for a, b in zip(values.T, reference.T, strict=True))
    return overall, worst, float(np.abs(values - reference).max())


def resized(counts: sparse.csr_matrix, cells: int, proteins: int, *, seed: int) -> sparse.csr_matrix:
    """Draw cells and columns again and add Poisson noise, a block at a time, to any size."""
    rng = np.random.default_rng(seed)
    columns = np.arange(proteins) % counts.shape[1]
    blocks = [rng.choice(counts.shape[0], min(10_000, cells - i)) for i in range(0, cells, 10_000)]
    return sparse.vstack(
        [sparse.csr_matrix(rng.poisson(counts[rows][:, columns].toarray()).astype(np.int32)) for rows in blocks],
        format="csr",
    )


def separation(values: np.ndarray, proteins: list[str], types: pd.Series) -> tuple[float, float, float]:
    """AUROC of the lineage markers: mean over markers, with one threshold for all (pooled), and of CD14."""
    single, scores, truth = {}, [], []
    for marker, (carriers, unclear) in MARKERS.items():
        if marker not in proteins:
            continue
        use = ~types.isin([*unclear, "undefined"]).to_numpy()
        scores.append(values[use, proteins.index(marker)])
        truth.append(types[use].isin(carriers).to_numpy())
        single[marker] = roc_auc_score(truth[-1], scores[-1])
    pooled = roc_auc_score(np.concatenate(truth), np.concatenate(scores))
    return float(np.mean(list(single.values()))), float(pooled), float(single["CD14"])


def labelled(data: Path, file: str) -> tuple[sparse.csr_matrix, list[str], pd.DataFrame, pd.Series]:
    """Antibody counts, their features, labels by RNA, and types of the cells whose label is sure."""
    counts = read_counts(data / "citeseq" / file)
    kinds = split_features(counts.features)
    prot, rna = counts.select(kinds == "prot"), counts.select(kinds == "rna")
    classifier = model_file.load(data / "celltypist" / "Immune_All_Low.pkl")
    genes = pd.DataFrame({"gene_id": ""}, index=rna.features.index.astype(str))
    matrix = sparse.csr_matrix(rna.matrix).astype(np.float32)
    labels = celltypist.annotate(matrix, pd.Index(counts.barcodes).astype(str), genes, classifier).cells
    types = labels[names.LINEAGE].astype(str).replace({"monocyte/DC": "DCs", "platelet": "undefined"})
    types[labels[names.CELL_TYPE] == "Classical monocytes"] = "monocytes"
    types[labels[names.CELL_TYPE_CONFIDENCE] < 0.5] = "undefined"
    return sparse.csr_matrix(prot.matrix), list(prot.features.index), labels, types.reset_index(drop=True)


def checked(values: np.ndarray, proteins: list[str], labels: pd.DataFrame) -> tuple[float, float, float]:
    """Cells of a clear lineage by protein, and how many of these agree with RNA before and after the check.

    Means over resamples of cells, since a cut may jump; agreement over those in which a lineage is clear.
    """
    rows = []
    for seed in range(RESAMPLES):
        drawn = np.random.default_rng(seed).choice(len(values), len(values))
        again = labels.iloc[drawn].set_axis([f"c{i}" for i in range(len(drawn))])
        frame, _ = protein_decision.check_by_protein(
            again, pd.DataFrame(values[drawn], columns=proteins, index=again.index)
        )
        shown = frame[names.PROTEIN_LINEAGE].to_numpy()
        clear = shown != ""
        agrees = [
            [a in protein_decision.COMPATIBLE[b] for a, b in zip(frame[which][clear], shown[clear], strict=True)]
            for which in (names.LINEAGE_RNA, names.LINEAGE)
        ]
        rows.append([clear.mean(), *(np.mean(x) if x else np.nan for x in agrees)])
    clear, before, after = np.nanmean(rows, axis=0)
    return clear, before, after


def no_empties(counts: sparse.csr_matrix, panel: pd.DataFrame) -> dict[str, np.ndarray]:
    """Every way to normalise cells alone: steps of dsb, and the form of R's ModelNegativeADTnorm."""
    isotypes, rng = np.flatnonzero(panel["is_isotype"]), np.random.default_rng
    step1 = dsb.correct(counts, dsb.ambient_of_cells(counts, rng=rng(0)))
    negative = dsb.ambient_of_cells(counts, rng=rng(0), pseudocount=1)
    theirs = dsb.correct(counts, negative, pseudocount=1, standardize=False)
    settings = normalisation.Settings(method="dsb_cells")
    return {
        "step 1 alone": step1,
        "slope over all cells": dsb.regress_out(step1, dsb.technical(step1, isotypes).noise),
        "ModelNegativeADTnorm": dsb.regress_out(theirs, dsb.technical(theirs, isotypes).noise),
        "dsb_cells": normalisation.normalise(counts, panel, empties=None, settings=settings, rng=rng(0)).proteins,
        "clr_cell": clr.clr_cell(counts), "clr_protein": clr.clr_protein(counts),
    }  # fmt: skip


def landmarks(counts: sparse.csr_matrix, panel: pd.DataFrame) -> np.ndarray:
    """Align the negative peak of each protein to 0 and its valley to 1, in the manner of ADTnorm."""
    logged = np.log1p(counts.toarray().astype(float))
    isotypes, rng = np.flatnonzero(panel["is_isotype"]), np.random.default_rng(0)
    table = positivity.thresholds(logged, isotypes, rng=rng)
    aligned = np.empty_like(logged)
    for j, values in enumerate(logged.T):
        valley, negative = table["threshold"].iloc[j], np.median(values)
        if table["bimodal"].iloc[j] and np.isfinite(valley):
            negative = np.median(values[values <= valley])
        else:
            valley = negative + 3 * 1.4826 * np.median(np.abs(values - negative))
        aligned[:, j] = (values - negative) / max(valley - negative, 0.2)
    return aligned


def variants(counts: sparse.csr_matrix, types: np.ndarray) -> dict[str, tuple[sparse.csr_matrix, np.ndarray]]:
    """Return a library, its counts thinned to a half and a quarter, and the library with few monocytes or T cells."""
    rng = np.random.default_rng(0)
    made = {"whole": (counts, types)}
    for share in (0.5, 0.25):
        thinned = counts.copy().astype(np.int64)
        thinned.data = rng.binomial(thinned.data, share)
        made[f"{share:.0%} of the counts"] = (thinned, types)
    for name, group in (("monocytes", ["monocytes", "DCs"]), ("T", ["CD4 T", "CD8 T", "other T"])):
        kept = ~np.isin(types, group) | (rng.random(len(types)) < 0.2)
        made[f"20% of {name}"] = (counts[np.flatnonzero(kept)], types[kept])
    return made


def compare_thresholds(data: Path) -> None:
    """Print the balanced accuracy of one threshold for all markers, chosen on the other studies, by method."""
    found: dict[str, list[tuple[str, str, str, np.ndarray, np.ndarray]]] = {}
    for study, (counts, features, _, truth) in studies(data).items():
        panel = canonical(features)
        proteins = list(panel["protein"])
        for variant, (matrix, types) in variants(counts, truth.to_numpy()).items():
            ways = {"raw": np.log1p(matrix.toarray()), "landmarks": landmarks(matrix, panel)}
            ways |= {name: no_empties(matrix, panel)[name] for name in ("dsb_cells", "clr_cell", "clr_protein")}
            for marker, (carriers, unclear) in MARKERS.items():
                use = ~np.isin(types, [*unclear, "undefined"])
                positive = np.isin(types[use], carriers)
                if marker in proteins and min(positive.sum(), (~positive).sum()) >= 5:
                    for way, values in ways.items():
                        scores = values[use, proteins.index(marker)]
                        found.setdefault(way, []).append((study, variant, marker, scores, positive))
    print("one threshold, chosen on the other studies: mean, worst study, worst variant of a study, worst marker")
    for way, rows in found.items():
        table = pd.DataFrame([(s, v, m, held_out(rows, s, x, y)) for s, v, m, x, y in rows], columns=[*"svmb"])
        worst = (table.groupby(key)["b"].mean().min() for key in (["s"], ["s", "v"], ["m"]))
        print(f"  {way:12} {table['b'].mean():.3f}   " + "   ".join(f"{x:.3f}" for x in worst), flush=True)
        print("     ", table.pivot_table(index="s", columns="v", values="b").round(3).to_dict("index"))


def held_out(rows: list, study: str, scores: np.ndarray, positive: np.ndarray) -> float:
    """Balanced accuracy at the threshold that is best on all other studies."""
    others = [(x, y) for s, _, _, x, y in rows if s != study]
    grid = np.quantile(np.concatenate([x for x, _ in others]), np.linspace(0.02, 0.98, 97))
    best = grid[int(np.argmax([np.mean([balanced(x, y, t) for x, y in others]) for t in grid]))]
    return balanced(scores, positive, best)


def balanced(scores: np.ndarray, positive: np.ndarray, threshold: float) -> float:
    """Mean of sensitivity and specificity."""
    return float(((scores > threshold)[positive].mean() + (scores <= threshold)[~positive].mean()) / 2)


def studies(data: Path) -> dict[str, tuple[sparse.csr_matrix, list[str], pd.DataFrame | None, pd.Series]]:
    """Return counts, features, labels by RNA and types of each study with known types."""
    counts = read_counts(data / "adt/dsb_tsang/cells_counts.csv.gz")
    published = pd.read_csv(data / "adt/dsb_tsang/cell_type_labels_matched_from_ADTnorm.csv", index_col=0)
    types = published["cell_type_l1"].reindex(counts.barcodes).reset_index(drop=True)
    found = {"dsb_tsang": (sparse.csr_matrix(counts.matrix), list(counts.features.index), None, types)}
    return found | {file: labelled(data, file) for file in LABELLED}


def compare_no_empties(data: Path) -> None:
    """Print how well lineage markers separate, and what the protein check makes of them, without empty droplets."""
    print("without empty droplets   mean AUROC   one threshold   CD14   clear by protein   agrees: RNA   after check")
    for name, (matrix, features, labels, truth) in studies(data).items():
        panel = canonical(features)
        proteins = list(panel["protein"])
        print(f"  {name}")
        for way, values in no_empties(matrix, panel).items():
            figures = [*separation(values, proteins, truth)]
            figures += checked(values, proteins, labels) if labels is not None else []
            print(f"    {way:22}", "   ".join(f"{x:.3f}" for x in figures), flush=True)


def large(cells: int, proteins: int, data: Path) -> None:
    """Normalise a large matrix and print time and peak memory of this process."""
    counts = resized(read_counts(data / "cells_counts.csv.gz").matrix, cells, proteins, seed=0)
    empties = resized(read_counts(data / "empty_counts.csv.gz").matrix, 10_000, proteins, seed=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    _, seconds = timed(ours, counts, empties, np.arange(4))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{cells:>9,} x {proteins}  {seconds:7.2f} s  peak {peak:.2f} GB (inputs {before:.2f} GB)", flush=True)


def main(
    data: Annotated[Path, typer.Option(help="Folder with the dsb_tsang tables.")] = ROOT.parent
    / "shared/data/adt/dsb_tsang",
    cells: Annotated[int, typer.Option(help="Cells of the timed comparison.")] = 10_000,
    proteins: Annotated[int, typer.Option(help="Proteins of the timed comparison.")] = 140,
    large_cells: Annotated[int, typer.Option(help="Only time and measure this many cells, without muon.")] = 0,
    one_threshold: Annotated[bool, typer.Option(help="Only compare one threshold for all markers.")] = False,
    cells_only: Annotated[bool, typer.Option(help="Only compare what can be done without empty droplets.")] = False,
) -> None:
    """Print the equality table, the speed beside muon, scaling and memory, and how well cell types separate."""
    if one_threshold:
        compare_thresholds(data.parents[1])
        return
    if cells_only:
        compare_no_empties(data.parents[1])
        return
    if large_cells:
        large(large_cells, proteins, data)
        return
    counts, empties = read_counts(data / "cells_counts.csv.gz"), read_counts(data / "empty_counts.csv.gz")
    panel = canonical(list(counts.features.index))
    isotypes, none = np.flatnonzero(panel["is_isotype"]), np.array([], dtype=int)
    reference = {
        name: pd.read_csv(data / f"dsb_{name}.csv.gz", index_col=0).T.to_numpy()
        for name in ("step1_only", "isotype_denoised", "denoised_no_isotype")
    }
    dsb.technical(dsb.correct(counts.matrix[:100], dsb.ambient(empties.matrix)), none)  # compiled before timing
    step1 = dsb.correct(counts.matrix, dsb.ambient(empties.matrix))
    print("difference from R          r overall    worst protein   largest difference   seconds")
    print(f"  step 1, sscite           {'':27}   {np.abs(step1 - reference['step1_only']).max():.1e}")
    for name, chosen in (("isotype_denoised", isotypes), ("denoised_no_isotype", none)):
        for label, run in (("sscite", ours), ("muon", theirs)):
            found, seconds = timed(run, counts.matrix, empties.matrix, chosen)
            overall, worst, largest = compare(found, reference[name])
            print(f"  {name}, {label:7} {overall:.10f} {worst:.10f}   {largest:.1e}   {seconds:8.2f}", flush=True)

    big, background = resized(counts.matrix, cells, proteins, seed=0), resized(empties.matrix, 8_000, proteins, seed=1)
    own = min(timed(ours, big, background, isotypes)[1] for _ in range(3))
    other = timed(theirs, big, background, isotypes)[1]
    print(f"{cells:,} x {proteins}: sscite {own:.3f} s, muon {other:.1f} s, {other / own:.0f} times", flush=True)
    for size in (30_000, 100_000, 300_000):
        subprocess.run([sys.executable, __file__, "--data", data, "--large-cells", str(size)], check=True)

    types = pd.read_csv(data / "cell_type_labels_matched_from_ADTnorm.csv", index_col=0)["cell_type_l1"]
    types = types.reindex(counts.barcodes).reset_index(drop=True)
    print("AUROC of lineage markers    mean of markers   one threshold for all")
    methods = {
        "dsb": ours(counts.matrix, empties.matrix, isotypes), "dsb, step 1": step1,
        "clr_cell": clr.clr_cell(counts.matrix), "clr_protein": clr.clr_protein(counts.matrix),
    }  # fmt: skip
    pooled = {}
    for name, values in methods.items():
        mean, pooled[name], _ = separation(values, list(panel["protein"]), types)
        print(f"  {name:24} {mean:.4f}            {pooled[name]:.4f}")
    compare_no_empties(data.parents[1])
    print(f"adt: {other / own:.0f} times muon on {cells:,} x {proteins}; pooled AUROC dsb {pooled['dsb']:.4f}, "
          f"clr_protein {pooled['clr_protein']:.4f}, clr_cell {pooled['clr_cell']:.4f}")  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
