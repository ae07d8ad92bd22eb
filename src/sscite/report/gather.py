"""Arrange the facts of all tasks in the order that the report tells them. Pure functions on plain dictionaries."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

ROOMS = {
    "samples": "Samples and quality",
    "demux": "Who is who: hashtags and genotypes",
    "adt": "Surface protein",
    "annotate": "Cell types",
    "cohort": "The cohort in one space",
    "subsets": "Immune subsets",
    "compare": "Comparison of donors, groups and tissues",
}
# within a room, steps in the order they build on each other; a step not named here comes last
STEPS = [
    "samples_validate", "samples_inspect", "samples_load", "samples_ambient", "samples_doublets",
    "demux_call", "demux_genotypes", "adt_method", "adt_normalize",
    "annotate_model", "annotate_celltypist", "annotate_protein",
    "cohort_merge", "cohort_integrate", "cohort_map",
    "subsets_cluster", "subsets_signatures", "subsets_tissue", "subsets_collect",
    "compare_pseudobulk", "compare_identity", "compare_design", "compare_composition", "compare_calibration",
    "compare_abundance", "compare_expression", "compare_enrichment", "compare_tissue_blood", "compare_trajectory",
    "compare_ligand_receptor", "compare_stage",
]  # fmt: skip

# steps whose verdicts answer what a reader came for; the others tell how the data are
QUESTIONS = {step for step in STEPS if step.startswith("compare_")} - {
    "compare_pseudobulk",
    "compare_identity",
    "compare_design",
}

Fact = dict[str, Any]


def arrange(
    facts: list[Fact], *, words: dict[str, dict[str, str]], figures: dict[str, str], settings: dict[str, Any]
) -> dict[str, Any]:
    """Arrange the facts of a run as the content of its report.

    Parameters
    ----------
    facts
        One dictionary a task, as `sscite.command.Facts` writes it.
    words
        Title and method of each step, in words.
    figures
        Data URI of each figure by file name; a figure that is listed but absent is said in the warnings.
    settings
        The run's parameters.
    """
    facts = sorted(facts, key=_position)
    for fact in facts:
        for figure in fact["figures"]:
            figure["source"] = figures.get(figure["file"])
    return {
        "summary": summary(facts),
        "rooms": [
            {"name": room, "title": title, "groups": _groups(room, [f for f in facts if _room(f) == room], words)}
            for room, title in ROOMS.items()
        ],
        "versions": versions(facts),
        "resources": resources(facts),
        "settings": {name: value for name, value in sorted(settings.items()) if value is not None},
    }


def summary(facts: list[Fact]) -> dict[str, Any]:
    """Say first what readers look for: the findings, what to beware of, what was skipped and why."""
    told = [f for f in facts if f["status"] == "done" and f["verdict"]]
    contrasts = dict.fromkeys(f["id"] for f in told if f["step"] in QUESTIONS)
    return {
        "findings": {
            contrast: [_sentence([f], f["verdict"]) for f in told if f["id"] == contrast and f["step"] in QUESTIONS]
            for contrast in contrasts
        },
        "quality": [_sentence([f], f["verdict"]) for f in told if f["step"] not in QUESTIONS],
        "warnings": _alike(_critical_first([(f, warning) for f in facts for warning in f["warnings"]])),
        "skipped": _alike([(f, f["detail"]) for f in facts if f["status"] == "skipped"]),
        "libraries": library_table(facts),
    }


def library_table(facts: list[Fact]) -> dict[str, Any]:
    """Give the plain numbers of each library's steps side by side: a row per library."""
    columns: list[str] = []
    rows: dict[str, dict[str, Any]] = defaultdict(dict)
    loaded = [f["id"] for f in facts if f["step"] == "samples_load"]
    for fact in facts:
        if fact["id"] not in loaded:
            continue
        for name, value in fact["numbers"].items():
            if isinstance(value, bool | str) or value is None:
                continue
            column = f"{fact['step'].partition('_')[2]}: {name.replace('_', ' ')}"
            if column not in columns:
                columns.append(column)
            rows[fact["id"]][column] = value
    records = [[library, *(rows[library].get(column) for column in columns)] for library in loaded]
    return {"columns": ["library", *columns], "records": records}


def versions(facts: list[Fact]) -> dict[str, list[str]]:
    """List the versions of each package over all tasks: more than one is worth knowing."""
    found: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        for package, version in fact["versions"].items():
            found[package].add(version)
    return {package: sorted(found[package]) for package in sorted(found)}


def resources(facts: list[Fact]) -> list[dict[str, Any]]:
    """Give time and peak memory by step: tasks, seconds in all, the largest memory in MB."""
    by_step: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_step[fact["step"]].append(fact)
    return [
        {
            "step": step,
            "tasks": len(tasks),
            "seconds": round(sum(task["seconds"] for task in tasks), 1),
            "peak_memory_mb": max(task["peak_memory_mb"] for task in tasks),
        }
        for step, tasks in by_step.items()
    ]


def multiqc(facts: list[Fact]) -> dict[str, dict[str, Any]]:
    """Give MultiQC's custom content by file name: a table of numbers per step, ids in rows."""
    content: dict[str, dict[str, Any]] = {}
    for step in dict.fromkeys(f["step"] for f in facts):
        data = {f["id"]: f["numbers"] for f in facts if f["step"] == step and f["numbers"]}
        if data:
            content[f"sscite_{step}_mqc.json"] = {
                "id": f"sscite_{step}",
                "section_name": step.replace("_", " ", 1),
                "parent_id": f"sscite_{step.partition('_')[0]}",
                "parent_name": ROOMS.get(step.partition("_")[0], step),
                "plot_type": "table",
                "pconfig": {"id": f"sscite_{step}_table", "title": f"sscite: {step}"},
                "data": data,
            }
    return content


def _groups(room: str, facts: list[Fact], words: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Group a room's facts by step; those of `compare` by contrast, since that is what a reader asks for."""
    by_contrast = room == "compare"
    grouped: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        grouped[fact["id"] if by_contrast else fact["step"]].append(fact)
    groups = []
    for key, members in grouped.items():
        entries = [dict(f, heading=_title(f["step"], words) if by_contrast else f["id"]) for f in members]
        for entry in entries:
            entry["method"] = words.get(entry["step"], {}).get("method", "") if by_contrast else ""
        method = "" if by_contrast else words.get(key, {}).get("method", "")
        groups.append({"title": key if by_contrast else _title(key, words), "method": method, "entries": entries})
    return groups


def _title(step: str, words: dict[str, dict[str, str]]) -> str:
    return words.get(step, {}).get("title") or step.replace("_", " ")


def _room(fact: Fact) -> str:
    return fact["step"].partition("_")[0]


def _position(fact: Fact) -> tuple[int, int, str, str]:
    room = list(ROOMS).index(_room(fact)) if _room(fact) in ROOMS else len(ROOMS)
    step = STEPS.index(fact["step"]) if fact["step"] in STEPS else len(STEPS)
    return room, step, fact["step"], fact["id"]


def _sentence(facts: list[Fact], text: str) -> dict[str, str]:
    """Say a text of the tasks that it is about, each step and id named once."""
    steps, ids = (", ".join(dict.fromkeys(fact[key] for fact in facts)) for key in ("step", "id"))
    return {"step": steps, "id": ids, "text": text}


def _critical_first(warnings: list[tuple[Fact, str]]) -> list[tuple[Fact, str]]:
    """Return the warnings with those first that put all results in doubt."""
    return sorted(warnings, key=lambda pair: pair[1] not in pair[0].get("critical", []))


def _alike(said: list[tuple[Fact, str]]) -> list[dict[str, str]]:
    """Join what is said in the same words of several libraries, or by several steps."""
    same: dict[str, list[Fact]] = defaultdict(list)
    for fact, text in said:
        same[text].append(fact)
    return [_sentence(facts, text) for text, facts in same.items()]
