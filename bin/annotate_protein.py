#!/usr/bin/env python3
"""Ask the surface proteins whether they support the lineage that RNA gave to each cell."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    labels: Annotated[Path, typer.Option(help="<id>.annotate_celltypist.parquet")],
    proteins: Annotated[Path, typer.Option(help="<id>.adt_normalize.parquet: normalised protein, a column each")],
    panel: Annotated[
        Path | None, typer.Option(help="<id>.adt_panel.csv; isotype controls in it are no witnesses")
    ] = None,
    id: Annotated[str, typer.Option(help="file-safe library name; begins every output's name")] = "cells",
) -> None:
    """Ask the surface proteins whether they support the lineage that RNA gave to each cell.

    Writes <id>.annotate_protein.parquet: the labels, with the lineage after the proteins were heard, the lineage that
    they show, whether they support RNA's, and which cells are set aside. Without proteins the labels pass unchanged.
    """
    from sscite.annotate import protein, testimony
    from sscite.errors import Skipped
    from sscite.io import read_fragment, read_table, write_fragment

    given = read_fragment(labels)
    with command.step("annotate_protein", id) as facts:
        frame = protein.without(given)
        try:
            values = testimony.usable(given, read_fragment(proteins), read_table(panel) if panel else None)
            frame, cuts = protein.witness(given, values)
            testimony.tell(facts, given, frame, values, cuts)
        except Skipped as skipped:
            facts.skip(skipped)
    write_fragment(frame, Path(f"{command.file_stem(id)}.annotate_protein.parquet"))


if __name__ == "__main__":
    command.run(main)
