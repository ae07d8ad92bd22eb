"""Gene sets from what users bring: GMT, YAML, or tables of regulators and targets such as TRRUST."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from sscite.errors import UserError

MOST_SETS = 100
FEWEST_TARGETS = 10
ENDINGS = (".gmt", ".yaml", ".yml", ".tsv", ".txt")


def read(paths: Sequence[Path]) -> dict[str, list[str]]:
    """Read gene sets of several files, or of all files in folders; a name that comes again is kept from the first file.

    `.gmt`: name, source, genes, separated by tabs. `.yaml`/`.yml`: name to list of genes. `.tsv`/`.txt`: regulator,
    target in the first two columns (as TRRUST writes them); each regulator with ten or more targets is a set.

    Raises
    ------
    UserError
        With every file that could not be read.
    """
    sets: dict[str, list[str]] = {}
    problems = []
    for path in (file for given in paths for file in (_files(given) if given.is_dir() else [given])):
        try:
            found = _read_one(path)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
            problems.append(
                f"{path}: {error}; expected .gmt (name, source, genes), .yaml (name: [genes]) or "
                ".tsv (regulator, target)"
            )
            continue
        for name, genes in found.items():
            sets.setdefault(name, list(dict.fromkeys(genes)))
    if problems:
        raise UserError(problems)
    return sets


def _files(folder: Path) -> list[Path]:
    """List the gene set files of a folder and its folders, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.suffix in ENDINGS)


def _read_one(path: Path) -> dict[str, list[str]]:
    """Read one file by its ending."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix in (".yaml", ".yml"):
        content = yaml.safe_load(text)
        if not isinstance(content, dict) or not all(isinstance(genes, list) for genes in content.values()):
            raise ValueError("not a mapping from names to lists of genes")
        return {str(name): [str(gene) for gene in genes] for name, genes in content.items()}
    rows = [line.rstrip("\r").split("\t") for line in text.split("\n") if line.strip()]
    if path.suffix == ".gmt":
        if any(len(row) < 3 for row in rows):
            raise ValueError(
                f"line {next(i for i, row in enumerate(rows, 1) if len(row) < 3)} has fewer than three columns"
            )
        return {row[0]: [gene for gene in row[2:] if gene] for row in rows}
    if any(len(row) < 2 for row in rows):
        raise ValueError("a line has fewer than two columns")
    targets: dict[str, list[str]] = {}
    for regulator, target, *_ in rows:
        targets.setdefault(regulator, []).append(target)
    return {name: genes for name, genes in targets.items() if len(set(genes)) >= FEWEST_TARGETS}


def choose(sets: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """Keep the first sets up to a number that a table of cells can carry; give those left out too."""
    names = list(sets)
    return {name: sets[name] for name in names[:MOST_SETS]}, names[MOST_SETS:]
