"""A methods section built from what ran: one passage per step, with parameters, versions and citations."""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from typing import Any

import yaml

from sscite import text
from sscite.report.provenance import versions

Fact = dict[str, Any]


def paragraphs(facts: list[Fact], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the paragraphs of the methods section: title, text with values filled in, and citations (DOI)."""
    passages = yaml.safe_load(files("sscite.report").joinpath("methods.yaml").read_text(encoding="utf-8"))
    ran = {fact["step"] for fact in facts if fact["status"] == "done"}
    values = _values(facts, settings)
    found = []
    for paragraph in passages:
        chosen = [passage for passage in paragraph["passages"] if passage["step"] in ran and _applies(passage, facts)]
        if chosen:
            sentences = " ".join(passage["text"].strip().format_map(values) for passage in chosen)
            cited = list(dict.fromkeys(doi for passage in chosen for doi in passage.get("cite", [])))
            found.append({"title": paragraph["title"], "text": sentences, "citations": cited})
    return found


def _applies(passage: dict[str, Any], facts: list[Fact]) -> bool:
    """Return whether a passage's condition (`when: {number: value}`) holds for any task of its step."""
    tasks = [fact["numbers"] for fact in facts if fact["step"] == passage["step"]]
    return all(any(numbers.get(key) == value for numbers in tasks) for key, value in passage.get("when", {}).items())


def _values(facts: list[Fact], settings: dict[str, Any]) -> dict[str, str]:
    """Return what passages may name: parameters, versions (`v_scanpy`) and numbers of the steps (`step__number`)."""
    values: dict[str, str] = defaultdict(lambda: text.MISSING)
    values |= {name: text.number(value) for name, value in settings.items()}
    values |= {f"v_{name.replace('-', '_')}": ", ".join(found) for name, found in versions(facts).items()}
    for fact in facts:
        for name, value in fact["numbers"].items():
            values.setdefault(f"{fact['step']}__{name}", text.number(value))
    return values
