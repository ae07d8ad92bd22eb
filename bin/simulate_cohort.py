#!/usr/bin/env python3
"""Simulate a cohort with planted truth, as 10x files with their samplesheet."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    outdir: Annotated[Path, typer.Option(help="Folder to write; made where absent.")],
    cells: Annotated[int, typer.Option(min=100, help="Called cells of the whole cohort.")] = 8000,
    genes: Annotated[int, typer.Option(min=500, help="Genes; named ones first, then background.")] = 2000,
    donors: Annotated[
        str, typer.Option(help="Donors by group, or 'study' for the study's.")
    ] = "HD=4,SSc=4,ILD=4,SRC=4",
    kidney: Annotated[int, typer.Option(min=0, help="Kidney samples, of SRC donors; the last of them unhashed.")] = 4,
    lung: Annotated[int, typer.Option(min=0, help="Lung samples, of ILD donors.")] = 3,
    stages: Annotated[bool, typer.Option(help="Sample one SRC donor's blood before and after the crisis too.")] = True,
    samples_per_library: Annotated[int, typer.Option(min=1, help="Samples hashed together.")] = 6,
    effect: Annotated[float, typer.Option(min=0, help="Fold change of every planted finding; 0: none.")] = 5.0,
    effects: Annotated[str, typer.Option(help="Single findings, such as src_egr1=2,nfkb=0; over --effect.")] = "",
    spread: Annotated[
        float, typer.Option(min=0, help="SD between donors on the logit, .55 as in life; 0: by --concentration.")
    ] = 0.0,
    concentration: Annotated[float, typer.Option(min=1, help="Likeness of donors (Dirichlet), of the demo.")] = 150.0,
    depth: Annotated[float, typer.Option(min=100, help="Median RNA counts of a cell.")] = 3000.0,
    doublets: Annotated[float, typer.Option(min=0, max=0.5, help="Share of cells that are doublets.")] = 0.06,
    ambient: Annotated[float, typer.Option(min=0.001, max=0.9, help="Mean share of ambient RNA in a cell.")] = 0.04,
    empties: Annotated[float, typer.Option(min=0, help="Empty droplets for each cell; 0: no raw counts.")] = 2.0,
    seed: Annotated[int, typer.Option(min=0, help="Every random number follows from it.")] = 0,
) -> None:
    """Simulate a cohort with planted truth, as 10x files with their samplesheet.

    Writes <library>.h5 (called cells) and <library>.raw.h5 (all droplets), samplesheet.csv, contrasts.csv,
    gene_sets.gmt and truth/ (cells.parquet, samples.csv, effects.csv). One library is held in memory at
    a time. The defaults are the demo's cohort.
    """
    import pandas as pd

    from sscite import io
    from sscite.simulate import cohort, options, plan, tenx
    from sscite.simulate.library import Settings

    groups, fold = options.parse(donors, effects, effect=effect, kidney=kidney, lung=lung, genes=genes)
    settings = Settings(
        depth=depth,
        ambient=ambient,
        doublets=doublets,
        empties=empties,
        effect=fold,
        spread=spread,
        concentration=None if spread else concentration,
    )
    design = plan.design(
        groups, kidney=kidney, lung=lung, stages=stages, samples_per_library=samples_per_library, seed=seed
    )
    counts, share = cohort.compose(design, cells=cells, settings=settings, seed=seed)
    (outdir / "truth").mkdir(parents=True, exist_ok=True)
    truths = []
    for name, library in cohort.libraries(design, counts, genes=genes, settings=settings, seed=seed):
        called = len(library.truth)
        tenx.write(outdir / f"{name}.h5", library.counts[:called], library.barcodes[:called], library.features)
        if empties:
            tenx.write(outdir / f"{name}.raw.h5", library.counts, library.barcodes, library.features)
        truths.append(library.truth)
        command.log.info("%s: %d cells", name, called)
    truth = pd.concat(truths, ignore_index=True)
    truth.to_parquet(outdir / "truth" / "cells.parquet", compression="zstd")
    singlets = truth[~truth["doublet"]]
    io.write_table(cohort.sample_truth(design, share, settings, singlets), outdir / "truth" / "samples.csv")
    io.write_table(cohort.effect_truth(settings), outdir / "truth" / "effects.csv")
    (outdir / "gene_sets.gmt").write_text(cohort.gmt(), encoding="utf-8")
    io.write_table(cohort.contrasts(design), outdir / "contrasts.csv")
    io.write_table(cohort.samplesheet(design, raw=empties > 0), outdir / "samplesheet.csv")


if __name__ == "__main__":
    command.run(main)
