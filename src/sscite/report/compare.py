"""What changed between two runs: findings, parameters, versions and numbers of their `report.json`."""

from __future__ import annotations

from typing import Any

from sscite import text

Change = dict[str, Any]
KEY = ("kind", "feature", "subset", "comparison")
RELATIVE = 0.01  # a number that differs by less is the same


def compare(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Change]]:
    """Return the changes from one run to another, by what changed: findings, parameters, versions, numbers."""
    old, new = (_findings(content) for content in (before, after))
    return {
        "gained": [_brief(new[key]) for key in new if key not in old],
        "lost": [_brief(old[key]) for key in old if key not in new],
        "changed": [change for key in old if key in new if (change := _finding_change(old[key], new[key]))],
        "parameters": _value_changes(*(_parameters(content) for content in (before, after))),
        "versions": _value_changes(*(content["provenance"]["versions"] for content in (before, after))),
        "numbers": _value_changes(*(_numbers(content) for content in (before, after))),
    }


def sentences(changes: dict[str, list[Change]]) -> list[str]:
    """Write the changes as lines."""
    lines = [f"+ {item['title']} ({item['comparison']}): {item['grade']}" for item in changes["gained"]]
    lines += [f"- {item['title']} ({item['comparison']}): was {item['grade']}" for item in changes["lost"]]
    for item in changes["changed"]:
        parts = [f"{name} {_word(old)} -> {_word(new)}" for name, (old, new) in item["values"].items()]
        lines.append(f"~ {item['title']} ({item['comparison']}): {'; '.join(parts)}")
    for kind in ("parameters", "versions", "numbers"):
        lines += [
            f"~ {kind[:-1]} {item['name']}: {_word(item['before'])} -> {_word(item['after'])}" for item in changes[kind]
        ]
    return lines or ["The two runs agree."]


def _findings(content: dict[str, Any]) -> dict[tuple, dict[str, Any]]:
    """Return the findings by what they claim; a changed direction is a changed finding."""
    return {tuple(finding[name] for name in KEY): finding for finding in content["findings"]}


def _finding_change(old: dict[str, Any], new: dict[str, Any]) -> Change | None:
    exact = ("grade", "direction", "donors_reference", "donors_target", "concerns")
    values = {name: (old[name], new[name]) for name in exact if old[name] != new[name]}
    values |= {name: (old[name], new[name]) for name in ("effect", "p") if not _same(old[name], new[name])}
    return {**_brief(new), "values": values} if values else None


def _brief(finding: dict[str, Any]) -> Change:
    return {name: finding[name] for name in (*KEY, "title", "direction", "grade", "effect", "p")}


def _parameters(content: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: row["value"] for row in content["provenance"]["parameters"]}


def _numbers(content: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of all steps by step, id and name."""
    entries = [entry for room in content["rooms"] for group in room["groups"] for entry in group["entries"]]
    return {f"{e['step']} {e['id']} {name}": value for e in entries for name, value in e["numbers"].items()}


def _value_changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    names = list(dict.fromkeys([*before, *after]))
    return [
        {"name": name, "before": before.get(name), "after": after.get(name)}
        for name in names
        if not _same(before.get(name), after.get(name))
    ]


def _same(old: Any, new: Any) -> bool:
    """Return whether two values are equal; numbers may differ by 1% of the larger."""
    if isinstance(old, float) or isinstance(new, float):
        if old is None or new is None or isinstance(old, str) or isinstance(new, str):
            return old == new
        return abs(old - new) <= RELATIVE * max(abs(old), abs(new))
    return old == new


def _word(value: Any) -> str:
    return text.listing(value) if isinstance(value, list) else text.number(value)
