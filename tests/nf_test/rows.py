"""Print a table as JSON records: a CSV or parquet file, or a part of an .h5mu or .h5ad file (a table or a matrix).

Usage: rows.py FILE PART COLUMNS; PART is empty for a CSV or parquet file, COLUMNS for all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import pandas as pd
from anndata.io import read_elem


def read(path: Path, part: str) -> pd.DataFrame:
    """Return the table; of a matrix one row: its rows, columns and total."""
    if part:
        with h5py.File(path) as file:
            found = read_elem(file[part])
        if isinstance(found, pd.DataFrame):
            return found.reset_index(names="cell" if part.endswith("obs") else "name")
        return pd.DataFrame({"rows": [found.shape[0]], "columns": [found.shape[-1]], "total": [float(found.sum())]})
    return pd.read_parquet(path).reset_index() if path.suffix == ".parquet" else pd.read_csv(path)


if __name__ == "__main__":
    path, part, columns = sys.argv[1:]
    table = read(Path(path), part)
    print((table[columns.split(",")] if columns else table).to_json(orient="records"))
