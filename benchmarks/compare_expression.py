#!/usr/bin/env python3
"""Compare the expression test with edgeR's quasi-likelihood and limma-voom: power, false discoveries, null p values.

Two generators of pseudobulk counts between few donors. A: negative binomial, dispersions around a trend over the mean
(8 degrees of freedom), cells per donor log-normal (SD 0.8). B, on which nothing was tuned: Poisson log-normal, genes
of unequal spread, six correlated programmes, donors of 20 to 300 cells, 0.2% of the counts multiplied by 3 to 10, and
more genes higher than lower. R with edgeR and limma is optional (`--rscript ''` leaves it out).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from sscite.compare.expression import differential
from sscite.compare.statistics import quasi_likelihood
from sscite.compare.statistics.donor_tests import benjamini_hochberg

DESIGNS = {"3 v 3": (3, 3, False), "4 v 6": (4, 6, False), "4 pairs": (4, 4, True), "10 v 17": (10, 17, False)}
PEERS = """
suppressMessages({library(edgeR); library(limma)})
for (f in list.files(commandArgs(TRUE)[1], "bin$", full.names=TRUE)) {
  h <- file(f, "rb"); d <- readBin(h, "integer", 3, 4); y <- matrix(readBin(h, "double", d[1]*d[2]), d[2], d[1])
  X <- matrix(readBin(h, "double", d[1]*d[3]), d[1], d[3]); close(h)
  dge <- calcNormFactors(DGEList(y)); k <- ncol(X)
  v <- eBayes(lmFit(voom(dge, X), X)); q <- glmQLFTest(glmQLFit(estimateDisp(dge, X), X), coef=k)
  write.csv(data.frame(voom=v$p.value[,k], ql=q$table$PValue), sub("bin$", "csv", f), row.names=FALSE)
}
"""


def draw(generator: str, name: str, genes: int, *, null: bool, seed: int):
    """Draw one data set: counts (rows × genes that pass the filter), design, group, and which genes differ."""
    target, reference, paired = DESIGNS[name]
    rng = np.random.default_rng([ord(generator), target, reference, int(null), seed])
    group = np.repeat([1, 0], [target, reference])
    n, donor = len(group), np.arange(len(group)) % target if paired else np.arange(len(group))
    cells = np.exp(rng.normal(np.log(150), 0.8, n)) if generator == "A" else 10 ** rng.uniform(1.3, 2.5, n)
    depth = np.maximum(cells, 20) * 2500 * np.exp(rng.normal(0, 0.2, n))
    differs = rng.random(genes) < (0 if null else 0.1 if generator == "A" else 0.06)
    size = rng.gamma(2, 0.6, genes) if generator == "A" else rng.uniform(0.6, 2.5, genes)
    sign = np.where(rng.random(genes) < (0.5 if generator == "A" else 0.65), 1, -1)
    mean = rng.normal(0, 1.8, genes)[:, None] + np.log(2) * (differs * sign * size)[:, None] * group
    if paired:
        mean = mean + rng.normal(0, 0.4, (genes, target))[:, donor]
    if generator == "B":
        mean = mean + noise(genes, n, rng)
    rate = np.exp(mean) / np.exp(mean).sum(axis=0) * depth
    if generator == "A":
        dispersion = ((0.06 + 1.5 / (rate.mean(axis=1) + 2)) * 8 / rng.chisquare(8, genes))[:, None]
        rate = rng.gamma(1 / dispersion, rate * dispersion)
    counts = rng.poisson(rate).T
    columns = [np.ones(n), *([(donor == d).astype(float) for d in range(1, target)] if paired else []), group]
    kept = differential.expressed(counts, group)
    return counts[:, kept], np.column_stack(columns).astype(float), None if paired else group, differs[kept]


def noise(genes: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw generator B's differences between donors, natural log."""
    spread = np.sqrt(rng.gamma(3, 0.04, genes)) + 0.12
    load = rng.normal(0, 0.12, (genes, 6)) * (rng.random((genes, 6)) < 0.15)
    values = rng.normal(size=(genes, rows)) * spread[:, None] + load @ rng.normal(size=(6, rows))
    extreme = rng.random((genes, rows)) < 0.002
    values[extreme] += np.log(rng.uniform(3, 10, extreme.sum()))
    return values


def score(p: np.ndarray, differs: np.ndarray) -> list[float]:
    """Return the true positive rate and false discovery proportion at FDR 5%, and the share of null p below .001."""
    called = benjamini_hochberg(p) <= 0.05
    true = (called & differs).sum()
    return [true / max(differs.sum(), 1), (called & ~differs).sum() / max(called.sum(), 1), (p[~differs] < 1e-3).mean()]


def peers(sets: list[tuple[np.ndarray, np.ndarray]], rscript: str) -> list[pd.DataFrame]:
    """Test the sets with voom and edgeR's quasi-likelihood in R."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (counts, design) in enumerate(sets):
            with (Path(folder) / f"{number:05d}.bin").open("wb") as file:
                np.array([*counts.shape, design.shape[1]], "<i4").tofile(file)
                counts.astype("<f8").tofile(file)
                design.T.astype("<f8").tofile(file)
        (Path(folder) / "peers.R").write_text(PEERS)
        subprocess.run([rscript, str(Path(folder) / "peers.R"), folder], check=True)
        return [pd.read_csv(path) for path in sorted(Path(folder).glob("*.csv"))]


def main(
    sets: Annotated[int, typer.Option(help="data sets per design and generator, half again without differences")] = 50,
    genes: Annotated[int, typer.Option(help="genes of a set, before those of few counts leave")] = 4000,
    generators: Annotated[str, typer.Option(help="A, B or AB")] = "AB",
    rscript: Annotated[str, typer.Option(help="Rscript with edgeR and limma; empty: without them")] = "Rscript",
    seed: Annotated[int, typer.Option(help="of all sets")] = 0,
) -> None:
    """Print true positive rate and false discovery proportion at FDR 5%, and the share of null p values below .001."""
    rows, start = [], time.monotonic()
    for generator in generators:
        for name in DESIGNS:
            flags = [False] * sets + [True] * (sets // 2)
            drawn = [draw(generator, name, genes, null=null, seed=seed + i) for i, null in enumerate(flags)]
            before = time.process_time()
            p = {"sscite": [quasi_likelihood.fit(c, x, groups=g).p_value for c, x, g, _ in drawn]}
            seconds = (time.process_time() - before) / len(drawn)
            if shutil.which(rscript or " "):
                tables = peers([(c, x) for c, x, _, _ in drawn], rscript)
                p |= {method: [table[method].to_numpy() for table in tables] for method in ("ql", "voom")}
            for method, values in p.items():
                scores = np.array([score(v, part[3]) for v, part in zip(values, drawn, strict=True)])
                null = np.array(flags)
                rows.append([generator, name, method, *scores[~null, :2].mean(axis=0), scores[null, 2].mean(), seconds])
    columns = ["generator", "donors", "method", "tpr", "fdp", "null_p_below_001", "seconds"]
    print(pd.DataFrame(rows, columns=columns).to_string(index=False, float_format=lambda v: f"{v:.4f}"))
    print(f"seconds={time.monotonic() - start:.0f}")


if __name__ == "__main__":
    typer.run(main)
