#!/usr/bin/env python3
"""Take real cells through the pipeline's steps to subsets, and hold the names against sorting, stimulation and protein.

    python benchmarks/subset_names.py --work /tmp/names
    python benchmarks/subset_names.py --work /tmp/names --sets mismatched

Prints a row per target: what was measured, on how many cells, and whether it is reached. Sorted PBMC are one library
and four random ones; `mismatched` simulates libraries of 20,000 genes and labels them with a model of 2,000.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from sscite import io

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
MODEL = DATA / "celltypist" / "Immune_All_Low.pkl"
KITS = {"pbmc_5k": "citeseq/pbmc_5k_protein_v3_200.h5ad", "pbmc_10k": "citeseq/pbmc_10k_protein_v3_200.h5ad",
        "citefuse": "citeseq/citefuse_500_rna_adt_hto.h5mu"}  # fmt: skip
SETS = ("sorted_1", "sorted_4", "kang", *KITS)
SORTED = {"CD19+ B": "B", "CD56+ NK": "NK"}
TREG = "CD4+/CD25 T Reg"
MISFIT_LIBRARIES = ("blood_2", "blood_5", "kidney_1", "lung_1")
Row = tuple[str, str, str, object, str, bool | None]  # set, what, cells, value, target, reached


def step(name: str, *options: object, folder: Path) -> None:
    """Run a script of bin/ in a folder; its messages are shown only if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-W", "ignore", str(ROOT / "bin" / f"{name}.py"), *map(str, options)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr[-2000:]}")


def prepare(name: str, folder: Path) -> pd.DataFrame:
    """Write a set's libraries and samplesheet; return what is known of its cells, indexed by `library:barcode`."""
    folder.mkdir(parents=True, exist_ok=True)
    if name in KITS:
        parts, truth = {"L1": DATA / KITS[name]}, pd.DataFrame()
    else:
        parts, truth = _split(name, folder)
    rows = [(library, library, library, "blood", path.resolve()) for library, path in parts.items()]
    pd.DataFrame(rows, columns=["library", "sample", "donor", "tissue", "counts"]).to_csv(
        folder / "samplesheet.csv", index=False
    )
    return truth


def _split(name: str, folder: Path) -> tuple[dict[str, Path], pd.DataFrame]:
    """Write the sorted or the stimulated cells by library, with new barcodes; return paths and what is known."""
    from anndata import AnnData, read_h5ad
    from scipy import sparse

    whole = read_h5ad(DATA / "rna" / ("kang_pbmc_ifnb_2000.h5ad" if name == "kang" else "pbmc_facs_3774.h5ad"))
    known = whole.obs["condition" if name == "kang" else "celltype"].astype(str).to_numpy()
    of_cell = np.full(len(known), "L1", dtype=object)
    if name == "kang":
        of_cell = known
    elif name == "sorted_4":
        of_cell = np.array([f"L{i}" for i in np.random.default_rng(0).integers(0, 4, len(known))], dtype=object)
    cells = AnnData(
        sparse.csr_matrix(whole.X).astype(np.float32), obs=pd.DataFrame(index=[f"c{i}" for i in range(len(known))]),
        var=pd.DataFrame(index=whole.var_names.astype(str)),
    )  # fmt: skip
    cells.var_names_make_unique()
    paths = {library: folder / f"{library}.h5ad" for library in np.unique(of_cell)}
    for library, path in paths.items():
        cells[of_cell == library].write_h5ad(path)
    return paths, pd.DataFrame({"known": known}, index=of_cell + ":" + cells.obs_names.to_numpy())


def annotate(library: str, counts: Path, folder: Path) -> None:
    """Load a library, assign its sample, score doublets, and label its cells."""
    fragments, samples = folder / "fragments", folder / "samples.csv"
    step("samples_load", "--id", library, "--samples", samples, "--counts", counts, folder=folder / "libraries")
    loaded, common = folder / "libraries" / f"{library}.h5mu", ["--id", library, "--samples", samples]
    (folder / "libraries" / f"{library}.droplets.h5mu").rename(folder / f"{library}.droplets.h5mu")
    step("demux_call", *common, "--hashtag-counts", loaded, folder=fragments)
    step("demux_genotypes", *common, "--library", loaded, "--calls", f"{library}.demux_call.parquet", "--posteriors",
         f"{library}.demux_posteriors.parquet", folder=fragments)  # fmt: skip
    step("samples_doublets", "--id", library, "--library", loaded, folder=fragments)
    step("annotate_celltypist", *common, "--counts", loaded, "--model", folder / "models", folder=folder / "labels")


def check_protein(library: str, folder: Path) -> None:
    """Normalise a library's proteins and compare its labels with them."""
    fragments, loaded = folder / "fragments", folder / "libraries" / f"{library}.h5mu"
    labels = folder / "labels" / f"{library}.annotate_celltypist.parquet"
    step("adt_normalize", "--id", library, "--library", loaded, "--droplets", folder / f"{library}.droplets.h5mu",
         "--methods", folder / "adt_method.csv", folder=fragments)  # fmt: skip
    step("annotate_protein", "--id", library, "--labels", labels, "--proteins", f"{library}.adt_normalize.parquet",
         "--panel", f"{library}.adt_panel.csv", folder=fragments)  # fmt: skip


def to_subsets(folder: Path, model: Path, *, only: tuple[str, ...] = ()) -> pd.DataFrame | None:
    """Run the steps from a samplesheet to subsets; with `only`, those of these libraries up to the protein check."""
    sheet = pd.read_csv(folder / "samplesheet.csv", dtype=str)
    step("samples_validate", "--samplesheet", "samplesheet.csv", "--subsets", ROOT / "assets" / "subsets.yaml",
         folder=folder)  # fmt: skip
    step("annotate_model", "--model", model, "--output", "models", folder=folder)
    counts = sheet.drop_duplicates("library").set_index("library")["counts"]
    counts = counts[[*only]] if only else counts
    for library, path in counts.items():
        annotate(str(library), folder / path, folder)
    step("adt_method", *sorted((folder / "libraries").glob("*.h5mu")), folder=folder)
    for library in counts.index:
        check_protein(str(library), folder)
    if only:
        return None
    step("cohort_merge", "--libraries", "libraries", "--fragments", "fragments",
         folder=folder)  # fmt: skip
    step("cohort_integrate", "--merged", "merged.h5mu", folder=folder)
    step("subsets_cluster", "--merged", "merged.h5mu", "--embedding", "cohort.embedding.h5", "--subsets",
         ROOT / "assets" / "subsets.yaml", "--majority-voting", "library", folder=folder)  # fmt: skip
    return io.read_fragment(folder / "subsets.parquet")


def share(part: pd.Series) -> str:
    """Return hits and cells of a mask."""
    return f"{int(part.sum())} of {len(part)}"


def judge_all(name: str, cells: pd.DataFrame) -> Iterator[Row]:
    """Count monocytes named CD14_EGR1 (none has the state) and the cells named Treg."""
    monocytes = cells["subset"][cells["lineage"] == "monocyte/DC"]
    false = monocytes == "CD14_EGR1"
    limit = 0.0 if name == "kang" else 0.05
    if len(false):
        yield name, "CD14_EGR1, of monocytes and DC", share(false), false.mean(), f"<= {limit}", false.mean() <= limit
    treg = cells["subset"][cells["lineage"] == "CD4 T"] == "CD4_Treg"
    yield name, "CD4_Treg, of CD4 T", share(treg), treg.mean(), "", None


def judge_sorted(name: str, cells: pd.DataFrame) -> Iterator[Row]:
    """Compare names with the sorter's populations."""
    for kind, lineage in SORTED.items():
        part = cells[cells["known"] == kind]
        named = (part["lineage"] == lineage) & (part["subset"] != "unassigned")
        what = f"sorted {lineage}: a subset or other {lineage}"
        yield name, what, share(named), named.mean(), ">= 0.9", named.mean() >= 0.9
    kind = cells["known"].str.extract(r"^(CD[48])\+", expand=False)
    kind = kind[kind.notna()] + " T"
    right = cells.loc[kind.index, "lineage"] == kind
    yield name, "sorted T: CD4 or CD8 right", share(right), right.mean(), ">= 0.92", right.mean() >= 0.92
    called, true = cells["subset"] == "CD4_Treg", cells["known"] == TREG
    precision = true[called].mean()
    reached = bool(precision >= 0.8) if called.any() else None
    yield name, "CD4_Treg: precision", share(true[called]), precision, ">= 0.8", reached
    yield name, "CD4_Treg: recall", share(called[true]), called[true].mean(), "", None


def judge_kang(name: str, cells: pd.DataFrame) -> Iterator[Row]:
    """Compare the share of CD8 T cells with and without interferon."""
    t_cells = cells[cells["lineage"].isin(["CD4 T", "CD8 T", "other T"])]
    shares = (t_cells["lineage"] == "CD8 T").groupby(t_cells["known"]).mean()
    ratio = shares.max() / shares.min()
    yield name, f"CD8 share of T: {shares.round(3).to_dict()}", str(len(t_cells)), ratio, "<= 1.2 (ratio)", ratio <= 1.2


def judge_mismatched(folder: Path) -> Iterator[Row]:
    """Simulate libraries of 20,000 genes, label them with a model of 2,000, and count T, NK and B cells by fate."""
    step("simulate_cohort", "--outdir", folder, "--cells", 6000, "--genes", 20000, "--donors", "study",
         "--samples-per-library", 4, folder=folder)  # fmt: skip
    step("simulate_reference", "--output", folder / "model.pkl", folder=folder)
    to_subsets(folder, folder / "model.pkl", only=MISFIT_LIBRARIES)
    truth = pd.read_parquet(folder / "truth" / "cells.parquet").set_index("cell")["lineage"].astype(str)
    for when, files in (("RNA", "labels/*.annotate_celltypist"), ("RNA and protein", "fragments/*.annotate_protein")):
        cells = pd.concat([io.read_fragment(path) for path in sorted(folder.glob(f"{files}.parquet"))])
        cells = cells.assign(truth=truth.reindex(cells.index))
        cells = cells[cells["truth"].isin(["CD4 T", "CD8 T", "NK", "B"])]
        aside, no = cells["set_aside"] != "", cells["lineage"] == "unassigned"
        given = cells[~no & ~aside]
        right = given["lineage"] == given["truth"]
        name = f"mismatched, {when}"
        yield name, "T, NK, B set aside", share(aside), aside.mean(), "<= 0.05", aside.mean() <= 0.05
        yield name, "T, NK, B unassigned", share(no), no.mean(), "", None
        yield name, "lineage right, of T, NK, B with one", share(right), right.mean(), "", None


def main(
    work: Annotated[Path, typer.Option(help="folder for the files of the steps; what it has is written over")],
    sets: Annotated[str, typer.Option(help=f"comma-separated: {', '.join(SETS)}, mismatched")] = ",".join(SETS),
) -> None:
    """Print the table of targets."""
    rows: list[Row] = []
    for name in sets.split(","):
        folder = work.resolve() / name
        if name == "mismatched":
            rows += judge_mismatched(folder)
            continue
        truth = prepare(name, folder)
        cells = to_subsets(folder, MODEL)
        assert cells is not None
        rows += judge_all(name, cells)
        if len(truth):
            judge = judge_kang if name == "kang" else judge_sorted
            rows += judge(name, cells.join(truth))
    table = pd.DataFrame(rows, columns=["set", "measured", "cells", "value", "target", "reached"])
    print(table.assign(value=table["value"].astype(float).round(3)).fillna("-").to_string(index=False))


if __name__ == "__main__":
    typer.run(main)
