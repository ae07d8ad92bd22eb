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
        str | None,
        typer.Option(
            callback=lambda name: name and command.check_id(name),
            help="Name of the capture; with it the summary and figures are written too.",
        ),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(exists=True, help="samples.csv of samples_validate: the hashtag of each sample."),
    ] = None,
    method: Annotated[
        Literal["joint", "hashsolo", "ambient"],
        typer.Option(help="Method of the final call; the calls of the others are reported too."),
    ] = "joint",
    doublet_weight: Annotated[
        float,
        typer.Option(min=0.01, max=100, help="Weight of a doublet in the joint call; less keeps more singlets."),
    ] = 1.5,
    seed: Annotated[int, typer.Option(help="Seed of the subsampling of large captures for the fit.")] = 0,
) -> None:
    """Call the hashtag of every droplet of one capture with a joint count model.

    Calls: a hashtag, Doublet (two hashtags) or Negative (none). The columns written are barcode, call, confidence (the
    model's probability of the call), posterior_<hashtag>, posterior_Doublet, posterior_Negative, and the calls of the
    joint model and of two comparison methods: joint, hashsolo, ambient (empty with fewer than two hashtags).
    A column named n_genes or nFeature_RNA in the table is taken as the depth of each droplet, which helps
    with one or two hashtags.

    Example: demux_call.py --hashtag-counts table.csv.gz --output calls.csv
    """
    from sscite.demux.call import run

    run(hashtag_counts, output, id, samples, method=method, doublet_weight=doublet_weight, seed=seed)


if __name__ == "__main__":
    command.run(main)
