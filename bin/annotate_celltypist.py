#!/usr/bin/env python3
"""Annotate a library's cells with a CellTypist model, in a tenth of CellTypist's memory."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    counts: Annotated[
        Path, typer.Option(help="raw counts: the pipeline's .h5mu, or .h5ad, 10x .h5, MTX folder, table")
    ],
    model: Annotated[Path, typer.Option(help="a CellTypist .pkl, or the folder that annotate_model wrote")],
    samples: Annotated[
        Path | None, typer.Option(help="samples.csv: the tissues of the library choose the model")
    ] = None,
    lineages: Annotated[Path | None, typer.Option(help="CSV cell_type,lineage for labels of your own model")] = None,
    mode: Annotated[
        str, typer.Option(help="best_match: one label a cell; prob_match: every label above 0.5")
    ] = "best_match",
    majority_voting: Annotated[
        str,
        typer.Option(help="library: each fine cluster takes its most frequent label; cohort: voted later; none"),
    ] = "library",
    id: Annotated[str, typer.Option(help="file-safe library name; begins every output's name")] = "cells",
    seed: Annotated[int, typer.Option(help="of clustering and map; the same seed gives the same labels")] = 0,
    output: Annotated[
        Path | None, typer.Option(help="CSV cell,cell_type,confidence,lineage; for use without the pipeline")
    ] = None,
) -> None:
    """Annotate a library's cells with a CellTypist model, in a tenth of CellTypist's memory.

    Counts must be raw; they are normalised inside. Writes <id>.annotate_celltypist.parquet, facts and figures; with
    --output a CSV besides. Where too few of the model's genes were measured nothing is annotated and the reason is
    given.
    """
    from sscite.annotate import celltypist, report, sources, vote
    from sscite.errors import Skipped, UserError
    from sscite.io import write_fragment, write_table

    if mode not in celltypist.MODES:
        raise UserError(f"--mode '{mode}' is unknown; allowed: {', '.join(celltypist.MODES)}")
    vote.check(majority_voting)
    with command.step("annotate_celltypist", id, seed=seed) as facts:
        frame = celltypist.empty()
        try:
            chosen = sources.choose_model(model, samples, id, facts)
            own = sources.read_lineages(lineages)
            matrix, cells, features = sources.read_genes(counts)
            found = celltypist.annotate(
                matrix, cells, features, chosen, mode=mode, voting=majority_voting == "library",
                lineages=own, seed=seed,
            )  # fmt: skip
            frame = found.cells
            report.tell(facts, found, chosen, matrix, features, voting=majority_voting, seed=seed)
        except Skipped as skipped:
            facts.skip(skipped)
    write_fragment(frame, Path(f"{command.file_stem(id)}.annotate_celltypist.parquet"))
    if output:
        write_table(report.bare(frame), output)


if __name__ == "__main__":
    command.run(main)
