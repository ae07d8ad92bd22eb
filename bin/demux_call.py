#!/usr/bin/env python3
"""Call the hashtag of every droplet of one capture."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sscite import command


def main(
    hashtag_counts: Annotated[
        Path,
        typer.Option(
            help="Raw counts of one capture: a table of droplets × hashtags (.csv, .tsv, .gz; first column barcode), a "
            "10x or CITE-seq-Count folder, .h5, .h5ad, or .h5mu of samples_load."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="CSV of calls to write (.gz for gzip). Without it: the pipeline's files, named by --id."),
    ] = None,
    id: Annotated[
        str | None, typer.Option(help="Name of the capture; with it the facts, warnings and figures are written too.")
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(exists=True, help="samples.csv of samples_validate: which hashtags belong to samples."),
    ] = None,
    method: Annotated[
        Literal["joint", "hashsolo", "ambient"], typer.Option(help="Whose call decides; the others stand beside it.")
    ] = "joint",
    doublet_cost: Annotated[
        float,
        typer.Option(min=0.01, max=100, help="Weight of a doublet in the joint call; below 1 keeps more singlets."),
    ] = 1,
    seed: Annotated[int, typer.Option(help="Of the thinning of captures of more than 10,000 droplets.")] = 0,
) -> None:
    """Call the hashtag of every droplet of one capture with a joint count model.

    Calls: a hashtag, Doublet (two hashtags) or Negative (none). The columns written are barcode, call, confidence (the
    model's probability of the call), posterior_<hashtag>, posterior_Doublet, posterior_Negative, and the calls of the
    joint model and of two independent witnesses: joint, hashsolo, ambient (empty where fewer than two hashtags).
    A column named n_genes or nFeature_RNA in the table is taken as each droplet's depth, which helps with one or two
    hashtags.

    Example: demux_call.py --hashtag-counts table.csv.gz --output calls.csv
    """
    from sscite.demux import steps
    from sscite.errors import UserError

    if output is None and id is None:
        raise UserError("nothing to write: give --output calls.csv, or --id for the pipeline's files")
    if id is None:
        steps.call_table(hashtag_counts, output, samples=samples, method=method, doublet_cost=doublet_cost, seed=seed)
        return
    with command.step("demux_call", id, seed=seed, folder=output.parent if output else Path()) as facts:
        steps.call_library(
            hashtag_counts,
            id,
            facts,
            output=output,
            samples=samples,
            method=method,
            doublet_cost=doublet_cost,
            seed=seed,
        )


if __name__ == "__main__":
    command.run(main)
