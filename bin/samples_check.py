#!/usr/bin/env python3
"""Read every input file of one library and keep what it holds, or its problems."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    id: Annotated[str, typer.Option(help="The library's identifier; names the outputs.")],
    library: Annotated[
        Path, typer.Option(exists=True, help="libraries/<id>.json of samples_validate: its files and its samples.")
    ],
    folders: Annotated[
        bool, typer.Option(help="Each file is the only entry of a folder named as its column of the samplesheet.")
    ] = False,
) -> None:
    """Read every file of one library: readable, raw whole counts of called cells, hashtags, genotypes.

    Writes <id>.check.json, also where files have problems: samples_inspect reports those of all libraries at once.
    """
    from sscite.samples import check

    with command.step("samples_check", id) as facts:
        check.run(id, library, folders=folders, facts=facts)


if __name__ == "__main__":
    command.run(main)
