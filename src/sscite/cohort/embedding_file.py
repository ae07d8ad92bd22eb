"""The file of embeddings, `cohort.embedding.h5`: cells and, for each embedding, cells × components."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from sscite import io
from sscite.embedding.pca import Components


def write(
    path: Path, cells: pd.Index, obsm: dict[str, np.ndarray], *, genes: pd.Index, components: Components | None
) -> None:
    """Write embeddings, and the genes and loadings that new cells are projected with."""
    text = h5py.string_dtype()
    with h5py.File(path, "w") as file:
        file.create_dataset("cell", data=np.asarray(cells, dtype=object), dtype=text)
        for name, values in obsm.items():
            file.create_dataset(name, data=values.astype(np.float32))
        model = file.create_group("model")
        model.create_dataset("genes", data=np.asarray(genes, dtype=object), dtype=text)
        if components is not None:
            for part in ("mean", "scale", "loadings", "variance"):
                model.create_dataset(part, data=getattr(components, part))


def read(path: Path) -> tuple[pd.Index, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the cells, the embeddings by name, and the parts of the projection (genes, mean, scale, loadings)."""
    with io.opened(path) as file:
        cells = pd.Index(file["cell"].asstr()[:])
        obsm = {name: file[name][:] for name in file if name not in ("cell", "model")}
        model = {name: (item.asstr()[:] if name == "genes" else item[:]) for name, item in file["model"].items()}
    return cells, obsm, model
