#!/usr/bin/env python3
"""Assign every cell of a library to a sample, from hashtags and genotypes, or from a table of cells and samples."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    id: command.Id,
    library: Annotated[Path, typer.Option(exists=True, help="The library's .h5mu, for its cells.")],
    calls: Annotated[
        Path,
        typer.Option(exists=True, help="Hashtag calls of demux_call; no rows for a library without hashtags."),
    ],
    posteriors: Annotated[Path, typer.Option(exists=True, help="Posteriors of demux_call.")],
    samples: Annotated[Path, typer.Option(exists=True, help="samples.csv of samples_validate.")],
    genotypes: Annotated[
        Path | None,
        typer.Option(
            help="Genotype calls: vireo donor_ids.tsv, souporcell clusters.tsv, demuxlet .best or freemuxlet "
            ".clust1.samples.gz. Without it, hashtags alone are used."
        ),
    ] = None,
    cell_samples: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="Table with the columns barcode and sample (CSV or TSV, plain or gzipped): the sample of each cell, "
            "spelt as in samples.csv. With it neither hashtags nor genotypes are used.",
        ),
    ] = None,
) -> None:
    """Assign every cell to a sample, with its donor and tissue.

    Genotype donors are matched to samples (as the sheet says, or by optimal assignment), both posteriors are
    multiplied, and the state that reaches 0.6 is called. Swapped samples are reported, not repaired.
    Writes <id>.demux_genotypes.parquet and the step summary.
    """
    from sscite.demux.genotypes import run

    run(id, library, calls, posteriors, samples, genotypes, cell_samples)


if __name__ == "__main__":
    command.run(main)
