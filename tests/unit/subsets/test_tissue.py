"""Tissue states against the reference tissue."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.errors import Reason, Skipped
from sscite.subsets import tissue


def cells() -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(0)
    middle = np.repeat([[0, 0], [10, 0], [0, 1], [10, 1], [40, 40]], 60, axis=0)
    frame = pd.DataFrame({
        "tissue": ["blood"] * 120 + ["kidney"] * 180, "lineage": "T",
        "subset": np.repeat(["a", "b", "a", "b", "new"], 60),
    })  # fmt: skip
    return (middle + rng.normal(0, 1, (300, 2))).astype(np.float32), frame


def test_counterparts_are_found_and_a_state_without_one_stands_out():
    placed = tissue.place(*cells(), reference="blood", seed=0)
    states = tissue.states(placed).set_index("subset")
    assert states.loc["a", "counterpart"] == "a"
    assert states.loc["b", "counterpart"] == "b"
    assert states["without_counterpart"].to_dict() == {"new": True, "a": False, "b": False}


def test_one_tissue_is_skipped_with_its_reason():
    X, frame = cells()
    with pytest.raises(Skipped) as raised:
        tissue.place(X, frame.assign(tissue="blood"), reference="blood", seed=0)
    assert raised.value.reason is Reason.ONE_TISSUE
