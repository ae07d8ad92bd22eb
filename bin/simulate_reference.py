#!/usr/bin/env python3
"""Train a small CellTypist model on a simulated, labelled reference."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    output: Annotated[Path, typer.Option(dir_okay=False, help="The model to write, .pkl.")],
    cells: Annotated[int, typer.Option(min=16, help="Cells of each subset.")] = 80,
    genes: Annotated[int, typer.Option(min=500, help="Genes; as many as the cohort's, or fewer.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Another than the cohort's, for other donors and noise.")] = 1000,
) -> None:
    """Train a small CellTypist model on a simulated, labelled reference, so that the demo needs no network.

    The labels are those of CellTypist's public models (Immune_All_Low for immune cells).
    """
    from sscite.simulate import reference

    counts, labels, symbols = reference.cells(per_subset=cells, genes=genes, seed=seed)
    output.parent.mkdir(parents=True, exist_ok=True)
    reference.train(counts, labels, symbols, seed=seed).write(str(output))
    command.log.info("%s: %d labels learned from %d cells", output, len(set(labels)), len(labels))


if __name__ == "__main__":
    command.run(main)
