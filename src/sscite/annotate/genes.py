"""Which columns of the counts are the model's genes, by whatever name, and whether they are enough."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sscite.errors import Reason, Skipped

ENSEMBL = re.compile(r"^ENS[A-Z]*G\d{11}(\.\d+)?$")
BETTER = 1.5  # times as many genes must another naming find to be preferred over the names as they are
MIN_SHARE = 0.1  # of the model's genes; 3,000 variable genes share about a fifth with a model of 6,639


@dataclass(frozen=True)
class Overlap:
    """The model's genes found among the columns of the counts.

    Attributes
    ----------
    columns, positions
        Column of the counts and gene of the model, pair by pair; each at most once.
    naming
        By which of the names they were found.
    tried
        A row per naming: `naming genes share weight_share`; `weight_share` is the part of the sum of absolute
        coefficients that the genes found carry.
    """

    columns: NDArray[np.intp]
    positions: NDArray[np.intp]
    naming: str
    tried: pd.DataFrame


def match(
    features: pd.DataFrame, genes: NDArray[np.str_], weights: NDArray[np.float64], *, symbols: Mapping[str, str]
) -> Overlap:
    """Find the model's genes under the names that the counts offer, and take the naming that finds most.

    The names as they are stay unless another naming finds half as many again: counts that CellTypist understands give
    its result.

    Parameters
    ----------
    features
        Indexed by name; column `gene_id` where the file has identifiers.
    genes, weights
        The model's genes and the sum of the absolute coefficients of each; shapes (genes,).
    symbols
        Gene symbol of an Ensembl identifier without version.
    """
    model = pd.Index(genes)
    found = {naming: _first(model, names) for naming, names in _namings(features, genes, symbols).items()}
    tried = pd.DataFrame(
        [
            {"naming": naming, "genes": len(columns), "share": len(columns) / len(genes),
             "weight_share": weights[positions].sum() / weights.sum()}
            for naming, (columns, positions) in found.items()
        ]
    )  # fmt: skip
    best = tried["naming"][tried["genes"].idxmax()]
    if tried["genes"].max() <= BETTER * tried["genes"][0]:
        best = tried["naming"][0]
    return Overlap(*found[best], best, tried)


def _namings(
    features: pd.DataFrame, genes: NDArray[np.str_], symbols: Mapping[str, str]
) -> dict[str, NDArray[np.object_]]:
    """Return the columns' names in each form that the model may understand."""
    names = features.index.to_numpy(dtype=object)
    ids = features["gene_id"].to_numpy(dtype=object) if "gene_id" in features else np.full(len(names), "", dtype=object)
    namings = {"names": names, "identifiers": ids}
    for label, values in (("names", names), ("identifiers", ids)):
        bare = np.array([re.sub(r"\.\d+$", "", value) if ENSEMBL.match(value) else value for value in values], object)
        namings[f"{label} without version"] = bare
        namings[f"symbols of Ensembl {label}"] = np.array([symbols.get(value, "") for value in bare], object)
    if not (looks_like_mouse(names) and not looks_like_mouse(genes)):
        by_case = {gene.upper(): gene for gene in genes}
        namings["names in another case"] = np.array([by_case.get(name.upper(), "") for name in names], object)
    return namings


def _first(model: pd.Index, names: NDArray[np.object_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find each name in the model; of columns that share a name the first counts, as CellTypist has it."""
    position = model.get_indexer(pd.Index(names))
    columns = np.flatnonzero((position >= 0) & ~pd.Index(names).duplicated())
    return columns, position[columns]


def looks_like_mouse(names: NDArray) -> bool:
    """Return whether most names are written as mouse genes are: a capital, then lower case (Cd3e, Ms4a1)."""
    words = [name for name in map(str, names) if len(name) > 2 and not ENSEMBL.match(name)]
    mouse = sum(bool(re.match(r"^(ENSMUSG|[A-Z][a-z0-9]*[a-z][a-z0-9.-]*$)", word)) for word in words)
    return bool(words) and mouse > len(words) / 2


def require(overlap: Overlap, features: pd.DataFrame, genes: NDArray[np.str_], *, share: float = MIN_SHARE) -> None:
    """Skip the step where too few of the model's genes were measured to tell cell types.

    Raises
    ------
    Skipped
        With the overlap and the likely cause.
    """
    found = len(overlap.columns)
    if found >= share * len(genes) and found > 0:
        return
    raise Skipped(
        Reason.LOW_GENE_OVERLAP,
        f"{found:,} of the model's {len(genes):,} genes ({found / len(genes):.1%}; at least {share:.0%} are needed); "
        f"{_cause(features, genes)}",
    )


def _cause(features: pd.DataFrame, genes: NDArray[np.str_]) -> str:
    """Return what the likely reason of a low overlap is."""
    names = features.index.to_numpy(dtype=object)
    here, there = f"the counts name genes like {', '.join(names[:3])}", f"the model like {', '.join(genes[:3])}"
    if looks_like_mouse(names) != looks_like_mouse(genes):
        species = ("mouse", "human") if looks_like_mouse(names) else ("human", "mouse")
        return f"the counts look like {species[0]} genes and the model speaks {species[1]} genes: choose another model"
    if len(names) < 2000:
        return f"the counts hold {len(names):,} genes only, as a targeted panel does: a model needs all genes"
    if sum(bool(ENSEMBL.match(str(name))) for name in names[:200]) > 100:
        return f"Ensembl identifiers that no symbol is known for: give the counts gene symbols ({here}, {there})"
    return f"the names may be of another species or annotation ({here}; {there})"


def ensembl_symbols(features: pd.DataFrame) -> dict[str, str]:
    """Return the symbols of Ensembl identifiers (GENCODE 44, in CellTypist's own table), if features have any."""
    sample = [
        *map(str, features.index[:50]),
        *(map(str, features["gene_id"].iloc[:50]) if "gene_id" in features else ()),
    ]
    package = find_spec("celltypist")
    if package is None or not any(name.startswith("ENSG") for name in sample):
        return {}
    path = Path(str(package.origin)).parent / "data" / "samples" / "GENCODEv44_Gene_id2name.csv"
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        return {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}


def model_symbols(
    features: pd.DataFrame, overlap: Overlap, genes: NDArray[np.str_], known: Mapping[str, str]
) -> pd.Index:
    """Return the columns' symbols: as the model names them, else the symbol of an Ensembl identifier, else the name.

    Parameters
    ----------
    genes
        The model's genes.
    known
        Symbol of an Ensembl identifier without version.
    """
    symbols = np.array([known.get(str(name).partition(".")[0], name) for name in features.index], dtype=object)
    symbols[overlap.columns] = genes[overlap.positions]
    return pd.Index(symbols)
