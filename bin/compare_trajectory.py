#!/usr/bin/env python3
"""Order blood monocytes and tissue macrophages by pseudotime, and say how far the order can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    cohort: Annotated[Path, typer.Option(help="finished cohort, .h5mu", exists=True)],
    cells: Annotated[Path, typer.Option(help="cells.parquet: a row per cell", exists=True)],
    reference_tissue: Annotated[str, typer.Option(help="tissue where the path begins")] = "blood",
    lineage: Annotated[str, typer.Option(help="lineage that is ordered")] = "monocyte/DC",
    without: Annotated[str, typer.Option(help="its subsets that are left out, comma-separated")] = "cDC1,cDC2",
    root_up: Annotated[str, typer.Option(help="genes high at the root, comma-separated")] = "S100A12",
    root_down: Annotated[str, typer.Option(help="genes low at the root, comma-separated")] = "HLA-DRB1",
    min_cells: Annotated[int, typer.Option(help="cells in which a gene must be seen", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="of the cells and donors drawn")] = 0,
) -> None:
    """Order blood monocytes and tissue macrophages by pseudotime, and say how far the order can be trusted.

    Writes TISSUE/trajectory.csv: genes and proteins along the path, and TISSUE/trajectory_cells.csv.
    """
    import pandas as pd

    from sscite import io
    from sscite.compare import expression, figures_trajectory, pseudobulk, space_file, trajectory
    from sscite.errors import Reason, Skipped

    space = space_file.read_space(cohort)
    table = pd.read_parquet(cells)
    table = table[pseudobulk.keep(table) & table.index.isin(space.index)]
    present = sorted(set(table["tissue"].astype(str)))
    tissues = [name for name in present if name != reference_tissue]
    up, down, left_out = (tuple(part.split(",")) for part in (root_up, root_down, without))
    if not tissues or reference_tissue not in present:
        with command.step("compare_trajectory", "tissues", seed=seed):
            raise Skipped(Reason.ONE_TISSUE, f"tissues: {', '.join(present)}")
    for tissue in tissues:
        with command.step("compare_trajectory", tissue, seed=seed) as facts:
            result = pd.DataFrame(columns=trajectory.COLUMNS)
            folder = Path(command.file_stem(tissue))
            folder.mkdir(exist_ok=True)
            try:
                part = trajectory.choose(
                    table, tissue=tissue, reference=reference_tissue, lineage=lineage, without=left_out, seed=seed
                )
                part, values, proteins = space_file.read_values(cohort, part, min_cells=min_cells)
                missing = [gene for gene in (*up, *down) if gene not in values.columns]
                if len(missing) == len(up) + len(down):
                    raise Skipped(Reason.LOW_GENE_OVERLAP, f"no root marker was measured: {', '.join(missing)}")
                score = trajectory.root_score(values, list(up), list(down))
                path = trajectory.trace(
                    space.loc[part.index].to_numpy(), part, score, reference=reference_tissue, seed=seed
                )
                parts = [trajectory.along(v.to_numpy(), v.columns, path.cells, kind)
                         for v, kind in ((values, "gene"), (proteins, "protein")) if v.shape[1]]  # fmt: skip
                result = pd.concat(parts, ignore_index=True).assign(tissue=tissue)[trajectory.COLUMNS]
                drawn = list(dict.fromkeys([*up, *down, "EGR1", "THBS1", *result["feature"].head(5)]))
                markers = values[[gene for gene in drawn if gene in values]]
                carried = trajectory.carriers(path.cells, tissue=tissue)
                figures_trajectory.describe(facts, path, result, carried, tissue, markers)
                kept = path.cells[["sample", "donor", "tissue", "subset", "pseudotime"]].reset_index(names="cell")
                io.write_table(expression.rounded(kept), folder / "trajectory_cells.csv")
            except Skipped as skipped:
                facts.skip(skipped)
            io.write_table(expression.rounded(result), folder / "trajectory.csv")


if __name__ == "__main__":
    command.run(main)
