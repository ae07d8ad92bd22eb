#!/usr/bin/env python3
"""Ask which gene sets stand out among the marker genes of each subset and along the ranking of each contrast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    tables: Annotated[Path, typer.Option(help="folder with the tables of compare expression, at any depth")],
    pseudobulk: Annotated[Path, typer.Option(help="summed counts per sample and subset, .h5ad", exists=True)],
    contrasts: Annotated[Path, typer.Option(help="contrasts.csv, a row per comparison", exists=True)],
    gene_sets: Annotated[Path, typer.Option(help="folder with GMT files or tables of regulator and target")],
    subsets: Annotated[Path, typer.Option(help="subsets.yaml, whose questions are answered by name", exists=True)],
    min_cells: Annotated[int, typer.Option(help="cells that a donor needs in a subset to enter", min=1)] = 10,
    min_donors: Annotated[int, typer.Option(help="donors that marker genes need", min=2)] = 3,
) -> None:
    """Ask which gene sets stand out among the marker genes of each subset and along the ranking of each contrast.

    Writes markers/enrichment.csv and CONTRAST/enrichment.csv.
    """
    import pandas as pd
    from anndata import read_h5ad

    from sscite import io
    from sscite.compare.contrast import contrast as design
    from sscite.compare.enrichment import competitive, report
    from sscite.compare.expression import differential
    from sscite.errors import Reason, Skipped
    from sscite.subsets.definitions.subsets import load_definitions
    from sscite.subsets.signatures import gene_sets as reader

    asked = load_definitions(subsets).questions.gene_sets
    files = sorted(path for path in gene_sets.rglob("*") if path.is_file()) if gene_sets.is_dir() else []
    sets = {path.stem: reader.read([path]) for path in files}
    found = {}
    for path in sorted(tables.rglob("*.csv")) if tables.is_dir() else []:
        table = pd.read_csv(path, dtype={"contrast_id": str, "gene": str, "subset": str, "outlier": str})
        if len(table):
            found[table["contrast_id"].iloc[0]] = table

    def write(id: str, work) -> None:
        with command.step("compare_enrichment", id) as facts:
            result = pd.DataFrame(columns=competitive.COLUMNS)
            try:
                if not sets:
                    raise Skipped(Reason.NO_GENE_SETS)
                result = work(facts)
            except Skipped as skipped:
                facts.skip(skipped)
            Path(id).mkdir(exist_ok=True)
            io.write_table(differential.rounded(result), Path(id) / "enrichment.csv")

    def of_markers(facts: command.Facts) -> pd.DataFrame:
        table = competitive.markers(read_h5ad(pseudobulk), min_cells=min_cells, min_donors=min_donors)
        result = competitive.test_markers(table, sets)
        if result.empty:
            raise Skipped(Reason.TOO_FEW_DONORS, f"no subset has marker genes in {min_donors} donors")
        report.describe(facts, result, "Marker genes of subsets", asked, ranked=False)
        return result

    write("markers", of_markers)
    for contrast in design.load(contrasts):

        def of_contrast(facts: command.Facts, contrast: design.Contrast = contrast) -> pd.DataFrame:
            if contrast.id not in found:
                raise Skipped(Reason.TOO_FEW_DONORS, "expression could not be tested")
            result = competitive.rank_contrast(found[contrast.id], sets)
            if result.empty:
                raise Skipped(Reason.NO_GENE_SETS, "no set has five genes among those tested")
            report.describe(facts, result, contrast.sides, asked, ranked=True)
            drawing = report.curves(found[contrast.id], result, sets, asked)
            if drawing is not None:
                facts.figure("running", drawing, "Where in the ranking a set lies", "Bars: the genes of the set.")
            return result

        write(contrast.id, of_contrast)


if __name__ == "__main__":
    command.run(main)
