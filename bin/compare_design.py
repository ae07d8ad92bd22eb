#!/usr/bin/env python3
"""Show who is in each contrast, what is confounded with it, and what its numbers of donors can find."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True, dir_okay=False)],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv", exists=True, dir_okay=False)],
    min_donors: Annotated[int, typer.Option(min=2, help="donors in each group; a contrast with fewer is skipped")] = 3,
) -> None:
    """Show who is in each contrast, what is confounded with it, and what its numbers of donors can find.

    Writes <contrast_id>/design.csv, design_confounding.csv, design_power.csv and design_left_out.csv of every contrast.
    """
    from sscite.compare.design.run import run

    run(composition=composition, samples=samples, contrasts=contrasts, min_donors=min_donors)


if __name__ == "__main__":
    command.run(main)
