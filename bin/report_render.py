#!/usr/bin/env python3
"""Draw the report from its gathered content."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    content: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="report_data.json of report_gather.py.")],
    output: Annotated[Path, typer.Option(help="The report: one HTML file that needs no network.")] = Path(
        "report.html"
    ),
) -> None:
    """Draw the report as one HTML file."""
    from sscite.report.render import render

    output.write_text(render(json.loads(content.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    command.run(main)
