"""What the annotation of a library reads: its genes, the model of its tissues, the user's lineages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sscite import names
from sscite.annotate import lineage, model, model_file
from sscite.errors import Reason, Skipped, UserError
from sscite.formats import read_counts, split_features
from sscite.io import read_table

if TYPE_CHECKING:
    from scipy import sparse

    from sscite.command import Facts


def read_genes(path: Path) -> tuple[sparse.csr_matrix, pd.Index, pd.DataFrame]:
    """Read a library's gene counts: cells × genes, the cells' names and the genes' table.

    Raises
    ------
    UserError
        Not raw counts, or unreadable.
    Skipped
        No genes among the features.
    """
    counts = read_counts(path, modality=names.RNA)
    genes = split_features(counts.features) == names.RNA
    if not genes.any():
        raise Skipped(Reason.NO_RNA, f"{path.name} holds {len(genes)} features, none of them a gene")
    if not genes.all():
        counts = counts.select(genes)
    return counts.matrix, pd.Index(counts.barcodes, name=names.CELL), counts.features


def choose_model(path: Path, samples: Path | None, id: str, facts: Facts) -> model_file.Model:
    """Load the model of a library's tissues from the folder of models, or the one model given.

    Raises
    ------
    UserError
        The model cannot be read.
    Skipped
        No model was given, or none for the library's tissues.
    """
    if not path.is_dir():
        return model_file.load(path)
    table = read_table(path / "models.csv").set_index("tissue")
    if table.empty:
        raise Skipped(Reason.NOT_REQUESTED, "no model was given: set --celltypist_model")
    tissues = library_tissues(samples, id)
    chosen, fitting = model.choose(tissues, list(table.index))
    if chosen is None:
        raise Skipped(Reason.NOT_REQUESTED, f"no model for {', '.join(tissues)}; models serve {', '.join(table.index)}")
    if len(fitting) > 1:
        facts.warn(
            f"The library holds cells of several tissues with models of their own ({', '.join(fitting)}); all cells "
            f"were annotated with the model for {chosen}, which was given first."
        )
    facts.number(
        model=str(table.loc[chosen, "name"]),
        model_tissue=chosen or "any",
        model_sha256=str(table.loc[chosen, "sha256"]),
    )
    loaded = model_file.load(path / str(table.loc[chosen, "file"]))
    return replace(loaded, name=str(table.loc[chosen, "name"]))


def library_tissues(samples: Path | None, id: str) -> list[str]:
    """List the tissues of a library's samples, in the sheet's order."""
    if samples is None:
        return []
    table = read_table(samples)
    return list(table.loc[table["library_id"] == id, names.TISSUE].unique())


def read_lineages(path: Path | None) -> dict[str, str] | None:
    """Read the user's lineages of labels, where given."""
    if path is None:
        return None
    if not path.is_file():
        raise UserError(f"{path}: no such file of lineages; correct --celltypist_lineages")
    return lineage.read_own(path)
