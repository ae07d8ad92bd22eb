#!/usr/bin/env python3
"""Follow genes, signatures and subsets over the stages at which the same donor was sampled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    composition: Annotated[Path, typer.Option(help="cell numbers per sample and subset", exists=True, dir_okay=False)],
    pseudobulk: Annotated[Path, typer.Option(help="summed counts, .h5ad", exists=True, dir_okay=False)],
    cells: Annotated[Path, typer.Option(help="cells.parquet with signatures", exists=True, dir_okay=False)],
    samples: Annotated[Path, typer.Option(help="samples.csv", exists=True, dir_okay=False)],
    stage_features: Annotated[str, typer.Option(help="genes, signatures or subsets shown first, comma-separated")] = "",
    min_cells: Annotated[int, typer.Option(min=1, help="cells of a sample in a lineage to enter")] = 10,
) -> None:
    """Follow genes, signatures and subsets over the stages at which the same donor was sampled.

    The stage is the covariate that differs between a donor's samples of one tissue. Writes stage/stage.csv and
    stage/stage_changes.csv. A p value is given only where six or more donors were sampled at both stages.
    """
    import anndata
    import pandas as pd

    from sscite import io
    from sscite.compare.contrast import contrast as plan
    from sscite.compare.stage import longitudinal, report
    from sscite.errors import Skipped

    counted = pd.read_csv(composition, dtype={"sample": str, "donor": str, "subset": str, "parent": str})
    features = [name.strip() for name in stage_features.split(",") if name.strip()]
    with command.step("compare_stage", "cohort") as facts:
        try:
            table, changes = report.answer(
                counted, anndata.read_h5ad(pseudobulk), pd.read_parquet(cells), plan.load_samples(samples), facts,
                features=features, min_cells=min_cells,
            )  # fmt: skip
        except Skipped as skipped:
            facts.skip(skipped)
            table, changes = pd.DataFrame(columns=longitudinal.COLUMNS), pd.DataFrame(columns=longitudinal.SUMMARY)
        Path("stage").mkdir(exist_ok=True)
        io.write_table(table, Path("stage/stage.csv"))
        io.write_table(changes, Path("stage/stage_changes.csv"))


if __name__ == "__main__":
    command.run(main)
