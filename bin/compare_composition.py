#!/usr/bin/env python3
"""Compare the frequencies of subsets between groups of donors, by four methods side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True, dir_okay=False)],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv", exists=True, dir_okay=False)],
    permutations: Annotated[
        int, typer.Option(min=100, help="permutations drawn where over 20,000 are possible")
    ] = 2000,
    min_donors: Annotated[int, typer.Option(min=2, help="donors in each group; a contrast with fewer is skipped")] = 3,
    seed: Annotated[int, typer.Option(help="of the permutations drawn")] = 0,
) -> None:
    """Compare the frequencies of subsets between groups of donors, by four methods side by side.

    Writes <contrast_id>/composition.csv, composition_omnibus.csv and composition_loadings.csv of every contrast.
    """
    from sscite.compare.composition.run import run

    run(
        composition=composition,
        samples=samples,
        contrasts=contrasts,
        permutations=permutations,
        min_donors=min_donors,
        seed=seed,
    )


if __name__ == "__main__":
    command.run(main)
