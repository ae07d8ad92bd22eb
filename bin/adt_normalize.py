#!/usr/bin/env python3
"""Normalise the surface proteins of one library and judge its antibodies."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    library: Annotated[Path | None, typer.Option(exists=True, help="The pipeline's <id>.h5mu.")] = None,
    droplets: Annotated[Path | None, typer.Option(exists=True, help="The pipeline's <id>.droplets.h5mu.")] = None,
    cells: Annotated[
        Path | None,
        typer.Option(exists=True, help="Instead: antibody counts, droplets × proteins, of any accepted format."),
    ] = None,
    empty_droplets: Annotated[
        Path | None, typer.Option(exists=True, help="With --cells: the same of empty droplets.")
    ] = None,
    methods: Annotated[Path | None, typer.Option(exists=True, help="adt_method.csv; replaces --method.")] = None,
    method: Annotated[
        str, typer.Option(help="dsb (needs empty droplets), dsb_cells, clr_cell or clr_protein.")
    ] = "dsb",
    isotypes: Annotated[str, typer.Option(help="Isotype controls, comma-separated; found by name where empty.")] = "",
    panel_map: Annotated[
        Path | None, typer.Option(exists=True, help="CSV of feature, protein; extends the naming.")
    ] = None,
    pseudocount: Annotated[float, typer.Option(help="Added to counts before the logarithm (dsb).")] = 10,
    denoise: Annotated[bool, typer.Option(help="Regress each cell's technical level out (dsb).")] = True,
    scale: Annotated[
        str, typer.Option(help="dsb: standardize (units of ambient sd) or mean_subtract (log units).")
    ] = "standardize",
    quantile_clip: Annotated[
        str, typer.Option(help="Limit proteins to two quantiles, such as 0.001,0.9995; none where empty.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option(help="Also write the values as a table: cells × proteins, .csv or .csv.gz.")
    ] = None,
    id: command.Id = "library",
    seed: Annotated[int, typer.Option(help="Of the resampling that gives the thresholds' uncertainty.")] = 0,
) -> None:
    """Normalise the surface proteins of one library and judge its antibodies.

    Writes <id>.adt_normalize.parquet (cells × proteins), <id>.adt_panel.csv, <id>.adt_quality.csv,
    <id>.adt_cells.parquet and the facts. Give --library, or --cells for tables outside a pipeline.
    """
    from sscite.adt import normalize
    from sscite.adt.normalisation import Settings

    settings = Settings(method, pseudocount, denoise, scale, normalize.quantiles(quantile_clip))
    names = [name.strip() for name in isotypes.split(",") if name.strip()]
    files = normalize.Files(library, droplets, cells, empty_droplets, methods, panel_map, output)
    normalize.run(id, files, settings, isotypes=names, seed=seed)


if __name__ == "__main__":
    command.run(main)
