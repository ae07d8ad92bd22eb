"""One plain sentence a pool, and the tables and warnings of the report."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from sscite import names
from sscite.demux import quality
from sscite.demux.call import METHODS, MIN_AGREEMENT, Calls

DOUBLET_FACTOR = 2.0
MANY_NEGATIVE = 0.2
BAND = (0, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1.0)


def agreement(calls: Calls, first: str, second: str) -> float | None:
    """Share of droplets that two methods call alike; None where one could not run."""
    a, b = calls.calls[f"hto_{first}"], calls.calls[f"hto_{second}"]
    return None if (a == "").all() or (b == "").all() else float((a == b).mean())


def rates(calls: pd.Series) -> dict[str, float]:
    """Shares of Doublet, Negative and single calls."""
    doublet, negative = float((calls == names.CALL_DOUBLET).mean()), float((calls == names.CALL_NEGATIVE).mean())
    return {"doublet_rate": doublet, "negative_rate": negative, "single_rate": 1 - doublet - negative}


def methods(calls: Calls) -> pd.DataFrame:
    """Doublet, negative and single rate of each method, and its agreement with the joint model."""
    rows = [
        {"method": name, **rates(calls.calls[f"hto_{name}"]), "agrees_with_joint": agreement(calls, "joint", name)}
        for name in METHODS
        if not (calls.calls[f"hto_{name}"] == "").all()
    ]
    return pd.DataFrame(rows).round(4)


def numbers(calls: Calls) -> dict[str, Any]:
    """Numbers of the pool, for the facts."""
    found = rates(calls.calls[names.HTO_CALL])
    return {
        "droplets": len(calls.calls), "hashtags": len(calls.hashtags),
        "hashtags_absent": int((calls.hashtags["verdict"] == quality.ABSENT).sum()),
        "hashtags_weak": int((calls.hashtags["verdict"] == quality.WEAK).sum()),
        **{name: round(value, 4) for name, value in found.items()},
        "expected_doublet_rate": round(calls.model.expected_doublets, 4),
        "agreement_hashsolo": agreement(calls, "joint", "hashsolo"),
        "agreement_ambient": agreement(calls, "joint", "ambient"),
        "median_confidence": float(calls.calls[names.HTO_CONFIDENCE].median()),
        "em_iterations": calls.model.iterations,
    }  # fmt: skip


def warnings(calls: Calls) -> list[str]:
    """Everything about the pool that a reader must not miss."""
    found = [text for _, row in calls.hashtags.iterrows() if (text := quality.sentence(row))]
    facts = numbers(calls)
    expected, doublets = facts["expected_doublet_rate"], facts["doublet_rate"]
    singles = facts["droplets"] * (1 - doublets)
    if _present(calls) < 2:
        found.append(
            "one hashtag only: doublets cannot be seen; a droplet with a hashed and an unhashed cell counts as hashed"
        )
    elif abs(doublets - expected) > 3 * np.sqrt(expected / facts["droplets"]) + 0.005:
        if doublets > DOUBLET_FACTOR * expected:
            found.append(f"{doublets:.1%} doublets, more than twice the {expected:.1%} that the loading predicts")
        elif doublets < expected / DOUBLET_FACTOR and singles > 0:
            found.append(f"{doublets:.1%} doublets, less than half of the {expected:.1%} that the loading predicts")
    if facts["negative_rate"] > MANY_NEGATIVE and _present(calls) > 1:
        found.append(
            f"{facts['negative_rate']:.0%} of droplets carry no hashtag: staining failed in part, or "
            "cells were not hashed"
        )
    low = {n: v for n in METHODS[1:] if (v := facts[f"agreement_{n}"]) is not None and v < MIN_AGREEMENT}
    if low:
        said = ", ".join(f"{name} {value:.0%}" for name, value in low.items())
        found.append(
            f"the methods disagree widely on this pool (agreement with the joint model: {said}): look at its figures"
        )
    return found


def _present(calls: Calls) -> int:
    """Count the hashtags that droplets carry."""
    return int((calls.hashtags["verdict"] != quality.ABSENT).sum())


def sentence(calls: Calls, said: list[str]) -> str:
    """Give the verdict on the pool in one sentence."""
    facts = numbers(calls)
    called = f"{facts['single_rate']:.0%} of {facts['droplets']:,} droplets carry one of {_present(calls)} hashtags"
    rest = f"{facts['doublet_rate']:.1%} are doublets ({facts['expected_doublet_rate']:.1%} expected)"
    if _present(calls) < 2:
        rest = "doublets cannot be seen with one hashtag"
    judged = "a sound pool" if not said else "see the warnings" if len(said) < 3 else "a poor pool"
    return f"{called}, {facts['negative_rate']:.1%} carry none, {rest}: {judged}."


def expected_accuracy(calls: Calls) -> pd.DataFrame:
    """Droplets by band of confidence, with the share of right calls that the model expects in each."""
    confidence = calls.calls[names.HTO_CONFIDENCE]
    band = pd.cut(confidence, BAND, include_lowest=True)
    grouped = confidence.groupby(band, observed=False)
    bands = [f"{low:g} to {high:g}" for low, high in pairwise(BAND)]
    expected = grouped.mean().round(3).to_numpy()
    return pd.DataFrame({"confidence": bands, "droplets": grouped.size().to_numpy(), "expected_right": expected})
