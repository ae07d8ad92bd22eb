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
    model is shown, and compared where one is expected. Exits 2 where a model is absent, refused or not the expected
    one.
    """
    import shutil

    import pandas as pd

    from sscite.annotate import model as models
    from sscite.errors import Reason, Skipped, UserError
    from sscite.io import write_table

    rows: list[dict[str, object]] = []
    output.mkdir(exist_ok=True)
    with command.step("annotate_model", "cohort") as facts:
        try:
            if not model:
                raise Skipped(Reason.NOT_REQUESTED, "no model was given: set --celltypist_model")
            wanted = models.parse(model)
            expected = models.expected_checksums(sha256, len(wanted))
            problems, staged = [], list(given or [])
            for number, ((tissue, name), pin) in enumerate(zip(wanted.items(), expected, strict=True), start=1):
                try:
                    path = models.find(name, given=staged, cache=(cache or Path("cache")).resolve())
                    staged = [file for file in staged if file != path]  # two tissues may give files of one name
                    rows.append(models.inspect(path, pin, tissue=tissue, file=f"{number}_{path.name}"))
                    shutil.copyfile(path, output / str(rows[-1]["file"]))
                except UserError as error:
                    problems += error.problems
            if problems:
                raise UserError(problems)
            facts.number(models=len(rows))
            facts.verdict(
                "; ".join(
                    f"{row['name']} for {row['tissue'] or 'any tissue'}, {row['cell_types']} cell types" for row in rows
                )
                + "."
            )
            facts.table(
                "models",
                pd.DataFrame(rows),
                "Models",
                "The checksum pins a model: give it as --celltypist_model_sha256.",
            )
        except Skipped as skipped:
            facts.skip(skipped)
    write_table(pd.DataFrame(rows, columns=models.TABLE), output / "models.csv")


if __name__ == "__main__":
    command.run(main)
