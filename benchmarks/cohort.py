#!/usr/bin/env python3
"""Our merge, integration and subsets beside the plain scanpy and harmonypy script, on the same simulated cohort.

    python benchmarks/cohort.py --cells 25000 --work /tmp/bench
    python benchmarks/cohort.py --cells 250000 --work /tmp/bench --skip-plain

Prints a table (wall and CPU seconds, peak memory), how far both agree, how well planted subsets were recovered, and
last one line of figures. Times are of the machine as it is: run it on an idle one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parents[1]
ANNOTATED = {"Epithelial": "epithelial", "Endothelial": "endothelial", "Stromal": "stromal", "Platelet": "platelet"}


def prepare(simulated: Path, out: Path) -> None:
    """Turn simulated 10x files into the fragments that merging reads, with the planted lineage as annotation."""
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData

    from sscite import io

    for folder in ("libraries", "fragments"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    truth = pd.read_parquet(simulated / "truth" / "cells.parquet").set_index("cell")
    for path in sorted(simulated.glob("*.h5")):
        if path.name.endswith(".raw.h5"):
            continue
        counts, barcodes, features = tenx_counts(path)
        cells = [f"{path.stem}:{barcode}" for barcode in barcodes]
        known = truth.loc[cells]
        rna = (features["feature_type"] == "Gene Expression").to_numpy()
        protein = ~rna & ~features["name"].str.startswith("Hashtag").to_numpy()
        obs = pd.DataFrame({"library": path.stem, "qc_pass": ~known["dying"].to_numpy(bool)}, index=cells)
        names = features["name"].to_numpy()
        parts = {"rna": AnnData(counts[:, rna], obs=obs, var=pd.DataFrame(index=names[rna])),
                 "prot": AnnData(counts[:, protein], obs=obs[[]], var=pd.DataFrame(index=names[protein]))}  # fmt: skip
        library = MuData(parts)
        library.obs = obs
        library.write(out / "libraries" / f"{path.stem}.h5mu")
        logged = np.log1p(counts[:, protein].toarray())
        plain = [name.removesuffix("_TotalSeqB") for name in names[protein]]
        fragments = out / "fragments"
        normalised = pd.DataFrame((logged - logged.mean(axis=0)).astype(np.float32), index=cells, columns=plain)
        io.write_fragment(normalised, fragments / f"{path.stem}.adt_normalize.parquet")
        panel = pd.DataFrame({"feature": names[protein], "protein": plain, "clone": "", "gene": ""})
        panel["is_isotype"] = panel["protein"].str.contains("control")
        io.write_table(panel, fragments / f"{path.stem}.adt_panel.csv")
        io.write_fragment(known[["sample", "donor", "tissue"]], fragments / f"{path.stem}.demux_genotypes.parquet")
        labels = pd.DataFrame({"lineage": known["lineage"].astype(str).replace(ANNOTATED), "truth": known["subset"]})
        io.write_fragment(labels, fragments / f"{path.stem}.annotate_protein.parquet")
    sheet = pd.read_csv(simulated / "samplesheet.csv", dtype=str, keep_default_na=False)
    io.write_table(sheet.drop(columns="counts"), out / "samples.csv")


def tenx_counts(path: Path) -> tuple:
    """Read a 10x .h5: cells × features, barcodes, features."""
    import h5py
    import pandas as pd
    import scipy.sparse as sp

    with h5py.File(path) as file:
        matrix = file["matrix"]
        parts = (matrix["data"][:].astype("float32"), matrix["indices"][:], matrix["indptr"][:])
        counts = sp.csr_matrix(parts, shape=tuple(matrix["shape"][:][::-1]))
        features = pd.DataFrame({key: matrix[f"features/{key}"].asstr()[:] for key in ("name", "feature_type")})
        barcodes = matrix["barcodes"].asstr()[:]
    counts.sort_indices()
    return counts, barcodes, features


def plain(inputs: Path, out: Path) -> None:
    """Do the same steps as a good analyst writes them with scanpy and harmonypy; write clusters and subsets."""
    import anndata as ad
    import harmonypy
    import numpy as np
    import pandas as pd
    import scanpy as sc

    from sscite import io
    from sscite.subsets.definitions.subsets import load_definitions

    parts = []
    for path in sorted((inputs / "libraries").glob("*.h5mu")):
        part = io.read_modality(path, "rna")
        for step in ("demux_genotypes", "annotate_protein"):
            part.obs = part.obs.join(io.read_fragment(inputs / "fragments" / f"{path.stem}.{step}.parquet"))
        keep = part.obs["qc_pass"].to_numpy(bool) & (part.obs["sample"] != "") & (part.obs["lineage"] != "platelet")
        parts.append(part[keep.to_numpy()].copy())
    cohort = ad.concat(parts)
    del parts
    cohort.layers["counts"] = cohort.X.copy()

    def embed(data: ad.AnnData, batch: str | None) -> None:
        sc.pp.highly_variable_genes(data, n_top_genes=2000, batch_key=batch)
        sc.pp.pca(data, n_comps=30, mask_var="highly_variable", random_state=0)
        found = harmonypy.run_harmony(
            data.obsm["X_pca"].astype(np.float64), data.obs, ["library", "donor"], random_state=0, verbose=False
        )
        data.obsm["X_harmony"] = np.asarray(found.Z_corr)
        sc.pp.neighbors(data, use_rep="X_harmony", n_neighbors=15, random_state=0)
        sc.tl.umap(data, random_state=0)
        sc.tl.leiden(data, resolution=1.0, flavor="igraph", n_iterations=2, random_state=0)

    sc.pp.normalize_total(cohort, target_sum=1e4)
    sc.pp.log1p(cohort)
    embed(cohort, "library")
    table = pd.DataFrame({"cluster": cohort.obs["leiden"].astype(str), "subset": "unassigned"}, index=cohort.obs_names)
    for lineage in load_definitions(ROOT / "assets" / "subsets.yaml").lineages:
        rows = cohort.obs["lineage"].astype(str).isin(lineage.lineages).to_numpy()
        if rows.sum() < 60:
            continue
        data = cohort[rows].copy()
        embed(data, None)
        for subset in lineage.subsets:
            genes = [gene for gene in subset.up if gene in data.var_names]
            sc.tl.score_genes(data, genes, score_name=subset.name, random_state=0)
        scores = data.obs[[subset.name for subset in lineage.subsets]]
        means = ((scores - scores.mean()) / scores.std()).groupby(data.obs["leiden"], observed=True).mean()
        table.loc[data.obs_names, "subset"] = means.idxmax(axis=1).reindex(data.obs["leiden"]).to_numpy()
    table["truth"] = cohort.obs["truth"].astype(str)
    table.to_parquet(out / "plain.parquet")
    np.save(out / "plain_harmony.npy", cohort.obsm["X_harmony"].astype(np.float32))


def measure(command: list[object], folder: Path) -> tuple[float, float, float]:
    """Run a command; give wall seconds, CPU seconds and peak memory in GB."""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], cwd=folder, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[1]} ended with {process.returncode}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024**2


def ours(inputs: Path, folder: Path) -> dict[str, tuple[float, float, float]]:
    """Run our scripts one after another."""
    merged = ["--merged", "merged.h5mu"]
    files = ["--embedding", "cohort.embedding.h5"]
    steps = {
        "cohort_merge": [
            "--libraries", inputs / "libraries", "--fragments", inputs / "fragments",
        ],
        "cohort_integrate": merged,
        "subsets_cluster": [*merged, *files, "--subsets", ROOT / "assets" / "subsets.yaml"],
    }  # fmt: skip
    return {
        step: measure([sys.executable, ROOT / "bin" / f"{step}.py", *options], folder)
        for step, options in steps.items()
    }


def recovery(table: object, column: str = "subset") -> dict[str, float]:
    """Hold found subsets against planted ones: ARI over cells, F1 and donors' correlation of two states."""
    import pandas as pd
    from sklearn.metrics import adjusted_rand_score

    truth, found = table["truth"].astype(str), table[column].astype(str)
    figures = {"ari": adjusted_rand_score(truth, found)}
    for state in ("CD14_EGR1", "CD8_TEM_T2ISG"):
        real, called = truth == state, found == state
        figures[f"f1_{state}"] = 2 * (real & called).sum() / max(real.sum() + called.sum(), 1)
        shares = pd.DataFrame({"real": real, "called": called}).groupby(table["sample"].astype(str)).mean()
        figures[f"r_{state}"] = shares.corr().iloc[0, 1]
    return figures


def main(
    cells: Annotated[int, typer.Option(help="cells of the simulated cohort")] = 25_000,
    work: Annotated[Path, typer.Option(help="folder for files; kept, so that a second run starts from them")] = Path(
        "bench_cohort"
    ),
    skip_plain: Annotated[
        bool, typer.Option(help="leave the plain script out (it may need 30 GB at 250,000 cells)")
    ] = False,
    only: Annotated[str, typer.Option(help="internal: 'plain' runs the plain script in this process")] = "",
) -> None:
    inputs, folder = work / f"inputs_{cells}", work / f"run_{cells}"
    folder.mkdir(parents=True, exist_ok=True)
    if only == "plain":
        plain(inputs, folder)
        return
    if not (inputs / "samples.csv").exists():
        simulated = work / f"simulated_{cells}"
        options = [
            "--outdir",
            simulated,
            "--cells",
            cells,
            "--genes",
            20_000,
            "--donors",
            "study",
            "--kidney",
            2,
            "--lung",
            2,
        ]
        simulate = [sys.executable, ROOT / "bin" / "simulate_cohort.py", *options, "--doublets", 0, "--empties", 0]
        subprocess.run([str(part) for part in simulate], check=True, stdout=subprocess.DEVNULL)
        prepare(simulated, inputs)
    rows = ours(inputs.resolve(), folder)
    total = (sum(r[0] for r in rows.values()), sum(r[1] for r in rows.values()), max(r[2] for r in rows.values()))
    rows["ours"] = total
    if not skip_plain:
        again = [
            sys.executable,
            Path(__file__).resolve(),
            "--only",
            "plain",
            "--cells",
            cells,
            "--work",
            work.resolve(),
        ]
        rows["plain"] = measure(again, folder)
    for name, (wall, cpu, memory) in rows.items():
        print(f"{name:18s} {wall:8.1f} s wall {cpu:8.1f} s CPU {memory:6.2f} GB")
    summary(folder, rows, cells)


def summary(folder: Path, rows: dict[str, tuple[float, float, float]], cells: int) -> None:
    """Print recovery, agreement and the last line of figures."""
    import numpy as np
    import pandas as pd
    from sklearn.metrics import adjusted_rand_score

    from sscite import io
    from sscite.cohort import embedding_file
    from sscite.embedding import neighbours

    obs = io.read_obs(folder / "merged.h5mu", "rna")
    table = obs[["truth", "sample"]].join(io.read_fragment(folder / "subsets.parquet")).join(
        io.read_fragment(folder / "cohort.clusters.parquet")
    )  # fmt: skip
    table = table[table["cluster"].astype(str).str.contains(":")]
    figures = {
        "cells": cells,
        "wall_s": rows["ours"][0],
        "cpu_s": rows["ours"][1],
        "peak_gb": rows["ours"][2],
        **recovery(table),
    }
    if "plain" in rows:
        other = pd.read_parquet(folder / "plain.parquet")
        theirs = recovery(other.loc[table.index].assign(sample=table["sample"]))
        print("plain script recovers", {key: round(float(value), 3) for key, value in theirs.items()})
        _, obsm, _ = embedding_file.read(folder / "cohort.embedding.h5")
        rng = np.random.default_rng(0)
        sample = np.sort(rng.choice(len(obs), min(2000, len(obs)), replace=False))
        place = other.index.get_indexer(obs.index)
        pair = [obsm["X_harmony"], np.load(folder / "plain_harmony.npy")[place]]
        near = [neighbours.Index(X, seed=0).search(X[sample], 16)[0][:, 1:] for X in pair]
        figures["knn_overlap"] = np.mean([len(set(a) & set(b)) / 15 for a, b in zip(*near, strict=True)])
        figures["ari_clusters"] = adjusted_rand_score(table["cohort_cluster"], other.loc[table.index, "cluster"])
        for i, what in enumerate(("wall", "cpu", "peak")):
            figures[f"{what}_of_plain"] = rows["ours"][i] / rows["plain"][i]
    print(" ".join(f"{key}={float(value):.3g}" for key, value in figures.items()))


if __name__ == "__main__":
    typer.run(main)
