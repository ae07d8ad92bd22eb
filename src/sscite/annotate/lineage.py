"""From a model's labels to lineages, and which cells are set aside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sscite.errors import UserError
from sscite.names import LINEAGES
from sscite.reading import read_user_table

OTHER = "other"
SET_ASIDE = ("platelet", "red cell")  # set aside by flag: no immune cell of interest in any comparison
T_CELLS = ("CD4 T", "CD8 T", "other T")
# how labels of a model without a mapping name the lineages; the first that fits is taken
_WORDS = [
    ("other", r"doublet|debris|cycling cell"), ("plasma", r"plasma ?(cell|blast)|^plasma$"),
    ("pDC", r"\bpdcs?\b|plasmacytoid"), ("progenitor", r"progenitor|stem|\bhs[cp]c?\b|\bgmp\b|\bcmp\b|\bprecursor"),
    ("platelet", r"platelet|megakaryocyte"), ("red cell", r"red (blood )?cell|erythro|\brbc\b"),
    ("mast", r"\bmast\b|mastocyte"), ("neutrophil", r"neutrophil|granulocyte"),
    ("macrophage", r"macrophage|\bmac\b|\bmph\b|kupffer"),
    ("other T", r"\bmait\b|gamma ?delta|\bgdt\b|\bnkt\b"),
    ("CD4 T", r"\bcd4\b|\btreg\b|helper|\bth\d+\b|regulatory t"), ("CD8 T", r"\bcd8a?b?\b|cytotoxic t"),
    ("NK", r"\bnk\b|natural killer|\bilc\d?\b"),
    ("monocyte/DC", r"mono|\bc?dcs?\d?\b|dendritic|\bcd1[46]\b"), ("other T", r"\bt\b|lymphocyte t|\bt ?cells?\b"),
    ("B", r"\bb\b|\bb ?cells?\b|lymphocyte b"), ("endothelial", r"endothel|\bec\b"),
    ("epithelial", r"epithel|tubule|podocyte|\bat[12]\b|ciliated|goblet|\bbasal\b|\bclub\b"),
    ("stromal", r"strom|fibroblast|pericyte|smooth muscle|mesenchym|mesothel"),
]  # fmt: skip


def mapping(cell_types: Sequence[str], *, own: Mapping[str, str] | None = None) -> tuple[dict[str, str], list[str]]:
    """Return the lineage of each label of a model.

    In this order: the user's mapping; a mapping of the package that knows all labels, or else all of its mappings
    together; the lineage's name in the label. What none of these knows is `other`.

    Returns
    -------
    Lineage by label, and the labels that nothing was known of.
    """
    known = dict(own or {})
    tables = bundled()
    complete = [table for table in tables.values() if set(cell_types) <= set(table)]
    for table in complete[:1] or tables.values():
        known = {**table, **known}
    found = {label: known.get(label) or by_name(label) for label in map(str, cell_types)}
    return {label: name or OTHER for label, name in found.items()}, [label for label, name in found.items() if not name]


def bundled() -> dict[str, dict[str, str]]:
    """Read the mappings that come with the package, by model."""
    folder = files("sscite.annotate") / "lineages"
    return {
        Path(entry.name).stem: _read(entry)
        for entry in sorted(folder.iterdir(), key=str)
        if entry.name.endswith(".csv")
    }


def _read(source: object) -> dict[str, str]:
    """Read one bundled mapping."""
    with source.open() as file:  # type: ignore[attr-defined]
        frame = pd.read_csv(file, dtype=str)
    return dict(zip(frame["cell_type"], frame["lineage"], strict=True))


def read_own(path: Path) -> dict[str, str]:
    """Read a user's mapping: a CSV with the columns `cell_type` and `lineage`.

    Raises
    ------
    UserError
        Columns missing, a label given twice, or a lineage outside the vocabulary: all of them.
    """
    frame = read_user_table(path, required=("cell_type", "lineage"))
    problems = [
        f"{path}, row {row}: lineage '{name}' is unknown; allowed: {', '.join(LINEAGES)}"
        for row, name in frame["lineage"].items()
        if name not in LINEAGES
    ]
    twice = frame.loc[frame["cell_type"].duplicated(), "cell_type"].unique()
    problems += [f"{path}: cell type '{label}' is given twice; keep one row" for label in twice]
    if problems:
        raise UserError(problems)
    return dict(zip(frame["cell_type"], frame["lineage"], strict=True))


def by_name(label: str) -> str:
    """Find the lineage that a label names; empty if it names none."""
    exact = {name.lower(): name for name in LINEAGES}
    words = re.sub(r"[_.\-+/()]+", " ", label).strip().lower()
    if label.strip().lower() in exact:
        return exact[label.strip().lower()]
    return next((name for name, pattern in _WORDS if re.search(pattern, words)), "")


def best_per_lineage(
    decision: NDArray[np.float64], lineages: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return each cell's highest decision score within each lineage.

    Parameters
    ----------
    decision
        Shape (cells, types).
    lineages
        Of each type.

    Returns
    -------
    Scores, shape (cells, lineages present), and the lineages' names.
    """
    names = np.array([name for name in LINEAGES if name in set(lineages)])
    member = np.asarray(lineages)
    return np.column_stack([decision[:, member == name].max(axis=1) for name in names]), names
