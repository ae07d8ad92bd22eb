"""What both parts of `subsets.yaml` share: checks of a parsed mapping, and its lists as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def unknown(where: str, entry: dict, allowed: set[str]) -> list[str]:
    """List the keys that mean nothing here."""
    return [f"{where}: unknown key '{key}'; allowed: {listed(allowed)}" for key in entry if key not in allowed]


def lists(where: str, entry: dict, keys: tuple[str, ...]) -> list[str]:
    """List the keys whose value is not a list of names."""
    wrong = [k for k in keys if entry.get(k) not in (None, "") and not _is_list_of_texts(entry[k])]
    return [f"{where}: '{key}' must be a list such as [A, B], found {entry[key]!r}" for key in wrong]


def _is_list_of_texts(value: Any) -> bool:
    """Return whether a value is a list of texts that are not empty."""
    return isinstance(value, list) and all(isinstance(entry, str) and entry for entry in value)


def directions(where: str, entry: Any) -> list[str]:
    """List the problems of an {up: [...], down: [...]} mapping."""
    if entry in (None, ""):
        return []
    if not isinstance(entry, dict):
        return [f"{where}: expected {{up: [...], down: [...]}}, found {entry!r}"]
    return unknown(where, entry, {"up", "down"}) + lists(where, entry, ("up", "down"))


def texts(values: Any) -> tuple[str, ...]:
    """Turn a YAML list into text; anything else into nothing."""
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def listed(names: Iterable[str]) -> str:
    """Write names as a list in a sentence."""
    return ", ".join(sorted(names))
