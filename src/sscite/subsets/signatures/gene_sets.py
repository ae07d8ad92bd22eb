"""Gene sets from what users bring: GMT, YAML, or tables of regulators and targets such as TRRUST."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sscite.errors import UserError
from sscite.reading import open_text, reading
from sscite.yaml_file import read_yaml

MOST_SETS = 100
FEWEST_TARGETS = 10
ENDINGS = (".gmt", ".yaml", ".yml", ".tsv", ".txt")
EXPECTED = "expected .gmt (name, source, genes), .yaml (name: [genes]) or .tsv (regulator, target; ten targets or more)"


def read(paths: Sequence[Path]) -> dict[str, list[str]]:
    """Read gene sets of several files, or of all files in folders.

    `.gmt`: name, source, genes, separated by tabs. `.yaml`/`.yml`: name to list of genes. `.tsv`/`.txt`: regulator,
    target in the first two columns (as TRRUST writes them); each regulator with ten or more targets is a set.

    Raises
    ------
    UserError
        Every file that could not be read, without gene sets, or with a set that another gives with other genes.
    """
    sets: dict[str, list[str]] = {}
    owner: dict[str, Path] = {}
    problems = []
    for path in (file for given in paths for file in (_files(given) if given.is_dir() else [given])):
        try:
            found = _read_one(path)
        except UserError as error:
            problems += error.problems
            continue
        for name, genes in found.items():
            unique = list(dict.fromkeys(genes))
            if set(sets.setdefault(name, unique)) != set(unique):
                problems.append(f"{path}: gene set '{name}' has other genes than in {owner[name]}; rename one of them")
            owner.setdefault(name, path)
    if problems:
        raise UserError(problems)
    return sets


def _files(folder: Path) -> list[Path]:
    """List the gene set files of a folder and its folders, in the order of their paths.

    Raises
    ------
    UserError
        There is none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    if not found:
        raise UserError(f"{folder}: the folder holds no gene sets; their files end in {', '.join(ENDINGS)}")
    return found


def _read_one(path: Path) -> dict[str, list[str]]:
    """Read one file by its ending, in any case."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UserError(f"{path}: not a file of gene sets; allowed endings are {', '.join(ENDINGS)}")
    if ending in (".yaml", ".yml"):
        content = read_yaml(path)
        if not isinstance(content, dict) or not all(_is_list_of_texts(genes) for genes in content.values()):
            raise UserError(f"{path}: not a mapping from names to lists of genes; write 'NAME: [GENE, GENE]'")
        sets = content
    else:
        with reading(path, "a table of gene sets"), open_text(path) as stream:
            lines = enumerate(stream.read().replace("\r\n", "\n").split("\n"), 1)
            rows = [(number, line.split("\t")) for number, line in lines if line.strip() and not line.startswith("#")]
        sets = _read_gmt(path, rows) if ending == ".gmt" else _read_targets(path, rows)
    if not sets:
        raise UserError(f"{path}: it holds no gene set; {EXPECTED}")
    return {name: _cleaned(genes) for name, genes in sets.items()}


def _is_list_of_texts(genes: object) -> bool:
    """Return whether a value of a YAML file is a list of genes."""
    return isinstance(genes, list) and all(isinstance(gene, str) for gene in genes)


def _cleaned(genes: Sequence[str]) -> list[str]:
    """Return genes without outer spaces and empty names."""
    return [gene.strip() for gene in genes if gene.strip()]


def _read_gmt(path: Path, rows: list[tuple[int, list[str]]]) -> dict[str, list[str]]:
    """Read name, source and genes of each line."""
    sets: dict[str, list[str]] = {}
    first: dict[str, int] = {}
    for number, row in rows:
        if len(row) < 3 or not row[0].strip():
            raise UserError(f"{path}, line {number}: fewer than three columns, or no name; {EXPECTED}")
        if row[0] in sets:
            raise UserError(
                f"{path}, line {number}: gene set '{row[0]}' is also in line {first[row[0]]}; keep one or rename it"
            )
        sets[row[0]], first[row[0]] = row[2:], number
    return sets


def _read_targets(path: Path, rows: list[tuple[int, list[str]]]) -> dict[str, list[str]]:
    """Read regulators with at least ten targets."""
    targets: dict[str, list[str]] = {}
    for number, row in rows:
        if len(row) < 2:
            raise UserError(f"{path}, line {number}: fewer than two columns; {EXPECTED}")
        targets.setdefault(row[0], []).append(row[1])
    return {name: genes for name, genes in targets.items() if len(set(genes)) >= FEWEST_TARGETS}


def choose(sets: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """Keep the first sets up to a number that a table of cells can carry; give those left out too."""
    names = list(sets)
    return {name: sets[name] for name in names[:MOST_SETS]}, names[MOST_SETS:]
