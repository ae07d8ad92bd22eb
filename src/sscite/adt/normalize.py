"""Normalise the antibodies of one library: read, normalise, assess, write; empty files without antibodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sscite import command, io
from sscite.adt import inputs, normalisation, report
from sscite.adt.panels import COLUMNS
from sscite.command import Facts
from sscite.errors import Reason, Skipped, UserError
from sscite.reading import read_user_table


@dataclass(frozen=True)
class Files:
    """Input and output files; `library` or `cells` is needed."""

    library: Path | None
    droplets: Path | None
    cells: Path | None
    empty_droplets: Path | None
    methods: Path | None
    panel_map: Path | None
    output: Path | None


def quantiles(text: str) -> tuple[float, float] | None:
    """Read `0.001,0.9995`; None where empty.

    Raises
    ------
    UserError
        Not two numbers.
    """
    if not text.strip():
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError(
            f"--quantile-clip is '{text}'; give two numbers within 0 and 1, such as 0.001,0.9995"
        ) from error
    return low, high


def run(id: str, files: Files, settings: normalisation.Settings, *, isotypes: Sequence[str], seed: int) -> None:
    """Normalise a library and write its files and step summary."""
    with command.step("adt_normalize", id, seed=seed) as facts:
        normalize_library(facts, id, files, settings, isotypes=isotypes, seed=seed)


def normalize_library(
    facts: Facts, id: str, files: Files, settings: normalisation.Settings, *, isotypes: Sequence[str], seed: int
) -> None:
    """Normalise a library, assess its antibodies, and write the files; without antibodies empty ones."""
    try:
        settings = replace(settings, method=_method(files, id, settings.method))
        settings.check()
        library = _read(files)
    except Skipped as skipped:
        facts.skip(skipped)
        _write(id, *_nothing(files))
        return
    extra = read_user_table(files.panel_map, required=("feature", "protein")) if files.panel_map else None
    panel = inputs.name_panel(library.features, isotypes=isotypes, extra=extra)
    rng = np.random.default_rng(seed)
    result = normalisation.normalise(library.counts, panel, empties=library.empties, settings=settings, rng=rng)
    quality, cells, link = normalisation.assess(
        library.counts, panel, result, empties=library.empties, rna=library.rna, rng=rng
    )
    columns = panel["feature" if files.cells else "protein"].tolist()
    values = pd.DataFrame(result.proteins.astype(np.float32), index=library.cells, columns=columns)
    _write(id, values, panel.assign(method=settings.method), quality, cells.set_index(library.cells))
    if files.output:
        io.write_table(values.rename_axis("barcode").reset_index(), files.output)
    unknown = panel.loc[~panel["matched"], "feature"]
    if len(unknown):
        facts.warn(f"Names that are not known: {', '.join(unknown[:20])}; --panel_map can name them.")
    report.normalised(facts, library, result, quality, cells, link, used=settings.method, rng=rng)


def _method(files: Files, id: str, requested: str) -> str:
    """Look the library's method up in the cohort's table, where there is one."""
    if files.methods is None:
        return requested
    table = io.read_table(files.methods).set_index("library_id")["method"]
    if id not in table:
        raise UserError(f"{files.methods}: no library '{id}'; it has {', '.join(table.index)}")
    if not table[id]:
        raise Skipped(Reason.NO_ANTIBODIES)
    return table[id]


def _read(files: Files) -> inputs.Library:
    """Read the pipeline's files or bare tables."""
    if files.library is not None and files.cells is None:
        return inputs.read_library(files.library, files.droplets)
    if files.cells is not None and files.library is None:
        return inputs.read_tables(files.cells, files.empty_droplets)
    raise UserError("give either --library (the pipeline's .h5mu) or --cells (a table of counts)")


def _nothing(files: Files) -> tuple[pd.DataFrame, ...]:
    """Return the four tables without columns of proteins or rows of antibodies, for a library without antibodies."""
    cells = io.read_obs(files.library).index if files.library else pd.Index([], dtype=str)
    flags = pd.DataFrame(0.0, index=cells[:0], columns=normalisation.CELL_COLUMNS).astype({"adt_aggregate": bool})
    panel = pd.DataFrame(columns=[*COLUMNS, "matched", "method"])
    return pd.DataFrame(index=cells[:0]), panel, pd.DataFrame(columns=normalisation.QUALITY_COLUMNS), flags


def _write(id: str, values: pd.DataFrame, panel: pd.DataFrame, quality: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Write the four files of a library."""
    io.write_fragment(values, Path(f"{id}.adt_normalize.parquet"))
    io.write_table(panel, Path(f"{id}.adt_panel.csv"))
    io.write_table(quality.round(6), Path(f"{id}.adt_quality.csv"))
    io.write_fragment(cells, Path(f"{id}.adt_cells.parquet"))
