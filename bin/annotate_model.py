#!/usr/bin/env python3
"""Find the CellTypist models that a run needs, check them, and gather them in one folder."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    model: Annotated[
        str, typer.Option(help="path or name; tissue=path,tissue=path for one each; empty: no annotation")
    ] = "",
    given: Annotated[
        list[Path] | None, typer.Option(help="model files staged beside the task; found by file name")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="folder of models fetched by name, filled on first use")] = None,
    sha256: Annotated[
        str, typer.Option(help="expected SHA-256; several with commas, in the models' order; another is refused")
    ] = "",
    output: Annotated[Path, typer.Option(help="folder to write: models.csv and the .pkl files")] = Path("models"),
) -> None:
    """Find the CellTypist models that a run needs, check them, and gather them in one folder.

    A model is a path or a name of CellTypist's list. A name is fetched once, into the cache. The SHA-256 of every
    model is reported, and compared if one is expected. Exits 2 if a model is absent, refused or not the expected
    one.
    """
    from sscite.annotate import model as models

    models.run(model, given=given or [], cache=cache, sha256=sha256, output=output)


if __name__ == "__main__":
    command.run(main)
