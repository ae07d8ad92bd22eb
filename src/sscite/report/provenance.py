"""What ran: parameters and which of them differ from the default, versions, resources, checksums, retries."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Fact = dict[str, Any]


def provenance(
    facts: list[Fact], *, settings: dict[str, Any], defaults: dict[str, Any], run: dict[str, Any]
) -> dict[str, Any]:
    """Return everything that is needed to repeat the run."""
    return {
        "run": run,
        "parameters": parameters(settings, defaults),
        "versions": versions(facts),
        "resources": resources(facts),
        "checksums": checksums(facts),
        "seeds": sorted({fact["seed"] for fact in facts if fact["seed"] is not None}),
    }


def parameters(settings: dict[str, Any], defaults: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every parameter with its value and default; those that were changed first."""
    rows = [
        {"name": name, "value": value, "default": defaults.get(name),
         "changed": name in defaults and str(value) != str(defaults[name])}
        for name, value in sorted(settings.items())
    ]  # fmt: skip
    return sorted(rows, key=lambda row: not row["changed"])


def versions(facts: list[Fact]) -> dict[str, list[str]]:
    """Return the versions of each package over all tasks: more than one is worth knowing."""
    found: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        for package, version in fact["versions"].items():
            found[package].add(version)
    return {package: sorted(found[package]) for package in sorted(found)}


def resources(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return time and memory by step: tasks, seconds in all, largest memory used and requested (MB), retries."""
    by_step: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_step[fact["step"]].append(fact)
    return [
        {
            "step": step,
            "tasks": len(tasks),
            "seconds": round(sum(task["seconds"] for task in tasks), 1),
            "peak_memory_mb": max(task["peak_memory_mb"] for task in tasks),
            "memory_requested_mb": max(_requested(task, "memory_mb") or 0 for task in tasks) or None,
            "retries": sum((_requested(task, "attempt") or 1) - 1 for task in tasks),
        }
        for step, tasks in by_step.items()
    ]


def checksums(facts: list[Fact]) -> list[dict[str, str]]:
    """Return the SHA-256 of files that tasks name in a table with the columns `file` and `sha256`, and of models."""
    rows = []
    for fact in facts:
        for table in fact["tables"]:
            if {"file", "sha256"} <= set(table["columns"]):
                at = [table["columns"].index(name) for name in ("file", "sha256")]
                rows += [{"file": str(row[at[0]]), "sha256": str(row[at[1]])} for row in table["records"]]
        if fact["numbers"].get("model_sha256"):
            rows.append({"file": str(fact["numbers"].get("model")), "sha256": fact["numbers"]["model_sha256"]})
    return list({row["file"]: row for row in rows}.values())


def _requested(fact: Fact, name: str) -> int | None:
    return (fact.get("task") or {}).get(name)
