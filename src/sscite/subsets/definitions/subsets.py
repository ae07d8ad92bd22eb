"""What a lineage and a subset are: the reader and validator of `subsets.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sscite.errors import UserError
from sscite.names import OTHER_SUBSET
from sscite.subsets.definitions import questions
from sscite.subsets.definitions.questions import Questions
from sscite.subsets.definitions.yaml_checks import directions, listed, lists, texts, unknown
from sscite.yaml_file import read_yaml

LINEAGE_KEYS = {"lineages", "labels", "subsets"}
SUBSET_KEYS = {"up", "also", "needs", "down", "proteins", "tissue", "gate"}


@dataclass(frozen=True)
class Subset:
    """A state within a lineage, defined by what is high (up) and low (down) in it against the rest of its lineage.

    `up` holds the genes of the file's `up` and `also`, `defining` those of `up` alone (of `also` if it is empty).
    Without the genes of `needs` detected, no cluster or cell has the name. With `gate`, cells whose proteins are as
    stated have it where `needs` are enriched in them.
    """

    name: str
    lineage: str
    up: tuple[str, ...]
    down: tuple[str, ...] = ()
    proteins_up: tuple[str, ...] = ()
    proteins_down: tuple[str, ...] = ()
    tissues: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    gate: bool = False

    @property
    def defining(self) -> tuple[str, ...]:
        """Return the genes of which most must be higher than in the rest of the lineage."""
        return tuple(gene for gene in self.up if gene not in self.also) or self.up


@dataclass(frozen=True)
class Lineage:
    """A lineage: the annotated lineages and labels that belong to it, and its subsets."""

    name: str
    lineages: tuple[str, ...]
    labels: tuple[str, ...]
    subsets: tuple[Subset, ...]

    @property
    def genes(self) -> list[str]:
        """Return every gene that any subset names, once, in the order of the file."""
        return list(dict.fromkeys(g for subset in self.subsets for g in (*subset.up, *subset.down, *subset.needs)))


@dataclass(frozen=True)
class Definitions:
    """All lineages, in the order of the file, and the questions to be answered by name."""

    lineages: tuple[Lineage, ...]
    questions: Questions

    @property
    def subsets(self) -> dict[str, Subset]:
        """Return every subset by its name."""
        return {subset.name: subset for lineage in self.lineages for subset in lineage.subsets}

    def by_annotated_lineage(self) -> dict[str, str]:
        """Map each annotated lineage to the lineage of this file that takes its cells."""
        return {annotated: lineage.name for lineage in self.lineages for annotated in lineage.lineages}


def load_definitions(path: Path) -> Definitions:
    """Read and check a `subsets.yaml`.

    Raises
    ------
    UserError
        With every problem of the file: unknown keys, subsets without markers, names used twice.
    """
    content = read_yaml(Path(path))
    problems = validate_definitions(content)
    if problems:
        raise UserError([f"{path}: {problem}" for problem in problems])
    lineages = tuple(_lineage(str(name), entry) for name, entry in content["lineages"].items())
    return Definitions(lineages, questions.build(content.get("questions")))


def validate_definitions(content: Any) -> list[str]:
    """List every problem of a parsed `subsets.yaml`; an empty list means that it can be used."""
    lineages = content.get("lineages") if isinstance(content, dict) else None
    if not isinstance(lineages, dict) or not lineages:
        return ["found no mapping 'lineages' at the top; write 'lineages:' and below it a name for each lineage"]
    problems: list[str] = []
    owner: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name, entry in lineages.items():
        if not isinstance(entry, dict):
            problems.append(f"lineage '{name}': expected a mapping with {listed(LINEAGE_KEYS)}")
            continue
        problems += unknown(f"lineage '{name}'", entry, LINEAGE_KEYS)
        problems += lists(f"lineage '{name}'", entry, ("lineages", "labels"))
        if not entry.get("lineages") and not entry.get("labels"):
            problems.append(f"lineage '{name}': neither 'lineages' nor 'labels' says which cells belong to it")
        problems += _repeated(name, entry.get("lineages"), taken, "annotated lineage")
        problems += _validate_subsets(name, entry.get("subsets"), owner)
    problems += unknown("top level", content, {"version", "lineages", "questions"})
    problems += questions.validate(content.get("questions"), lineages=set(map(str, lineages)), subsets=set(owner))
    return problems


def _validate_subsets(lineage: str, subsets: Any, owner: dict[str, str]) -> list[str]:
    """List the problems of the subsets of one lineage; `owner` remembers names already used."""
    if not isinstance(subsets, dict) or not subsets:
        return [f"lineage '{lineage}': 'subsets' must be a mapping from names to markers"]
    problems = _repeated(lineage, list(subsets), owner, "subset")
    for name, entry in subsets.items():
        where = f"subset '{name}' of lineage '{lineage}'"
        if not isinstance(entry, dict):
            problems.append(f"{where}: expected a mapping with {listed(SUBSET_KEYS)}")
            continue
        problems += unknown(where, entry, SUBSET_KEYS)
        problems += lists(where, entry, ("up", "also", "needs", "down", "tissue"))
        problems += directions(f"{where}, proteins", entry.get("proteins"))
        problems += _validate_gate(where, entry)
        if not (entry.get("up") or entry.get("also")):
            problems.append(f"{where}: no gene under 'up' or 'also'; name at least one that is high in it")
        both = set(texts(entry.get("up"))) & set(texts(entry.get("down")))
        if both:
            problems.append(f"{where}: {listed(both)} both up and down; keep one")
    return problems


def _validate_gate(where: str, entry: dict) -> list[str]:
    """List what is missing for a gate: proteins to gate by and a gene that confirms the gated cells."""
    gate = entry.get("gate", "false")
    if gate not in ("true", "false"):
        return [f"{where}: 'gate' must be true or false, found {gate!r}"]
    missing = [key for key in ("proteins", "needs") if not entry.get(key)] if gate == "true" else []
    return [f"{where}: 'gate' without {listed(missing)}; list them or remove 'gate'"] if missing else []


def _repeated(lineage: str, found: Any, owner: dict[str, str], what: str) -> list[str]:
    """List the names that an earlier lineage has already used."""
    problems = []
    for name in texts(found):
        if name in owner:
            problems.append(f"lineage '{lineage}': {what} '{name}' is used before, in '{owner[name]}'; name it once")
        owner.setdefault(name, str(lineage))
    return problems


def _lineage(name: str, entry: dict) -> Lineage:
    """Build a lineage from checked content."""
    subsets = tuple(_subset(str(subset), name, content) for subset, content in entry["subsets"].items())
    return Lineage(name, texts(entry.get("lineages")), texts(entry.get("labels")), subsets)


def _subset(name: str, lineage: str, entry: dict) -> Subset:
    """Build a subset from checked content."""
    proteins = entry.get("proteins") or {}
    up = tuple(dict.fromkeys(texts(entry.get("up")) + texts(entry.get("also"))))
    return Subset(
        name, lineage, up, texts(entry.get("down")), texts(proteins.get("up")), texts(proteins.get("down")),
        texts(entry.get("tissue")), texts(entry.get("needs")),
        tuple(gene for gene in texts(entry.get("also")) if gene not in texts(entry.get("up"))),
        entry.get("gate") == "true",
    )  # fmt: skip


def subset_names(path: Path) -> frozenset[str]:
    """Return the names that contrasts may use: lineages and subsets of a `subsets.yaml`, and `<lineage>, other`."""
    definitions = load_definitions(path)
    lineages = [lineage.name for lineage in definitions.lineages]
    return frozenset([*definitions.subsets, *lineages, *(OTHER_SUBSET.format(lineage=name) for name in lineages)])
