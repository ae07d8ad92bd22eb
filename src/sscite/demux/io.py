"""Read hashtag counts and genotype calls; write calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sscite import io, names
from sscite.errors import Reason, Skipped, UserError


def read_library(path: Path) -> tuple[pd.DataFrame, np.ndarray | None]:
    """Read the hashtags of a library that the samples room wrote, and the genes seen in each cell.

    Raises
    ------
    Skipped
        The library has no hashtags.
    """
    if names.HASHTAG not in io.modalities(path):
        raise Skipped(Reason.NO_HASHTAGS)
    found = io.read_modality(path, names.HASHTAG)
    genes = io.read_obs(path).get(names.N_GENES)
    counts = pd.DataFrame(found.X.toarray(), index=found.obs_names.astype(str), columns=found.var_names.astype(str))
    return counts, None if genes is None or not (genes > 0).any() else genes.fillna(0).to_numpy(dtype=float)


def read_hashtags(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Read hashtag counts of any format: bare table, 10x or CITE-seq-Count folder, 10x h5, h5ad, h5mu.

    If the file holds genes or antibodies too, its hashtags are read, identified by type or name; a file of
    antibodies alone is taken whole.

    Returns
    -------
    Droplets × hashtags, and notes on how the file was read.

    Raises
    ------
    UserError
        The file cannot be read or holds no hashtags.
    """
    from sscite.formats import read_counts, split_features
    from sscite.formats.tags import tags_of

    counts = read_counts(path)
    kinds = split_features(counts.features)
    notes = [*counts.notes, *counts.doubts]
    tags = tags_of(counts, [])
    mixed = not (kinds == names.HASHTAG).any() and (kinds == names.PROTEIN).any() and (kinds == names.RNA).any()
    if mixed or not len(tags.features):
        raise UserError(
            f"{path}: no hashtags among {len(kinds):,} features ({', '.join(map(repr, counts.features.index[:3]))}, "
            "...); "
            "name them as hashtags (Hashtag..., HTO...), or give a table that holds nothing else"
        )
    counts = tags
    table = pd.DataFrame(
        counts.matrix.toarray(),
        index=pd.Index(counts.barcodes, dtype=object),
        columns=counts.features.index.astype(str),
    )
    return table, notes


def write_calls(calls: pd.DataFrame, path: Path) -> None:
    """Write the bare table's calls as CSV."""
    io.write_table(calls.rename_axis(index="barcode").reset_index(), path)


def write_nothing(stem: str, columns: list[str]) -> None:
    """Write a fragment with headers and no rows."""
    io.write_fragment(pd.DataFrame(columns=columns, index=pd.Index([], dtype=str), dtype=str), Path(stem))
