"""Tissue states against the reference tissue."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.errors import Reason, Skipped
from sscite.subsets.tissue import counterparts


def cells() -> tuple[np.ndarray, pd.DataFrame]:
    """Give 200 cells of each state in 8 dimensions; kidney is shifted by 1 as a whole, `new` is in kidney alone."""
    rng = np.random.default_rng(0)
    middle = np.zeros((1000, 8))
    middle[200:400, 0] = middle[600:800, 0] = 10
    middle[800:, 1] = 10
    middle[400:, 2] = 1
    frame = pd.DataFrame(
        {
            "tissue": ["blood"] * 400 + ["kidney"] * 600,
            "lineage": "T",
            "subset": np.repeat(["a", "b", "a", "b", "new"], 200),
        }
    )
    return (middle + rng.normal(0, 1, (1000, 8))).astype(np.float32), frame


def test_counterparts_are_found_and_a_state_without_one_stands_out():
    placed = counterparts.place(*cells(), reference="blood", seed=0)
    states = counterparts.states(placed).set_index("subset")
    assert states.loc["a", "counterpart"] == "a"
    assert states.loc["b", "counterpart"] == "b"
    assert states["without_counterpart"].to_dict() == {"new": True, "a": False, "b": False}


def test_one_tissue_is_skipped_with_its_reason():
    X, frame = cells()
    with pytest.raises(Skipped) as raised:
        counterparts.place(X, frame.assign(tissue="blood"), reference="blood", seed=0)
    assert raised.value.reason is Reason.ONE_TISSUE
