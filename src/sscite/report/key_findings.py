"""The findings of all steps as rows of one table: merged, graded, ordered by strength of evidence, put in words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

from sscite import text
from sscite.report import grades
from sscite.report.sections import anchor
from sscite.report.study import table

Fact = dict[str, Any]
Row = dict[str, Any]
# what each step looks for; said where it found nothing
CHECKED = {
    "compare_composition": "dissociation stress, batch, cells per donor, variance, single donors",
    "compare_expression": "dissociation stress, ambient RNA of genes, single donors",
    "compare_enrichment": "dissociation stress, single donors",
    "compare_tissue_blood": "dissociation stress, ambient RNA, single donors",
}
GRADES = list(grades.Grade)
KINDS = {  # in the order in which equally strong findings are listed
    "composition": "subset frequency", "tissue_state": "tissue-specific state", "trajectory": "trajectory",
    "gene_set": "gene set", "protein": "protein", "gene": "gene", "stage": "change over stages",
    "interaction": "ligand-receptor pair", "discrimination": "prediction in held-out donors",
    "correlation": "correlation with a clinical variable",
}  # fmt: skip
GROUPED = {"gene": ("gene", "genes"), "protein": ("protein", "proteins")}
DIRECTIONS = {
    "composition": {"up": "more frequent", "down": "less frequent"},
    "discrimination": {"": "separate the groups in held-out donors"},
    "correlation": {"up": "rises", "down": "falls"},
    "tissue_state": {"up": "tissue-specific", "down": "tissue-specific", "": "without a counterpart"},
}
RATIOS = {"odds ratio", "fold change", "ratio", "hazard ratio"}


def rows(facts: list[Fact]) -> list[Row]:
    """Return the findings of all facts as rows, the strongest evidence first."""
    tested = Counter(fact["step"] for fact in facts if fact["status"] == "done")
    records = [_record(fact, finding, tested) for fact in facts for finding in fact.get("findings", [])]
    merged = [_merge(members) for members in _grouped(records, _claim)]
    found = [_collapse(members) for members in _grouped(merged, _feature_group)]
    found.sort(key=_strength)
    gates = panels(facts)
    for rank, row in enumerate(found, 1):
        row["rank"] = rank
        row["panel"] = gates.get(row["feature"] if row["kind"] == "composition" else row["subset"])
    return found


def panels(facts: list[Fact]) -> dict[str, dict[str, str]]:
    """Return the gating panel of each subset: its sentence and the anchor of its entry."""
    found: dict[str, dict[str, str]] = {}
    for fact in facts:
        if fact["step"] == "biomarkers_panel" and fact["status"] == "done":
            for row in table([fact], fact["step"], "panel"):
                anchored = {"text": fact["summary"], "anchor": anchor(fact["step"], fact["id"])}
                found.setdefault(str(row["subset"]), anchored)
    return found


def _record(fact: Fact, finding: dict[str, Any], tested: Counter[str]) -> Row:
    graded = grades.grade(finding)
    links = _links(fact, finding)
    comparisons = tested[fact["step"]] if fact["step"].startswith("compare_") else 1
    return {
        **finding,
        "comparisons": comparisons,
        "p_all_comparisons": over_all(finding["p"], comparisons),
        "grade": graded.grade.value,
        "reasons": list(graded.reasons),
        "concern_texts": [grades.concern_text(name) for name in finding["concerns"]],
        "step": fact["step"],
        "contrast": fact["id"],
        "links": links,
        "checked": _checked(CHECKED.get(fact["step"], ""), finding["p_given_stress"]),
        "checks": CHECKED.get(fact["step"], ""),
        "title": title(finding),
        "support": [],
        "members": [],
    }


def over_all(p: float | None, comparisons: int) -> float | None:
    """Return an adjusted p corrected for all comparisons of its step (Bonferroni); None without a p value.

    It controls what the adjusted p controls, the family-wise error or the FDR, over all comparisons together. The
    tables hold the p value of one comparison, so that a further one changes no result of the others.
    """
    return None if p is None else min(1.0, p * comparisons)


def _checked(checks: str, given_stress: float | None) -> str:
    """Write what a step without a concern has looked at, above all what the test given dissociation stress gave."""
    if not checks:
        return "not assessed"
    if given_stress is not None:
        holds = "holds" if given_stress <= grades.LEVEL else "not significant"
        return f"none found; {holds} given dissociation stress"
    return "none found" if "stress" in checks else "none found; dissociation stress not assessed"


def _links(fact: Fact, finding: dict[str, Any]) -> list[dict[str, str]]:
    """Return links to the figure and the table that show a finding; the step's first ones if it names none."""
    stem = finding["figure"].removesuffix(".png").rpartition(".")[2]
    named = [figure["file"] for figure in fact["figures"] if stem and figure["name"] == stem]
    file = next(iter(named or [figure["file"] for figure in fact["figures"]]), "")
    listed = next(iter(fact["tables"]), None)
    links = [{"text": "figure", "anchor": anchor("figure", file)}] if file else []
    if listed:
        links.append({"text": "table", "anchor": anchor("table", fact["step"], fact["id"], listed["name"])})
    return links or [{"text": "step", "anchor": anchor(fact["step"], fact["id"])}]


def title(finding: dict[str, Any]) -> str:
    """Return what changed in a few words: `CD14_EGR1 more frequent`, `EGR1 higher in CD14_EGR1`."""
    kind, direction = finding["kind"], finding["direction"]
    change = DIRECTIONS.get(kind, {"up": "higher", "down": "lower"}).get(direction, "")
    place = f"in {finding['subset']}" if finding["subset"] and finding["subset"] != finding["feature"] else ""
    return " ".join(filter(None, [finding["feature"], change, place]))


def _claim(row: Row) -> tuple:
    """Return what a finding claims: findings of several steps with one claim are one row."""
    return row["kind"], row["feature"], row["subset"], row["comparison"], row["direction"]


def _feature_group(row: Row) -> tuple:
    """Return what genes (or proteins) of one row share: subset, comparison, direction, grade and concerns."""
    if row["kind"] not in GROUPED:
        return ("alone", id(row))
    return row["kind"], row["subset"], row["comparison"], row["direction"], row["grade"], tuple(row["concerns"])


def _grouped(records: list[Row], key) -> list[list[Row]]:
    groups: dict[tuple, list[Row]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return [sorted(members, key=_strength) for members in groups.values()]


def _merge(members: list[Row]) -> Row:
    """Keep the strongest finding of one claim and list the others as its support."""
    first, *others = members
    support = [{name: row[name] for name in ("step", "p", "error_rate", "text", "grade")} for row in others]
    return {**first, "support": support}


def _collapse(members: list[Row]) -> Row:
    """Join features that changed alike; two stay named, more are counted and listed in the details."""
    first = members[0]
    if len(members) == 1:
        return first
    names = [member["feature"] for member in members]
    change = {"up": "higher", "down": "lower"}.get(first["direction"], "")
    place = f"in {first['subset']}" if first["subset"] else ""
    noun = text.plural(len(names), *GROUPED[first["kind"]])
    words = f"{noun} {change} {place}".replace("  ", " ").strip()
    keep = ("feature", "effect", "low", "high", "unit", "p", "error_rate", "text")
    listed = [{name: member[name] for name in keep} for member in members]
    return {**first, "title": f"{words}: {text.listing(names, 4)}", "members": listed}


def _strength(row: Row) -> tuple:
    p = row["p"] if row["p"] is not None else 1.0
    agreement = row["agreement"] / row["methods"] if row["methods"] else 0
    return (
        GRADES.index(row["grade"]), row["error_rate"] != "family-wise", list(KINDS).index(row["kind"]),
        p, -agreement, -abs(_scaled(row)), row["comparison"], row["feature"],
    )  # fmt: skip


def _scaled(row: Row) -> float:
    """Return the effect on a scale where no effect is 0."""
    effect = row["effect"] or 0.0
    return math.log(effect) if row["unit"] in RATIOS and effect > 0 else effect
