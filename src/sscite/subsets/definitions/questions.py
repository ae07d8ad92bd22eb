"""Named questions for the comparison: the `questions` of `subsets.yaml`.

Each kind is a list, and each is optional. Subsets and lineages are those of the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sscite.subsets.definitions.yaml_checks import directions, listed, lists, texts, unknown

KINDS = {
    "gene_sets": {"name", "subset", "sets"},
    "recruitment": {"ligands", "receptor", "receiver"},
    "trajectories": {"lineage", "without", "root"},
    "biomarkers": {"subset", "tissue"},
    "clinical": {"variable", "adjust", "order"},
}
OPTIONAL = {"name", "without", "tissue", "adjust", "order"}


@dataclass(frozen=True)
class GeneSets:
    """Test whether gene sets are enriched in a subset; `name` labels them and may be empty."""

    subset: str
    sets: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class Recruitment:
    """Which subsets of a tissue express these ligands, and whether the receiving subset expresses their receptor."""

    ligands: tuple[str, ...]
    receptor: str
    receiver: str


@dataclass(frozen=True)
class Trajectory:
    """A trajectory within one lineage, from a marker-defined root in the reference tissue to tissue-specific states."""

    lineage: str
    without: tuple[str, ...]
    root_up: tuple[str, ...]
    root_down: tuple[str, ...]


@dataclass(frozen=True)
class Biomarker:
    """Which antibodies sort this subset; the tissue is that in which most donors have it, unless named."""

    subset: str
    tissue: str = ""


@dataclass(frozen=True)
class Clinical:
    """Which features of donors follow a covariate, adjusted for others; `order` ranks its levels, the lowest first."""

    variable: str
    adjust: tuple[str, ...] = ()
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Questions:
    """All questions of the file, in their order."""

    gene_sets: tuple[GeneSets, ...] = ()
    recruitment: tuple[Recruitment, ...] = ()
    trajectories: tuple[Trajectory, ...] = ()
    biomarkers: tuple[Biomarker, ...] = ()
    clinical: tuple[Clinical, ...] = ()


def validate(content: Any, *, lineages: set[str], subsets: set[str]) -> list[str]:
    """List every problem of the parsed `questions`; they name lineages and subsets of the file."""
    if content in (None, ""):
        return []
    if not isinstance(content, dict):
        return [f"questions: expected a mapping with {listed(KINDS)}, found {content!r}"]
    problems = unknown("questions", content, set(KINDS))
    for kind, allowed in KINDS.items():
        entries = content.get(kind) or []
        if not isinstance(entries, list):
            problems.append(f"questions, {kind}: expected a list of mappings, a '-' before each; found {entries!r}")
            continue
        for number, entry in enumerate(entries, start=1):
            where = f"questions, {kind}, number {number}"
            if not isinstance(entry, dict):
                problems.append(f"{where}: expected a mapping with {listed(allowed)}, found {entry!r}")
                continue
            problems += unknown(where, entry, allowed) + _absent(where, entry, allowed - OPTIONAL)
            problems += lists(where, entry, ("sets", "ligands", "without", "adjust", "order"))
            problems += _root(where, entry)
            problems += _names(where, entry, "lineage", lineages)
            problems += [p for key in ("subset", "receiver", "without") for p in _names(where, entry, key, subsets)]
    return problems


def _absent(where: str, entry: dict, needed: set[str]) -> list[str]:
    """List the missing keys that a question needs."""
    return [f"{where}: '{key}' is missing or empty" for key in sorted(needed) if not entry.get(key)]


def _root(where: str, entry: dict) -> list[str]:
    """List the problems of a trajectory's root."""
    if not entry.get("root"):
        return []
    problems = directions(f"{where}, root", entry["root"])
    if not problems and not entry["root"].get("up"):
        problems = [f"{where}, root: no gene under 'up'; give at least one marker gene of the root state"]
    return problems


def _names(where: str, entry: dict, key: str, known: set[str]) -> list[str]:
    """List the names that the file does not define."""
    named = texts(entry[key]) if isinstance(entry.get(key), list) else (str(entry[key]),) if entry.get(key) else ()
    return [f"{where}: {key} '{name}' is not defined in this file" for name in named if name not in known]


def build(content: dict | None) -> Questions:
    """Build the questions from checked content."""
    entries = {kind: (content or {}).get(kind) or [] for kind in KINDS}
    return Questions(
        tuple(GeneSets(str(e["subset"]), texts(e["sets"]), str(e.get("name") or "")) for e in entries["gene_sets"]),
        tuple(Recruitment(texts(e["ligands"]), str(e["receptor"]), str(e["receiver"])) for e in entries["recruitment"]),
        tuple(
            Trajectory(
                str(e["lineage"]), texts(e.get("without")), texts(e["root"].get("up")), texts(e["root"].get("down"))
            )
            for e in entries["trajectories"]
        ),
        tuple(Biomarker(str(e["subset"]), str(e.get("tissue") or "")) for e in entries["biomarkers"]),
        tuple(Clinical(str(e["variable"]), texts(e.get("adjust")), texts(e.get("order"))) for e in entries["clinical"]),
    )
