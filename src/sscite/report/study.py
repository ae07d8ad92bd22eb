"""The study in one line: donors by group and tissue, libraries, cells in and out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sscite import text

Fact = dict[str, Any]


def study(facts: list[Fact]) -> dict[str, Any]:
    """Return who was measured and how many cells were kept, as numbers and as a sentence."""
    sheet = table(facts, "samples_validate", "samples")
    contrasts = table(facts, "samples_validate", "contrasts")
    numbers = {fact["step"]: fact["numbers"] for fact in facts if fact["id"] == "cohort"}
    loaded = [fact["numbers"].get("cells") for fact in facts if fact["step"] == "samples_load"]
    cells = sum(count for count in loaded if count is not None)
    used = numbers.get("cohort_merge", {}).get("cells_used")
    design = donors_by_group(sheet, group_variable(sheet, contrasts))
    content = {
        "libraries": len(loaded), "samples": len({row["sample"] for row in sheet}),
        "donors": len({row["donor"] for row in sheet}), "cells_loaded": cells, "cells_used": used, "design": design,
    }  # fmt: skip
    return content | {"sentence": _sentence(content)}


def table(facts: list[Fact], step: str, name: str) -> list[dict[str, Any]]:
    """Return a table of a step's facts as records; empty if the step did not write it."""
    for fact in facts:
        for found in fact["tables"]:
            if fact["step"] == step and found["name"] == name:
                return [dict(zip(found["columns"], record, strict=True)) for record in found["records"]]
    return []


def group_variable(sheet: list[dict[str, Any]], contrasts: list[dict[str, Any]]) -> str:
    """Return the covariate of the contrasts that divides the donors most finely; empty if there is none."""
    columns = set(sheet[0]) if sheet else set()
    variables = dict.fromkeys(row["variable"] for row in contrasts if row["variable"] in columns - {"tissue"})
    return max(variables, key=lambda variable: len({row[variable] for row in sheet}), default="")


def donors_by_group(sheet: list[dict[str, Any]], variable: str) -> list[dict[str, Any]]:
    """Count the donors of each group (if there is a grouping covariate) in each tissue."""
    donors: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in sheet:
        donors[row["tissue"], str(row.get(variable) or "") if variable else ""].add(row["donor"])
    for tissue in {tissue for tissue, group in donors if not group and variable}:
        grouped = [members for (place, group), members in donors.items() if place == tissue and group]
        donors[tissue, ""] -= set().union(*grouped)  # a further sample of a donor whose group is known
    return [
        {"tissue": tissue, "group": group or ("no group" if variable else ""), "donors": len(members)}
        for (tissue, group), members in donors.items()
        if members
    ]


def contrast_names(facts: list[Fact]) -> dict[str, str]:
    """Return the name that the user gave each contrast, by its file-safe id."""
    return {row["contrast_id"]: row["contrast"] for row in table(facts, "samples_validate", "contrasts")}


def _sentence(study: dict[str, Any]) -> str:
    """Write the study as one sentence; parts that are not known are left out."""
    tissues: dict[str, list[str]] = defaultdict(list)
    for row in study["design"]:
        tissues[row["tissue"]].append(f"{row['group']} {row['donors']}".strip())
    places = [f"{tissue}: {', '.join(groups)}" for tissue, groups in tissues.items()]
    nouns = {"donors": ("donor",), "samples": ("sample",), "libraries": ("library", "libraries")}
    parts = [text.plural(study[name], *noun) for name, noun in nouns.items() if study[name]]
    cells = text.plural(study["cells_loaded"], "cell") if study["cells_loaded"] else ""
    if cells and study["cells_used"] is not None:
        kept = study["cells_used"] / study["cells_loaded"]
        cells += f", of which {text.number(study['cells_used'])} ({text.percent(kept)}) were analysed"
    listed = ", ".join(filter(None, [", ".join(parts), cells]))
    return f"{listed}. Donors in {'; '.join(places)}." if places else f"{listed}." if listed else ""
