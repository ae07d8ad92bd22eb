#!/usr/bin/env python3
"""Estimate the ambient RNA of one library, and remove it where requested."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    id: command.Id,
    library: Annotated[Path, typer.Option(exists=True, help="<id>.h5mu of samples_load.")],
    ambient_rna: Annotated[
        str,
        typer.Option(help="none: not estimated; flag: estimated, counts unchanged; correct: removed from the counts."),
    ] = "flag",
    seed: Annotated[int, typer.Option(help="Seed of the clusters and of the counts removed.")] = 0,
) -> None:
    """Estimate the ambient RNA profile of one library and the share of each cell's counts that is ambient.

    Writes <id>.samples_ambient.parquet (ambient_fraction of each cell), <id>.ambient_profile.parquet (share of each
    gene), facts, and with --ambient-rna correct corrected/<id>.h5mu. Without RNA, with few cells or with none, the
    tables are empty and the step is skipped.
    """
    from sscite import io
    from sscite.errors import Skipped
    from sscite.samples import ambient, report_ambient

    ambient.check_mode(ambient_rna)
    with command.step("samples_ambient", id, seed=seed) as facts:
        cells, profile = ambient.no_estimate(io.read_obs(library).index)
        rna = None
        try:
            result = ambient.run(library, ambient_rna, seed=seed)
            cells, profile, rna = result.cells, result.profile, result.corrected
            report_ambient.describe(facts, result)
        except Skipped as skipped:
            facts.skip(skipped)
        io.write_fragment(cells, Path(f"{id}.samples_ambient.parquet"))
        profile.to_parquet(f"{id}.ambient_profile.parquet")
        if ambient_rna == "correct":
            ambient.write_corrected(library, rna, Path("corrected") / f"{id}.h5mu")


if __name__ == "__main__":
    command.run(main)
