"""Warnings and open questions of all tasks, merged: one line a kind, those that need a person first."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from sscite import text
from sscite.report.study import contrast_names

Fact = dict[str, Any]
# steps that describe the samples and compare no groups
DESCRIPTIVE = {"compare_pseudobulk", "compare_identity", "compare_design"}
OF_EACH_CONTRAST = [
    f"compare_{question}"
    for question in ("design", "composition", "calibration", "abundance", "expression", "enrichment")
]
OF_THE_COHORT = [
    "compare_identity", "compare_tissue_blood", "compare_trajectory", "compare_ligand_receptor", "compare_stage",
    "biomarkers_panel", "biomarkers_donors",
]  # fmt: skip
UNFINISHED = (
    "its task ended with an error, so this answer is missing; .nextflow.log names the task's folder, whose "
    ".command.log holds the message. Run again with -resume once the cause is corrected"
)
RANKS = ["critical", "check", "note"]
VARIABLE = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d,.]*(?: ?%)?")


def warnings(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return the warnings of all tasks, merged by kind and ranked.

    The rank is what the step gave (`Facts.warn`), the highest of those merged. Warnings of one step are of one kind
    when they differ only in numbers, in quoted names, or in names that the task's own tables hold. The same words from
    several steps are one warning too.

    Returns
    -------
    rank (`critical`, `check` or `note`), text of the first, the ids and steps it concerns, and all texts
    """
    groups: dict[str, list[tuple[Fact, str]]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for fact in facts:
        for warning in fact["warnings"]:
            groups[kinds.setdefault(warning, _kind(warning, fact))].append((fact, warning))
    merged = [_merged(members) for members in groups.values()]
    return sorted(merged, key=lambda item: (RANKS.index(item["rank"]), -len(item["ids"])))


def unanswered(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return what was skipped and why: one row per reason, with the steps and what they were for."""
    groups: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact["status"] == "skipped":
            groups[fact["detail"]].append(fact)
    return [_row(members, detail) for detail, members in groups.items()]


def unfinished(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return the questions of the comparison whose task ended with an error: it left no summary. One row per step."""
    contrasts = list(contrast_names(facts)) or ["cohort"]
    answered, steps = {(fact["step"], fact["id"]) for fact in facts}, {fact["step"] for fact in facts}
    missing = {step: [name for name in contrasts if (step, name) not in answered] for step in OF_EACH_CONTRAST}
    missing |= {step: ["cohort"] for step in OF_THE_COHORT if step not in steps}
    return [{"text": UNFINISHED, "ids": names, "steps": [step]} for step, names in missing.items() if names]


def negative(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return the comparisons that were made and found nothing, in their own words."""
    comparisons = [f for f in facts if f["step"].startswith("compare_") and f["step"] not in DESCRIPTIVE]
    done = [f for f in comparisons if f["status"] == "done" and not f.get("findings")]
    return [_row([fact], fact["summary"]) for fact in done if fact["summary"] and "findings" in fact]


def _kind(warning: str, fact: Fact) -> str:
    """Return the words that warnings of one kind share."""
    known = {str(value) for table in fact["tables"] for row in table["records"] for value in row[:3] if value}
    names = sorted((name for name in known | {fact["id"]} if len(name) > 2), key=len, reverse=True)
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)
    bare = re.sub(pattern, "…", warning) if pattern else warning
    return re.sub(r"…(?:(?:, | and )…)+", "…", VARIABLE.sub("…", bare))


def _merged(members: list[tuple[Fact, str]]) -> dict[str, Any]:
    texts = list(dict.fromkeys(warning for _, warning in members))
    rank = min((fact.get("ranks", {}).get(warning, "note") for fact, warning in members), key=RANKS.index)
    row = _row([fact for fact, _ in members], texts[0])
    more = f" (and {text.plural(len(texts) - 1, 'similar warning')})" if len(texts) > 1 else ""
    said = [{"id": fact["id"], "text": warning} for fact, warning in members]
    return {**row, "rank": rank, "text": row["text"] + more, "all": said if len(texts) > 1 else []}


def _row(facts: list[Fact], words: str) -> dict[str, Any]:
    ids, steps = (list(dict.fromkeys(fact[key] for fact in facts)) for key in ("id", "step"))
    return {"text": words, "ids": ids, "steps": steps}
