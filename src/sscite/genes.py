"""Genes with a known role, by species: dissociation, residency, markers of lineages, mitochondrial, ribosomal genes.

The lists, with their sources, are `assets/genes/<species>/*.gmt`; another species is another folder with lists of the
same names. A script chooses the species once, at its start (`--species`, `choose`); human by default.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.errors import UserError

if TYPE_CHECKING:
    from scipy import sparse

FOLDER = Path(__file__).parents[2] / "assets" / "genes"
DEFAULT = "human"
VARIABLE = "SSCITE_SPECIES"  # of the environment, so that processes that a step starts have it too


def choose(species: str) -> str:
    """Set the species whose lists this process reads.

    Raises
    ------
    UserError
        There is no folder of this species, or it lacks a list that the human one has.
    """
    missing = sorted(set(load(DEFAULT)) - set(load(species)))
    if missing:
        raise UserError([f"--species {species}: assets/genes/{species} lacks the lists {', '.join(missing)}; add them"])
    os.environ[VARIABLE] = species
    return species


@cache
def load(species: str) -> dict[str, tuple[str, ...]]:
    """Read every list of a species by name.

    Raises
    ------
    UserError
        There is no folder of this species.
    """
    known = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
    if species not in known:
        raise UserError([f"--species {species}: there are no gene lists of it; allowed: {', '.join(known)}"])
    files = sorted((FOLDER / species).glob("*.gmt"))
    lines = [line.split("\t") for path in files for line in path.read_text(encoding="utf-8").splitlines() if line]
    return {name: tuple(genes) for name, _, *genes in lines}


def _chosen() -> dict[str, tuple[str, ...]]:
    """Return all lists of the chosen species."""
    return load(os.environ.get(VARIABLE, DEFAULT))


def named(name: str) -> tuple[str, ...]:
    """Return a list of the chosen species."""
    return _chosen()[name]


def grouped(role: str) -> dict[str, tuple[str, ...]]:
    """Return the lists of one role (`ROLE group`) by group, such as the markers of each lineage."""
    lists = _chosen()
    return {name.removeprefix(f"{role} "): genes for name, genes in lists.items() if name.startswith(f"{role} ")}


def with_role(counts: sparse.csr_matrix, symbols: pd.Index) -> tuple[sparse.csr_matrix, pd.Index]:
    """Return the counts and symbols of the genes that any list names: few columns, cheap to take genes from.

    Parameters
    ----------
    counts
        cells × genes.
    symbols
        Gene of each column.
    """
    lists = _chosen().values()
    kept = np.flatnonzero(symbols.isin({gene for genes in lists for gene in genes}))
    return counts[:, kept], symbols[kept]


def mitochondrial(symbols: pd.Index, identifiers: pd.Series | None = None) -> np.ndarray:
    """Return which genes are mitochondrial by symbol (any case) or, if given, by Ensembl identifier (any version)."""
    upper = symbols.str.upper()
    found = upper.isin([name.upper() for name in named("MITOCHONDRIAL")])
    for prefix in named("MITOCHONDRIAL_PREFIX"):
        found |= upper.str.startswith(prefix.upper())
    if identifiers is not None:
        found |= identifiers.str.split(".").str[0].isin(named("MITOCHONDRIAL_ENSEMBL")).to_numpy()
    return found


def quality(symbols: pd.Index) -> np.ndarray:
    """Return what each gene shows about a sample's quality: `mitochondrial`, `ribosomal` or an empty text."""
    ribosomal = symbols.str.upper().isin([name.upper() for name in named("RIBOSOMAL")])
    return np.select([mitochondrial(symbols), ribosomal], ["mitochondrial", "ribosomal"], "")
