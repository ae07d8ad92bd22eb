"""The files of COMPARE_PSEUDOBULK that the questions read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sscite import io
from sscite.reading import reading

if TYPE_CHECKING:
    from anndata import AnnData

TEXT = ("sample", "donor", "subset", "parent")


def read_composition(path: Path) -> pd.DataFrame:
    """Read composition.csv, the numbers of cells of each sample; names stay text."""
    with reading(path, "the composition.csv of compare_pseudobulk.py"):
        frame = pd.read_csv(path, dtype=dict.fromkeys(TEXT, str))
    return io.with_columns(frame, path, TEXT)


def read_pseudobulk(path: Path) -> AnnData:
    """Read pseudobulk.h5ad, the summed counts of each sample and subset."""
    from anndata import read_h5ad

    with reading(path, "the pseudobulk.h5ad of compare_pseudobulk.py"):
        return read_h5ad(path)
