"""Load a library: modalities of raw counts, cells with quality flags, and droplets that are not cells."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from mudata import MuData
from scipy import sparse

from sscite import genes
from sscite.errors import UserError
from sscite.formats import Counts, match_barcodes, read_counts, split_features
from sscite.names import (
    AMBIENT_COUNTS,
    CAPTURE,
    CELL,
    FEATURE_TYPE,
    GENE_ID,
    LIBRARY,
    N_COUNTS,
    N_GENES,
    PCT_MT,
    PROTEIN,
    RNA,
)
from sscite.samples import qc, write
from sscite.samples.assemble import Library, assemble, check_raw
from sscite.samples.check import hashtags_of
from sscite.totals import per_cell

if TYPE_CHECKING:
    from sscite.command import Facts

RNA_COUNTS = "rna_counts"
PROTEIN_COUNTS = "prot_counts"
MOST_RNA_OF_EMPTY = 100  # RNA counts; the limit of SoupX, doi:10.1093/gigascience/giaa151


def run(
    id: str,
    samples: Path,
    files: dict[str, Path | None],
    limits: dict[str, float],
    *,
    max_pct_mt: str,
    qc_mads: float,
    facts: Facts,
) -> None:
    """Read the files of one library, flag its cells, and write `<id>.h5mu` and `<id>.droplets.h5mu`.

    Parameters
    ----------
    files
        Path by column of the samplesheet; None if the library has no such file.
    limits
        `min_genes` and `max_genes`.
    """
    from sscite import io
    from sscite.samples import report

    sheet = io.read_table(samples)
    rows = sheet[sheet["library_id"] == id]
    if rows.empty:
        raise UserError(f"{samples}: no library_id '{id}'; it has {', '.join(sheet['library_id'].unique()[:12])}")
    tags = hashtags_of(sheet, id)
    mt, sentences = qc.mt_limit(max_pct_mt, list(rows["tissue"].unique()))
    content, raw = read_files(files, tags)
    kinds = split_features(raw.features, tags) if raw else None
    flagged, used = quality(content, limits | {"max_pct_mt": mt}, qc_mads)
    name, capture = rows["library"].iloc[0], rows[CAPTURE].iloc[0] if CAPTURE in rows else ""
    rest = without_cells(raw, content)
    mdata = library(content, flagged, name, ambient_counts(content, rest, kinds), capture=capture)
    write.library(mdata, Path(f"{id}.h5mu"))
    empty = droplets(content, rest, name, kinds)
    write.droplets(empty, Path(f"{id}.droplets.h5mu"))
    report.loaded(facts, content, flagged, used, empty, [*content.doubts, *sentences])


def read_files(files: dict[str, Path | None], hashtags: list[str]) -> tuple[Library, Counts | None]:
    """Read the files of one library and check that they belong together; all droplets are None if not given."""
    counts_path = files["counts"]
    assert counts_path is not None
    counts = read_counts(counts_path)
    tags, antibodies, raw = (
        read_counts(path, cells=counts.barcodes) if (path := files.get(column)) else None
        for column in ("hashtag_counts", "adt_counts", "raw_counts")
    )
    content = assemble(counts, tags, hashtags, antibodies)
    if raw is not None:
        problems, doubts = check_raw(content, raw)
        if problems:
            raise UserError([f"{files['raw_counts']}: {problem}" for problem in problems])
        content.doubts += doubts
    return content, raw


def modality(counts: Counts, index: pd.Index) -> AnnData:
    """Build one modality: raw counts in X, names unique, `gene_id` and `feature_type` in var."""
    features = counts.features[[GENE_ID, FEATURE_TYPE]].astype(str)
    var = features.set_axis(make_index_unique(features.index.astype(str)).rename(None))
    return AnnData(X=counts.matrix, obs=pd.DataFrame(index=index), var=var)


def quality(library: Library, limits: dict[str, float], mads: float) -> tuple[pd.DataFrame, list[qc.Limit]]:
    """Measure and flag the cells; without RNA nothing is measured and all pass.

    Parameters
    ----------
    limits
        `min_genes`, `max_genes`, `max_pct_mt`.

    Returns
    -------
    Frame of `n_genes n_counts pct_mt qc_pass qc_reason`, one row per cell, and the limits in use.
    """
    if RNA not in library.modalities:
        n = len(library.barcodes)
        metrics = pd.DataFrame({N_GENES: np.zeros(n, int), N_COUNTS: np.zeros(n, int), PCT_MT: np.full(n, np.nan)})
        return qc.flag(metrics, []), []
    rna = library.modalities[RNA]
    metrics = qc.measure(rna.matrix, genes.mitochondrial(rna.features.index, rna.features["gene_id"]))
    used = [*qc.fixed_limits(rna.matrix.shape[1], **limits), *qc.mad_limits(metrics, mads)]
    return qc.flag(metrics, used), used


def library(
    content: Library, flagged: pd.DataFrame, name: str, ambient: np.ndarray | None = None, *, capture: str = ""
) -> MuData:
    """Build the MuData object of a library; obs holds the library and the quality of each cell.

    Parameters
    ----------
    flagged
        One row per cell, as `quality` returns it.
    name
        The library's name, which keys its cells.
    ambient
        Counts of each gene in empty droplets, kept in var of the RNA; None without raw counts.
    capture
        The capture that the library is a part of; empty: the library itself.
    """
    index = _keys(name, content.barcodes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a gene and its antibody may share a name
        mdata = MuData({kind: modality(part, index) for kind, part in content.modalities.items()})
    if ambient is not None and RNA in mdata.mod:
        mdata[RNA].var[AMBIENT_COUNTS] = ambient
    obs = flagged.set_axis(index)
    obs.insert(0, LIBRARY, pd.Categorical([name] * len(obs)))
    obs.insert(1, CAPTURE, pd.Categorical([capture or name] * len(obs)))
    mdata.obs = obs
    return mdata


def without_cells(raw: Counts | None, library: Library) -> Counts | None:
    """Return the droplets that are not called cells; None without raw counts."""
    if raw is None:
        return None
    kept = np.flatnonzero(match_barcodes(raw.barcodes, library.barcodes) < 0)
    return replace(raw, matrix=raw.matrix[kept], barcodes=raw.barcodes[kept])


def ambient_counts(library: Library, rest: Counts | None, kinds: np.ndarray | None) -> np.ndarray | None:
    """Return the counts of each gene summed over the droplets not called cells that hold 1 to 100 RNA counts.

    Parameters
    ----------
    rest, kinds
        As in `droplets`.

    Returns
    -------
    shape (n_genes,), in the order of the library's genes; None without raw counts or RNA
    """
    if rest is None or kinds is None or RNA not in library.modalities:
        return None
    rna = rest.select(kinds == RNA)
    totals = per_cell(rna.matrix)
    empty = (totals > 0) & (totals <= MOST_RNA_OF_EMPTY)
    summed = sparse.csr_matrix(rna.matrix[np.flatnonzero(empty)].sum(axis=0), dtype=np.int64)
    one = replace(rna, matrix=summed, barcodes=np.array(["sum"]))
    return _aligned(one, library.modalities[RNA]).toarray().ravel()


def droplets(library: Library, rest: Counts | None, name: str, kinds: np.ndarray | None) -> AnnData:
    """Return the droplets that are not called cells: antibody counts, and sums of RNA and antibody counts in obs.

    Parameters
    ----------
    rest
        The droplets that are not called cells (`without_cells`); None gives an object without rows.
    kinds
        Modality of each feature of `rest`, shape (features,).
    """
    proteins = library.modalities.get(PROTEIN)
    var = pd.DataFrame(index=pd.Index([], dtype=str)) if proteins is None else modality(proteins, library.barcodes).var
    if rest is None or kinds is None:
        empty = sparse.csr_matrix((0, len(var)), dtype=np.int32)
        obs = pd.DataFrame({RNA_COUNTS: np.array([], int), PROTEIN_COUNTS: np.array([], int)}, index=_keys(name, []))
        return AnnData(X=empty, obs=obs, var=var)
    prot = _aligned(rest.select(kinds == PROTEIN), proteins)
    rna_counts = per_cell(rest.select(kinds == RNA).matrix)
    prot_counts = per_cell(prot)
    kept = rna_counts + prot_counts > 0
    obs = pd.DataFrame({RNA_COUNTS: rna_counts, PROTEIN_COUNTS: prot_counts}).loc[kept]
    return AnnData(X=prot[np.flatnonzero(kept)], obs=obs.set_axis(_keys(name, rest.barcodes[kept])), var=var)


def _aligned(raw: Counts, wanted: Counts | None) -> sparse.csr_matrix:
    """Return all droplets with the features in the order of the cells'; missing features are zero."""
    if wanted is None:
        return sparse.csr_matrix((len(raw.barcodes), 0), dtype=np.int32)
    keys = [pd.Index(part.features.index + "\t" + part.features[GENE_ID]) for part in (raw, wanted)]
    position = keys[0].get_indexer(keys[1])
    padded = sparse.hstack(
        [raw.matrix, sparse.csr_matrix((len(raw.barcodes), 1), dtype=raw.matrix.dtype)], format="csr"
    )
    return padded[:, np.where(position < 0, len(keys[0]), position)].tocsr()


def _keys(name: str, barcodes: np.ndarray | list[str]) -> pd.Index:
    """Return `<library>:<barcode>` of each cell."""
    return pd.Index([f"{name}:{barcode}" for barcode in barcodes], dtype=str, name=CELL)
