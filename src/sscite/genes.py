"""Genes with a known role, by species: dissociation, tissue residency, mitochondrial and ribosomal genes.

The lists, with their sources, are `assets/genes/<species>/*.gmt`; another species is another folder.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from sscite.errors import UserError

FOLDER = Path(__file__).parents[2] / "assets" / "genes"
DEFAULT = "human"


@cache
def load(species: str = DEFAULT) -> dict[str, tuple[str, ...]]:
    """Read every list of a species by name.

    Raises
    ------
    UserError
        There is no folder of this species.
    """
    files = sorted((FOLDER / species).glob("*.gmt"))
    if not files:
        known = ", ".join(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
        raise UserError([f"--species: no gene lists for '{species}'; allowed: {known}"])
    lines = [line.split("\t") for path in files for line in path.read_text(encoding="utf-8").splitlines() if line]
    return {name: tuple(genes) for name, _, *genes in lines}


def quality(genes: pd.Index, species: str = DEFAULT) -> np.ndarray:
    """Name what each gene says of a sample's quality: `mitochondrial`, `ribosomal` or an empty text."""
    lists = load(species)
    upper = genes.str.upper()
    mitochondrial = upper.isin(lists["MITOCHONDRIAL"]) | upper.str.startswith("MT-")
    return np.select([mitochondrial, upper.isin(lists["RIBOSOMAL"])], ["mitochondrial", "ribosomal"], "")
