#!/usr/bin/env python3
"""Read one library of any format, flag its cells, and write it as MuData."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    id: Annotated[str, typer.Option(help="The library's identifier in samples.csv; names the outputs.")],
    samples: Annotated[Path, typer.Option(exists=True, help="samples.csv of samples_validate.")],
    counts: Annotated[Path, typer.Option(help="Counts of called cells, of any accepted format.")],
    raw_counts: Annotated[
        Path | None, typer.Option(help="Counts of all droplets; without it no droplet is kept.")
    ] = None,
    hashtag_counts: Annotated[Path | None, typer.Option(help="Hashtag counts kept apart.")] = None,
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
) -> None:
    """Read one library, split genes, antibodies and hashtags, and flag cells of poor quality; none is dropped.

    Writes <id>.h5mu (rna, prot, hto; raw counts), <id>.droplets.h5mu (droplets without a cell) and facts.
    """
    from sscite import io
    from sscite.formats import read_counts, split_features
    from sscite.samples import load, qc, report, write
    from sscite.samples.assemble import assemble
    from sscite.samples.inspect import hashtags_of

    with command.step("samples_load", id) as facts:
        sheet = io.read_table(samples)
        rows = sheet[sheet["library_id"] == id]
        name = rows["library"].iloc[0]
        tags = hashtags_of(sheet, id)
        mt, sentences = qc.mt_limit(max_pct_mt, list(rows["tissue"].unique()))
        library = assemble(read_counts(counts), read_counts(hashtag_counts) if hashtag_counts else None, tags)
        raw = read_counts(raw_counts) if raw_counts else None
        kinds = split_features(raw.features, tags) if raw else None

        limits = {"min_genes": min_genes, "max_genes": max_genes, "max_pct_mt": mt}
        flagged, used = load.quality(library, limits, qc_mads)
        ambient = load.ambient_counts(library, raw, kinds)
        write.library(load.library(library, flagged, name, ambient), Path(f"{id}.h5mu"))
        empty = load.droplets(library, raw, name, kinds)
        write.droplets(empty, Path(f"{id}.droplets.h5mu"))
        report.loaded(facts, library, flagged, used, empty, [*library.doubts, *sentences])


if __name__ == "__main__":
    command.run(main)
