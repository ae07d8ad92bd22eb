#!/usr/bin/env python3
"""Check the RNA lineage of each cell against its surface proteins."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    labels: Annotated[Path, typer.Option(help="<id>.annotate_celltypist.parquet")],
    proteins: Annotated[Path, typer.Option(help="<id>.adt_normalize.parquet: normalised, one column per protein")],
    panel: Annotated[Path | None, typer.Option(help="<id>.adt_panel.csv; isotype controls in it are not used")] = None,
    id: command.Id = "cells",
) -> None:
    """Check the RNA lineage of each cell against its surface proteins.

    Writes <id>.annotate_protein.parquet: the labels, with the lineage after the protein check, the lineage by
    protein, whether it supports RNA's, and which cells are set aside. Without proteins the labels are unchanged.
    """
    from sscite.annotate import protein

    protein.run(labels, proteins, panel=panel, id=id)


if __name__ == "__main__":
    command.run(main)
