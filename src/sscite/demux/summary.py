"""Numbers, tables, warnings and one sentence about a pool, for the report."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from sscite import names
from sscite.demux import hashtag_quality
from sscite.demux.hashtag_calls import METHODS, MIN_AGREEMENT, Calls

DOUBLET_FACTOR = 2.0
MANY_NEGATIVE = 0.2
BAND = (0, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1.0)


def agreement(calls: Calls, first: str, second: str) -> float | None:
    """Compute the fraction of droplets that two methods call alike; None if one did not run."""
    a, b = calls.calls[f"hto_{first}"], calls.calls[f"hto_{second}"]
    return None if (a == "").all() or (b == "").all() else float((a == b).mean())


def rates(calls: pd.Series) -> dict[str, float]:
    """Compute the fractions of Doublet, Negative and single calls."""
    doublet, negative = float((calls == names.CALL_DOUBLET).mean()), float((calls == names.CALL_NEGATIVE).mean())
    return {"doublet_rate": doublet, "negative_rate": negative, "single_rate": 1 - doublet - negative}


def methods(calls: Calls) -> pd.DataFrame:
    """Compute doublet, negative and single rate of each method, and its agreement with the joint model."""
    rows = [
        {"method": name, **rates(calls.calls[f"hto_{name}"]), "agrees_with_joint": agreement(calls, "joint", name)}
        for name in METHODS
        if not (calls.calls[f"hto_{name}"] == "").all()
    ]
    return pd.DataFrame(rows).round(4)


def numbers(calls: Calls) -> dict[str, Any]:
    """Collect the numbers of the pool; the doublet rate is missing if it is not estimable."""
    rate = {name: round(value, 4) for name, value in rates(calls.calls[names.HTO_CALL]).items()}
    return {
        "droplets": len(calls.calls), "hashtags": len(calls.hashtags),
        "hashtags_absent": int((calls.hashtags["quality"] == hashtag_quality.ABSENT).sum()),
        "hashtags_weak": int((calls.hashtags["quality"] == hashtag_quality.WEAK).sum()),
        **rate, "doublet_rate": rate["doublet_rate"] if calls.doublets_estimable else None,
        "doublet_rate_estimable": calls.doublets_estimable,
        "expected_doublet_rate": round(calls.model.expected_doublets, 4),
        "agreement_hashsolo": agreement(calls, "joint", "hashsolo"),
        "agreement_ambient": agreement(calls, "joint", "ambient"),
        "median_confidence": float(calls.calls[names.HTO_CONFIDENCE].median()),
        "em_iterations": calls.model.iterations,
    }  # fmt: skip


def warnings(calls: Calls) -> list[str]:
    """List all warnings about the pool."""
    hashtags = [text for _, row in calls.hashtags.iterrows() if (text := hashtag_quality.sentence(row))]
    checks = (_doublet_warning(calls), _negative_warning(calls), _agreement_warning(calls))
    return [*hashtags, *(text for text in checks if text)]


def _doublet_warning(calls: Calls) -> str | None:
    """Return the warning about the doublet rate."""
    expected, droplets = calls.model.expected_doublets, len(calls.calls)
    rate = rates(calls.calls[names.HTO_CALL])["doublet_rate"]
    if _present(calls) < 2:
        return (
            "one hashtag only: doublets are not visible; a hashed and an unhashed cell in one droplet count as hashed"
        )
    if not calls.doublets_estimable:
        return (
            f"the doublet rate is not estimable: the hashtags are too weak to distinguish two cells from one "
            f"({expected:.1%} expected by the loading, {rate:.1%} called)"
        )
    if abs(rate - expected) <= 3 * np.sqrt(expected / droplets) + 0.005:
        return None
    if rate > DOUBLET_FACTOR * expected:
        return f"{rate:.1%} doublets, more than twice the {expected:.1%} expected by the loading"
    if rate < expected / DOUBLET_FACTOR:
        return f"{rate:.1%} doublets, less than half of the {expected:.1%} expected by the loading"
    return None


def _negative_warning(calls: Calls) -> str | None:
    """Return the warning about droplets without a hashtag."""
    rate = rates(calls.calls[names.HTO_CALL])["negative_rate"]
    if rate <= MANY_NEGATIVE or _present(calls) < 2:
        return None
    return f"{rate:.0%} of droplets have no hashtag: staining failed in part, or cells were not hashed"


def _agreement_warning(calls: Calls) -> str | None:
    """Return the warning about low agreement of the methods."""
    each = {name: agreement(calls, "joint", name) for name in METHODS[1:]}
    low = [f"{name} {value:.0%}" for name, value in each.items() if value is not None and value < MIN_AGREEMENT]
    if not low:
        return None
    return f"low agreement of the comparison methods with the joint model ({', '.join(low)}): check the figures"


def _present(calls: Calls) -> int:
    """Count the hashtags that are not absent."""
    return int((calls.hashtags["quality"] != hashtag_quality.ABSENT).sum())


def sentence(calls: Calls, warnings: list[str]) -> str:
    """Summarise the pool in one sentence."""
    rate, present = rates(calls.calls[names.HTO_CALL]), _present(calls)
    quality = "good quality" if not warnings else "see warnings" if len(warnings) < 3 else "poor quality"
    return (
        f"{rate['single_rate']:.0%} of {len(calls.calls):,} droplets have one of {present} hashtags, "
        f"{rate['negative_rate']:.1%} have none, {_doublet_phrase(calls, rate['doublet_rate'])}: {quality}."
    )


def _doublet_phrase(calls: Calls, rate: float) -> str:
    """Describe the doublet rate."""
    if _present(calls) < 2:
        return "doublets are not visible with one hashtag"
    if not calls.doublets_estimable:
        return "the doublet rate is not estimable"
    return f"{rate:.1%} are doublets ({calls.model.expected_doublets:.1%} expected)"


def expected_accuracy(calls: Calls) -> pd.DataFrame:
    """Count droplets by confidence, with the fraction of correct calls that the model expects."""
    confidence = calls.calls[names.HTO_CONFIDENCE]
    band = pd.cut(confidence, BAND, include_lowest=True)
    grouped = confidence.groupby(band, observed=False)
    bands = [f"{low:g} to {high:g}" for low, high in pairwise(BAND)]
    expected = grouped.mean().round(3).to_numpy()
    return pd.DataFrame({"confidence": bands, "droplets": grouped.size().to_numpy(), "expected_right": expected})
