"""What a task needs by the size of its input: assets/resources.json, which benchmarks/resources.py fits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sscite.errors import UserError
from sscite.reading import read_json

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Table = dict[str, Any]
TOTALS = ("margin", "kept", "processes")
NEEDS = ("per", "size", "after", "cores", "cores_used", "memory_mb", "cpu_s", "work_mb", "results_mb")


def read_coefficients(path: Path) -> Table:
    """Read the coefficients.

    Raises
    ------
    UserError
        The file cannot be read, or an entry is missing.

    Returns
    -------
    `margin` (requested memory over the predicted), `values_per_cell`, `kept` (share of the libraries' cells that the
    cohort holds) and `processes`. Each process has `per` (a task for each library, contrast or cohort), `also` (further
    tasks by name), `size` (whose cells and values count: all files or the counts
    of a library, the largest library, the cohort), `after` (processes whose files it reads), `cores`,
    `cores_used`, and three coefficients of `memory_mb`, `cpu_s`, `work_mb` and `results_mb`.
    """
    kind = "coefficients that benchmarks/resources.py wrote"
    table = found if isinstance(found := read_json(path, kind), dict) else {}
    lacking = [name for name in TOTALS if name not in table]
    processes = {} if lacking else table["processes"]
    lacking += [f"{process}: {name}" for process, needs in processes.items() for name in NEEDS if name not in needs]
    if lacking:
        raise UserError(f"{path}: not {kind} (no {', '.join(lacking[:3])}); fit them again, or leave them out")
    return table


def predict(coefficients: list[float], sizes: pd.DataFrame) -> NDArray[np.float64]:
    """Return a + b · 1,000 cells + c · million values for each row of `cells values`."""
    return design(sizes) @ np.asarray(coefficients, float)


def design(sizes: pd.DataFrame) -> NDArray[np.float64]:
    """Return the columns that the coefficients multiply: 1, thousand cells, million values."""
    return np.column_stack([np.ones(len(sizes)), sizes["cells"] / 1e3, sizes["values"] / 1e6])
