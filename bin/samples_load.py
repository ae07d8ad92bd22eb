#!/usr/bin/env python3
"""Read one library of any format, flag its cells, and write it as MuData."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    id: command.Id,
    samples: Annotated[Path, typer.Option(exists=True, help="samples.csv of samples_validate.")],
    counts: Annotated[Path, typer.Option(help="Counts of called cells, of any accepted format.")],
    raw_counts: Annotated[
        Path | None, typer.Option(help="Counts of all droplets; without it no droplet is kept.")
    ] = None,
    hashtag_counts: Annotated[Path | None, typer.Option(help="Hashtag counts in a file of their own.")] = None,
    adt_counts: Annotated[Path | None, typer.Option(help="Antibody counts in a file of their own.")] = None,
    min_genes: Annotated[
        int, typer.Option(help="Genes; a cell with fewer is flagged (not on panels below 5,000 genes).")
    ] = 200,
    max_genes: Annotated[int, typer.Option(help="Genes; a cell with more is flagged.")] = 5000,
    max_pct_mt: Annotated[
        str,
        typer.Option(
            help="Percent mitochondrial above which a cell is flagged: tissue=limit pairs, a bare number "
            "for all others."
        ),
    ] = "blood=20,kidney=40,20",
    qc_mads: Annotated[
        float, typer.Option(help="Median absolute deviations beyond which a cell is flagged; 0 switches it off.")
    ] = 5,
    species: command.Species = "human",
) -> None:
    """Read one library, split genes, antibodies and hashtags, and flag cells of poor quality; none is dropped.

    Writes <id>.h5mu (rna, prot, hto; raw counts), <id>.droplets.h5mu (droplets without a cell) and facts.
    """
    from sscite.samples import load

    limits = {"min_genes": min_genes, "max_genes": max_genes}
    files = {"counts": counts, "raw_counts": raw_counts, "hashtag_counts": hashtag_counts, "adt_counts": adt_counts}
    with command.step("samples_load", id) as facts:
        load.run(id, samples, files, limits, max_pct_mt=max_pct_mt, qc_mads=qc_mads, facts=facts)


if __name__ == "__main__":
    command.run(main)
