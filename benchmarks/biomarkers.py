#!/usr/bin/env python3
"""Planted panels recovered, null cohorts, real lineages beside a decision tree, and time and memory at full size."""

import resource
from pathlib import Path
from time import perf_counter
from typing import Annotated

import adt
import numpy as np
import pandas as pd
import typer
from scipy import stats
from sklearn.tree import DecisionTreeClassifier

from sscite.adt.panels import canonical
from sscite.biomarkers.panel import auroc, gates, validation
from sscite.biomarkers.panel.gates import Gate
from sscite.formats import read_counts

ROOT = Path(__file__).resolve().parents[1]
PLANTED = 3
MIDDLE = 2.0  # threshold of the planted gates


def cohort(seed: int, *, donors: int, cells: int, proteins: int, null: bool = False) -> tuple:
    """Simulate the cells of a lineage as dsb values, with a subset that three antibodies define.

    Eight populations are all combinations of three proteins high or low; the subset is one of them. Positive cells
    are normal around 2.0 + 1.3, negative around 2.0 - 1.5, with donor shifts. A third of the other proteins differ
    between the populations by up to half as much (1.4). In a null cohort the labels are shuffled within donors.
    """
    rng = np.random.default_rng(seed)
    planted = rng.choice(proteins, PLANTED, replace=False)
    high = rng.random(PLANTED) < 0.6
    donor = np.repeat(np.arange(donors), rng.integers(cells // 2, 2 * cells, donors))
    share = np.array([rng.dirichlet(8 * rng.dirichlet(np.full(8, 3.0)) + 0.5) for _ in range(donors)])
    population = np.array([rng.choice(8, p=share[d]) for d in donor])
    bits = (population[:, None] >> np.arange(PLANTED)) & 1
    values = rng.normal(0.5, 0.9, (len(donor), proteins)) + rng.normal(0, 0.2, (donors, proteins))[donor]
    decoys = rng.random(proteins) < 1 / 3
    values[:, decoys] += rng.uniform(-0.7, 0.7, (8, decoys.sum()))[population]
    shift = rng.normal(0, 0.15, (donors, PLANTED))[donor]
    values[:, planted] = MIDDLE + np.where(bits, 1.3, -1.5) + shift + rng.normal(0, 0.75, bits.shape)
    target = (bits == high).all(axis=1)
    if null:
        for d in range(donors):
            target[donor == d] = rng.permutation(target[donor == d])
    names = [f"P{j}" for j in range(proteins)]
    planted_gates = [
        Gate(names[j], *((MIDDLE, np.inf) if up else (-np.inf, MIDDLE))) for j, up in zip(planted, high, strict=True)
    ]
    return values.astype(np.float32), names, target, donor, planted_gates


def find(values: np.ndarray, names: list[str], target: np.ndarray, donor: np.ndarray, seed: int) -> validation.Panel:
    """Find a panel as the pipeline does."""
    fold, _ = validation.make_folds(target, donor, seed=seed)
    return validation.find_panel(values, names, target, donor, fold, seed=seed)


def recovery(number: int) -> None:
    """Planted 3-protein definitions: exact panels, and held-out F1 beside the planted gate's own."""
    exact, contained, differences = [], [], []
    for seed in range(number):
        rng = np.random.default_rng(1000 + seed)
        size = int(rng.integers(30, 141))
        values, names, target, donor, planted = cohort(
            seed, donors=int(rng.integers(6, 28)), cells=int(rng.integers(150, 500)), proteins=size
        )
        panel = find(values, names, target, donor, seed)
        wanted, found = ({gate.protein for gate in each} for each in (planted, panel.gates))
        own = gates.measure(gates.inside(values, names, planted), target, gates.donor_weights(donor))
        exact.append(wanted == found)
        contained.append(wanted <= found)
        differences.append(panel.chosen.f1 - own.f1)
        print(
            f"{seed:3d} {size:4d} antibodies {len(target):6d} cells, subset {target.mean():6.1%}: planted "
            f"{sorted(wanted)} F1 {own.f1:.3f}; found {sorted(found)} F1 {panel.chosen.f1:.3f} claimed {panel.gateable}"
        )
    differences = np.array(differences)
    print(
        f"recovery: exact {np.mean(exact):.0%}, containing {np.mean(contained):.0%} of {number}; held-out F1 minus "
        f"planted: median {np.median(differences):+.3f}, worst {differences.min():+.3f}, "
        f"within 0.03 in {np.mean(np.abs(differences) <= 0.03):.0%}"
    )


def null(number: int) -> None:
    """Cohorts whose labels have nothing to do with protein: p uniform, no panel claimed."""
    p, claimed = [], []
    for seed in range(number):
        rng = np.random.default_rng(5000 + seed)
        values, names, target, donor, _ = cohort(
            seed, donors=int(rng.integers(4, 12)), cells=100, proteins=int(rng.integers(30, 141)), null=True
        )
        panel = find(values, names, target, donor, seed)
        p.append(panel.p)
        claimed.append(panel.gateable)
    ks = stats.kstest(p, "uniform").pvalue
    print(
        f"null: {number} cohorts, KS p of uniform {ks:.3f}, p <= 0.05 in {np.mean(np.array(p) <= 0.05):.1%}, "
        f"claimed {np.mean(claimed):.1%}"
    )


def tree(values: np.ndarray, target: np.ndarray, fold: np.ndarray, weights: np.ndarray, antibodies: int) -> float:
    """Held-out F1 of a depth-4 decision tree on the antibodies that a first tree in the training cells uses most."""
    gated = np.zeros(len(target), dtype=bool)
    for number in np.unique(fold):
        train = fold != number
        grown = DecisionTreeClassifier(max_depth=4, random_state=0)
        first = grown.fit(values[train], target[train], sample_weight=weights[train])
        columns = np.argsort(-first.feature_importances_, kind="stable")[:antibodies]
        second = grown.fit(values[train][:, columns], target[train], sample_weight=weights[train])
        gated[~train] = second.predict(values[~train][:, columns])
    return gates.measure(gated, target, weights).f1


def real(data: Path) -> None:
    """Lineages of public data, no question given: gates and held-out F1 beside a decision tree's."""
    counts = read_counts(data / "adt/dsb_tsang/cells_counts.csv.gz")
    empties = read_counts(data / "adt/dsb_tsang/empty_counts.csv.gz")
    published = pd.read_csv(data / "adt/dsb_tsang/cell_type_labels_matched_from_ADTnorm.csv", index_col=0)
    published = published.reindex(counts.barcodes).fillna("undefined")
    panel = canonical(list(counts.features.index))
    values = adt.ours(counts.matrix, empties.matrix, np.flatnonzero(panel["is_isotype"]))
    sets = {"dsb_tsang": (values, panel, published["cell_type_l1"], published["sample"])}
    for file in ("citefuse_500_rna_adt_hto.h5mu", "pbmc_5k_protein_v3_200.h5ad"):
        matrix, features, _, types = adt.labelled(data, file)
        panel = canonical(features)
        sets[file] = (adt.no_empties(matrix, panel)["dsb_cells"], panel, types, pd.Series("one", types.index))
    for name, (values, panel, types, donors) in sets.items():
        sure = (types != "undefined").to_numpy() & np.isfinite(values).all(axis=1)
        columns = np.flatnonzero(~panel["is_isotype"].to_numpy(bool))
        offered = values[np.ix_(sure, columns)]
        proteins, codes = list(panel["protein"].iloc[columns]), pd.factorize(donors[sure])[0]
        for lineage in ("monocytes", "B", "NK", "CD4 T", "CD8 T"):
            target = (types[sure] == lineage).to_numpy()
            fold, across = validation.make_folds(target, codes, seed=0)
            found = validation.find_panel(offered, proteins, target, codes, fold, seed=0)
            rival = tree(offered, target, fold, gates.donor_weights(codes), max(found.size, 1))
            print(
                f"{name[:9]} {lineage:9} {target.sum():4d} of {len(target)} cells, held out "
                f"{'donors' if across else 'cells'}: {', '.join(gate.limits for gate in found.gates):55} F1 "
                f"{found.chosen.f1:.3f}, tree {rival:.3f}"
            )


def size(cells: int, proteins: int) -> None:
    """AUROCs of 40 subsets and the panel of one at full size."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(cells, proteins)).astype(np.float32)
    donor, subset = rng.integers(0, 27, cells), rng.integers(0, 40, cells)
    values[:, :3] += (subset == 0)[:, None] * 3
    begin = perf_counter()
    auroc.auroc(values, subset, donor)
    auroc.auroc(values, subset, donor * 8 + subset // 5)
    middle = perf_counter()
    parent = subset < 5
    panel = find(values[parent], [f"P{j}" for j in range(proteins)], subset[parent] == 0, donor[parent], 0)
    end = perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"size: {cells} x {proteins}: AUROC {middle - begin:.0f} s, panel {end - middle:.0f} s "
        f"({[gate.limits for gate in panel.gates]}), peak {memory:.2f} GB"
    )


def main(
    part: Annotated[str, typer.Option(help="recovery, null, real, size or all")] = "all",
    cohorts: Annotated[int, typer.Option(help="simulated cohorts of recovery; null takes four times as many")] = 50,
    data: Annotated[Path, typer.Option(help="folder of the real data")] = ROOT.parent / "shared/data",
) -> None:
    if part in ("real", "all"):
        real(data)
    if part in ("size", "all"):
        size(250_000, 140)
    if part in ("recovery", "all"):
        recovery(cohorts)
    if part in ("null", "all"):
        null(4 * cohorts)


if __name__ == "__main__":
    typer.run(main)
