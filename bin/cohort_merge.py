#!/usr/bin/env python3
"""Join all libraries and what each step found about their cells into one cohort on disk.

Cells that pass quality control, are no doublets and belong to a sample enter the matrix; the others are kept in the
table of left-out cells with the reason. Libraries are read one at a time.
"""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    libraries: Annotated[Path, typer.Option(exists=True, file_okay=False, help="folder of <id>.h5mu, one a library")],
    fragments: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="folder of <id>.<step>.parquet and <id>.adt_panel.csv")
    ],
    samples: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="samples.csv, a row per sample")],
    genes: Annotated[
        str, typer.Option(help="union: genes of any library (absent counts as 0); intersection: genes of all libraries")
    ] = "union",
    id: Annotated[str, typer.Option(help="names the files written")] = "cohort",
) -> None:
    """Join all libraries and what each step found about their cells into merged.h5mu."""
    from sscite import io
    from sscite.cohort.merge.libraries import find_libraries, merge_libraries, write_empty
    from sscite.errors import Skipped

    with command.step("cohort_merge", id) as facts:
        try:
            report = merge_libraries(
                find_libraries(libraries, fragments),
                samples=io.read_table(samples),
                genes=genes,
                out=Path("merged.h5mu"),
            )
        except Skipped as skipped:
            facts.skip(skipped)
            write_empty(Path("merged.h5mu"))
            return
        facts.number(**report.numbers)
        facts.verdict(report.verdict)
        for sentence in report.warnings:
            facts.warn(sentence)
        for name, (frame, title, caption) in report.tables.items():
            facts.table(name, frame, title, caption)
        facts.figure("cells", report.figure(), "Cells of each library", "Cells used, and cells left out by reason.")


if __name__ == "__main__":
    command.run(main)
