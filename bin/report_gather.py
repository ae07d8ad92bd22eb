#!/usr/bin/env python3
"""Gather the facts of all tasks into report.json, tables for MultiQC, and the provenance of the run."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    facts: Annotated[Path, typer.Option(exists=True, help="Folder of the tasks' facts files (*.json).")],
    settings: Annotated[Path | None, typer.Option(exists=True, help="The run's parameters (JSON).")] = None,
    schema: Annotated[Path | None, typer.Option(exists=True, help="nextflow_schema.json, for the defaults.")] = None,
    workflow: Annotated[Path | None, typer.Option(exists=True, help="What Nextflow knows of the run (JSON).")] = None,
    main_nf: Annotated[Path | None, typer.Option(exists=True, help="main.nf, kept with the run.")] = None,
    output: Annotated[Path, typer.Option(help="Folder of report.json, multiqc/, run/ and the RO-Crate.")] = Path(),
) -> None:
    """Gather the facts of all tasks into report.json, multiqc/, run/ and ro-crate-metadata.json."""
    from sscite.report import gather

    gather.run(facts, settings=settings, schema=schema, workflow=workflow, main=main_nf, output=output)


if __name__ == "__main__":
    command.run(main)
