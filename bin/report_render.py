#!/usr/bin/env python3
"""Draw the report from report.json and the figures."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    content: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="report.json of report_gather.py.")],
    figures: Annotated[Path, typer.Option(help="Folder of the tasks' figures (*.png); may be absent.")] = Path(
        "figures"
    ),
    cells: Annotated[Path | None, typer.Option(exists=True, help="Cells to explore, of report_explore.py.")] = None,
    output: Annotated[Path, typer.Option(help="The report: one HTML file that needs no network.")] = Path(
        "report.html"
    ),
) -> None:
    """Draw the report as one HTML file; with more than 12 libraries, each has its own page in report_pages/."""
    from sscite.report import render

    render.run(content, figures=figures, cells=cells, output=output)


if __name__ == "__main__":
    command.run(main)
