#!/usr/bin/env python3
"""Embed the cohort: variable genes, components, Harmony within each tissue, neighbours, clusters, maps."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    merged: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="merged.h5mu of cohort_merge.py")],
    hvg: Annotated[
        int, typer.Option(min=50, help="highly variable genes; more see rarer states, and more noise")
    ] = 2000,
    resolution: Annotated[float, typer.Option(min=0.01, help="of Leiden; higher gives more clusters")] = 1.0,
    seed: Annotated[int, typer.Option(help="every random number follows from it")] = 0,
    id: command.Id = "cohort",
) -> None:
    """Embed the cohort: variable genes, components, Harmony within each tissue, neighbours, clusters, maps."""
    from sscite.cohort.integrate.run import run

    run(merged=merged, hvg=hvg, resolution=resolution, seed=seed, id=id)


if __name__ == "__main__":
    command.run(main)
