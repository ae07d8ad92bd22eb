"""Print a table as JSON records: a CSV or parquet file, or a part of an .h5mu or .h5ad file (a table or a matrix)."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import pandas as pd
from anndata.io import read_elem


def read(path: Path, part: str | None) -> pd.DataFrame:
    """Return the table; of a matrix one row: its rows, columns and total."""
    if part:
        with h5py.File(path) as file:
            found = read_elem(file[part])
        if isinstance(found, pd.DataFrame):
            return found.reset_index(names="cell" if part.endswith("obs") else "name")
        return pd.DataFrame({"rows": [found.shape[0]], "columns": [found.shape[-1]], "total": [float(found.sum())]})
    return pd.read_parquet(path).reset_index() if path.suffix == ".parquet" else pd.read_csv(path)


if __name__ == "__main__":
    print(read(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None).to_json(orient="records"))
