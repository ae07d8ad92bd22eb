"""Grades of evidence: strong, moderate or suggestive, by rules that the report prints in a box.

The rules use what every finding states: the adjusted p value and what it controls, the agreement of methods, the
largest p when one donor is left out, and the concerns, of which a failed calibration is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sscite import text
from sscite.findings import Concern

LEVEL = 0.05  # of the family-wise error rate or the false discovery rate
REPEATS = 0.8  # share of methods or of donor resamples that must report a finding without a p value


class Grade(StrEnum):
    """Strength of the evidence for a finding."""

    STRONG = "strong"
    MODERATE = "moderate"
    SUGGESTIVE = "suggestive"


DEFINITIONS = {
    Grade.STRONG: (
        "family-wise p ≤ 0.05; all methods but at most one agree; p stays ≤ 0.05 without any one donor; no concern"
    ),
    Grade.MODERATE: (
        "adjusted p ≤ 0.05 (family-wise or FDR) and at least half of the methods agree, or, without a p value, found "
        "in at least 80% of repeats; nothing explains it, and at most one concern weakens it"
    ),
    Grade.SUGGESTIVE: "reported by a step, but the rules above are not met: a hypothesis for the next cohort",
}
# concerns under which the finding may be something else altogether; the others weaken it
EXPLAINING = {
    Concern.STRESS, Concern.AMBIENT, Concern.QUALITY, Concern.BATCH, Concern.CLOSURE, Concern.NULL_CALIBRATION,
}  # fmt: skip


@dataclass(frozen=True)
class Graded:
    """Grade of a finding and, in sentences, why it is not higher."""

    grade: Grade
    reasons: tuple[str, ...]


def grade(finding: dict[str, Any]) -> Graded:
    """Return the grade of a finding (a record of `sscite.findings.Finding`)."""
    reasons = tuple(_against_strong(finding))
    if not reasons:
        return Graded(Grade.STRONG, ())
    return Graded(Grade.MODERATE if _is_moderate(finding) else Grade.SUGGESTIVE, reasons)


def explained(finding: dict[str, Any]) -> list[str]:
    """Return the concerns, as sentences, that may explain a finding."""
    return [concern_text(name) for name in finding["concerns"] if name in _names(EXPLAINING)]


def concern_text(name: str) -> str:
    """Return the sentence of a concern by its name; a name that this version does not know is shown as it is."""
    return Concern[name.upper()].value if name.upper() in Concern.__members__ else name.replace("_", " ")


def _against_strong(finding: dict[str, Any]) -> list[str]:
    """List what keeps a finding from the grade strong."""
    p, worst = finding["p"], finding["worst_p"]
    reasons = [concern_text(name) for name in finding["concerns"]]
    if p is None:
        reasons.append("no p value")
    elif p > LEVEL:
        reasons.append(f"{finding['error_rate']} {text.p_value(p)} is above 0.05")
    elif finding["error_rate"] != "family-wise":
        reasons.append(f"{finding['error_rate']} is controlled, not the family-wise error rate")
    if worst is None:
        reasons.append("stability without single donors was not computed")
    elif worst > LEVEL:
        donor = finding["influential_donor"] or "one donor"
        reasons.append(f"{text.p_value(worst)} without {donor}")
    if finding["methods"] and finding["agreement"] < finding["methods"] - 1:
        reasons.append(f"{finding['agreement']} of {text.plural(finding['methods'], 'method')} agree")
    return reasons


def _is_moderate(finding: dict[str, Any]) -> bool:
    """Return whether a finding that is not strong is moderate."""
    share = finding["agreement"] / finding["methods"] if finding["methods"] else None
    weak = len([name for name in finding["concerns"] if name not in _names(EXPLAINING)])
    if explained(finding) or weak > 1:
        return False
    if finding["p"] is None:
        return share is not None and share >= REPEATS and not weak
    return finding["p"] <= LEVEL and (share is None or share >= 0.5)


def _names(concerns: set[Concern]) -> set[str]:
    return {concern.name.lower() for concern in concerns}
