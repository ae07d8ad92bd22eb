#!/usr/bin/env python3
"""Validate the samplesheet and the contrasts; write the tables that every later step reads."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    samplesheet: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="One row per sample, as CSV.")],
    contrasts: Annotated[
        Path | None,
        typer.Option(exists=True, help="One row per comparison, as CSV; without it they follow from the samplesheet."),
    ] = None,
    subsets: Annotated[
        Path | None, typer.Option(exists=True, help="Lineages and subsets (YAML), to check the names in contrasts.")
    ] = None,
    reference_tissue: Annotated[str, typer.Option(help="The tissue that the others are compared with.")] = "blood",
) -> None:
    """Validate the samplesheet and the contrasts, and write them as clean tables.

    Writes samples.csv, identity.csv, files.csv (and the same as files.json), contrasts.csv, covariates.csv, a table
    for each library in rows/ and for each contrast in contrasts/, subsets.yaml, lineages.yaml and the facts. All
    problems of both sheets are reported at once, with row and column, and the script ends with exit 2.
    """
    from sscite.samples import validate

    with command.step("samples_validate", "cohort") as facts:
        validate.run(samplesheet, contrasts, subsets, reference_tissue=reference_tissue, facts=facts)


if __name__ == "__main__":
    command.run(main)
