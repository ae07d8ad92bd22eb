#!/usr/bin/env python3
"""Choose one protein normalisation for the whole cohort from what its libraries have."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, help="<id>.h5mu of every library, and <id>.droplets.h5mu where there are any."),
    ],
    method: Annotated[
        str,
        typer.Option(
            help="auto: dsb where every library has empty droplets, else dsb_cells for all; per_library: the best of "
            "each (not comparable); or dsb, dsb_cells, clr_cell, clr_protein for all."
        ),
    ] = "auto",
    output: Annotated[Path, typer.Option(help="Table to write: library_id, method, reason.")] = Path("adt_method.csv"),
) -> None:
    """Choose one protein normalisation for the whole cohort.

    dsb needs empty droplets (raw counts). Values of two methods cannot be compared, so that one library without empty
    droplets decides for all, unless per_library is asked for.
    """
    import pandas as pd

    from sscite import io
    from sscite.adt import inputs, report
    from sscite.adt.method import CHOICES, check_method, choose

    with command.step("adt_method", "cohort") as facts:
        check_method(method, CHOICES)
        ending = ".droplets.h5mu"
        droplets = {path.name.removesuffix(ending): path for path in files if path.name.endswith(ending)}
        libraries = [path for path in files if not path.name.endswith(ending)]
        rows = [(path.stem, *inputs.summarise(path, droplets.get(path.stem))) for path in sorted(libraries)]
        table = pd.DataFrame(rows, columns=["library_id", "proteins", "empties"])
        chosen = choose(table, method)
        io.write_table(chosen, output)
        report.methods(facts, chosen, table, method)


if __name__ == "__main__":
    command.run(main)
