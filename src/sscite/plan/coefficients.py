"""What a task needs by the size of its input: assets/resources.json, which benchmarks/resources.py fits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sscite.reading import read_json

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Table = dict[str, Any]


def read_coefficients(path: Path) -> Table:
    """Read the coefficients.

    Returns
    -------
    `margin` (requested memory over the predicted), `values_per_cell`, `kept` (share of the libraries' cells that the
    cohort holds) and `processes`. Each process has `per` (a task for each library, contrast or cohort), `also` (further
    tasks by name), `size` (whose cells and values count: all files or the counts
    of a library, the largest library, the cohort), `after` (processes whose files it reads), `cores`,
    `cores_used`, and three coefficients of `memory_mb`, `cpu_s`, `work_mb` and `results_mb`.
    """
    return dict(read_json(path, "coefficients that benchmarks/resources.py wrote"))


def predict(coefficients: list[float], sizes: pd.DataFrame) -> NDArray[np.float64]:
    """Return a + b · 1,000 cells + c · million values for each row of `cells values`."""
    return design(sizes) @ np.asarray(coefficients, float)


def design(sizes: pd.DataFrame) -> NDArray[np.float64]:
    """Return the columns that the coefficients multiply: 1, thousand cells, million values."""
    return np.column_stack([np.ones(len(sizes)), sizes["cells"] / 1e3, sizes["values"] / 1e6])
