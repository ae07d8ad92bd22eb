#!/usr/bin/env python3
"""Map new libraries onto a finished cohort: lineage, subset and place on the map, each with a confidence."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    merged: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="merged.h5mu of the new libraries")],
    reference: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="cohort.h5mu of a finished run; not changed")
    ],
    seed: Annotated[int, typer.Option(help="every random number follows from it")] = 0,
    id: command.Id = "cohort",
) -> None:
    """Map new libraries onto a finished cohort: lineage, subset and place on the map, each with a confidence."""
    from sscite.cohort.map.run import run

    run(merged=merged, reference=reference, seed=seed, id=id)


if __name__ == "__main__":
    command.run(main)
