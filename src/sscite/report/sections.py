"""The sections of the report: one per step group, with an overview over all libraries before the details."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from sscite import text

Fact = dict[str, Any]
Section = dict[str, Any]
MOST_LIBRARIES = 12  # beyond, each library has a page of its own
GENERAL = {"cohort": "All donors", "markers": "Marker genes of the subsets", "stage": "Changes over stages"}


def rooms(
    facts: list[Fact], *, words: dict[str, dict[str, str]], titles: dict[str, str], contrasts: dict[str, str]
) -> list[Section]:
    """Return one section per step group that ran, in the order of `titles`."""
    libraries = [fact["id"] for fact in facts if fact["step"] == "samples_load"]
    found = []
    for room, title in titles.items():
        members = [fact for fact in facts if fact["step"].startswith(f"{room}_")]
        if room == "compare":
            groups = _by_contrast(members, words, contrasts)
        else:
            groups = _by_step(members, words, set(libraries))
        found.append({"name": room, "title": title, "groups": groups})
    return found


def anchor(*parts: str) -> str:
    """Return an identifier for links within the page."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(parts))


def overview(facts: list[Fact]) -> dict[str, Any]:
    """Return the numbers of a step side by side: one row per library, constant texts and empty columns left out."""
    columns: list[str] = []
    for fact in facts:
        columns += [name for name in fact["numbers"] if name not in columns]
    shown = [name for name in columns if _is_telling([fact["numbers"].get(name) for fact in facts])]
    rows = [[fact["id"], *(fact["numbers"].get(name) for name in shown), fact["summary"]] for fact in facts]
    return {"columns": ["library", *(name.replace("_", " ") for name in shown), "summary"], "records": rows}


def _is_telling(values: list[Any]) -> bool:
    """Return whether a column is worth a place: numbers, or texts that differ between libraries."""
    present = {value for value in values if value is not None}
    return any(not isinstance(value, str | bool) for value in present) or len(present) > 1


def _by_step(facts: list[Fact], words: dict[str, dict[str, str]], libraries: set[str]) -> list[Section]:
    """Group facts by step; several libraries get an overview."""
    steps: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        steps[fact["step"]].append(fact)
    groups = []
    for step, members in steps.items():
        several = len(members) > 1 and {fact["id"] for fact in members} <= libraries
        groups.append(
            {
                "title": _title(step, words),
                "anchor": anchor(step),
                "summary": _summary(members, libraries),
                "overview": overview([f for f in members if f["status"] == "done"]) if several else None,
                "entries": [_entry(fact, fact["id"], "") for fact in members],
                "pages": several and len(libraries) > MOST_LIBRARIES,
                **_method(step, words),
            }
        )
    return groups


def _by_contrast(facts: list[Fact], words: dict[str, dict[str, str]], contrasts: dict[str, str]) -> list[Section]:
    """Group the comparisons by contrast, tissue or state: one part of the page for each."""
    parts: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        parts[fact["id"]].append(fact)
    groups = []
    for key in dict.fromkeys([*contrasts, *parts]):
        entries = [_entry(f, _title(f["step"], words), words.get(f["step"], {}).get("method", "")) for f in parts[key]]
        title = contrasts.get(key) or GENERAL.get(key) or key.replace("_", " ")
        blank = {"summary": "", "overview": None, "pages": False, "method": "", "method_more": ""}
        groups.append({"title": title, "anchor": anchor("contrast", key), "entries": entries, **blank})
    return [group for group in groups if group["entries"]]


def _entry(fact: Fact, heading: str, method: str) -> dict[str, Any]:
    kept = ("step", "id", "status", "detail", "summary", "numbers", "warnings", "tables")
    figures = [{**figure, "anchor": anchor("figure", figure["file"])} for figure in fact["figures"]]
    first, more = split_method(method)
    return {
        **{name: fact[name] for name in kept}, "heading": heading, "anchor": anchor(fact["step"], fact["id"]),
        "figures": figures, "method": first, "method_more": more,
    }  # fmt: skip


def split_method(method: str, sentences: int = 2) -> tuple[str, str]:
    """Split a method after its first sentences: what a reader needs, and the rest for those who want it."""
    parts = re.split(r"(?<=[.?!])\s+(?=[A-Z<])", method.strip())
    return " ".join(parts[:sentences]), " ".join(parts[sentences:])


def _method(step: str, words: dict[str, dict[str, str]]) -> dict[str, str]:
    first, more = split_method(words.get(step, {}).get("method", ""))
    return {"method": first, "method_more": more}


def _summary(facts: list[Fact], libraries: set[str]) -> str:
    """Return the summary of a step that ran for several libraries; a step that ran once has its own sentence."""
    if len(facts) == 1 or not {fact["id"] for fact in facts} <= libraries:
        return ""
    done = [fact for fact in facts if fact["status"] == "done"]
    warned = [fact for fact in done if fact["warnings"]]
    parts = [f"{text.plural(len(done), 'library', 'libraries')} done"]
    if len(facts) > len(done):
        parts.append(f"{len(facts) - len(done)} skipped")
    parts.append(f"warnings for {text.listing([f['id'] for f in warned])}" if warned else "no warnings")
    return f"{'; '.join(parts)}."


def _title(step: str, words: dict[str, dict[str, str]]) -> str:
    return words.get(step, {}).get("title") or step.replace("_", " ")
