#!/usr/bin/env python3
"""Check the samplesheet and the contrasts; write the tables that every later step reads."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    samplesheet: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="A row per sample, as CSV.")],
    contrasts: Annotated[
        Path | None,
        typer.Option(exists=True, help="A row per comparison, as CSV; without it they follow from the samplesheet."),
    ] = None,
    subsets: Annotated[
        Path | None, typer.Option(exists=True, help="Lineages and subsets (YAML), to check the names in contrasts.")
    ] = None,
    reference_tissue: Annotated[str, typer.Option(help="The tissue that the others are compared with.")] = "blood",
) -> None:
    """Check the samplesheet and the contrasts whole, and write them as clean tables.

    Writes samples.csv, files.csv (and the same as files.json), contrasts.csv, covariates.csv and the facts. All
    problems of both sheets are told at once, with row and column, and the script ends with exit 2.
    """
    from sscite import io
    from sscite.samples import report
    from sscite.samples.validate import validate
    from sscite.subsets.definitions.subsets import load_definitions

    with command.step("samples_validate", "cohort") as facts:
        known = None
        if subsets:
            found = load_definitions(subsets)
            known = frozenset([*found.subsets, *(lineage.name for lineage in found.lineages)])
        checked = validate(samplesheet, contrasts, reference_tissue=reference_tissue, subsets=known)
        for name in ("samples", "files", "contrasts", "covariates"):
            io.write_table(getattr(checked, name), Path(f"{name}.csv"))
        Path("files.json").write_text(checked.files.to_json(orient="records", force_ascii=False), encoding="utf-8")
        report.validated(facts, checked)


if __name__ == "__main__":
    command.run(main)
