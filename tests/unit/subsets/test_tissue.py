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


def states_of(frame: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    columns = ["counterpart", *counterparts.NUMBERS]
    return counterparts.states(frame.join(placed[columns]), reference="blood").set_index("subset")


def test_counterparts_are_found_and_a_state_without_one_stands_out():
    X, frame = cells()
    states = states_of(frame, counterparts.place(X, frame, reference="blood", seed=0))
    assert states.loc["a", "counterpart"] == "a"
    assert states.loc["b", "counterpart"] == "b"
    assert states["without_counterpart"].to_dict() == {"new": True, "a": False, "b": False}


def test_a_distant_state_whose_own_subset_the_reference_has_in_numbers_is_not_without_counterpart():
    X, frame = cells()
    frame.loc[frame.index[:25], "subset"] = "new"  # 25 of 400 in blood, 200 of 600 in kidney: a fifth of the share
    states = states_of(frame, counterparts.place(X, frame, reference="blood", seed=0))
    assert states.loc["new", "relative_distance"] > 2
    assert states.loc["new", "reference_cells"] == 25
    assert not states.loc["new", "without_counterpart"]


def test_the_distance_to_a_state_of_few_cells_in_the_reference_is_to_them_and_not_to_those_around_them():
    X, frame = cells()
    X[:8] += [0, 10, 0, 0, 0, 0, 0, 0]  # eight cells of blood lie where the state of the kidney does, but for the shift
    frame.loc[frame.index[:8], "subset"] = "new"
    states = states_of(frame, counterparts.place(X, frame, reference="blood", seed=0))
    assert states.loc["new", "relative_distance"] < 3  # about 6 if the eight are averaged with their neighbours


def test_a_few_misassigned_cells_in_the_reference_are_no_counterpart():
    X, frame = cells()
    frame.loc[frame.index[:12], "subset"] = "new"
    states = states_of(frame, counterparts.place(X, frame, reference="blood", seed=0))
    assert states.loc["new", "without_counterpart"]


def test_the_distance_of_a_state_is_the_median_over_donors_medians():
    frame = pd.DataFrame(
        {"tissue": "lung", "lineage": "mono", "donor": ["a"] * 20 + ["b"], "subset": "Mac", "counterpart": "CD14",
         "relative_distance": [1.0] * 20 + [5.0], "counterpart_share": 1.0, "counterpart_distance": 1.0}
    )  # fmt: skip
    states = counterparts.states(frame, reference="blood")
    assert states["relative_distance"].tolist() == [3.0]
    assert states["without_counterpart"].tolist() == [True]


def test_one_tissue_is_skipped_with_its_reason():
    X, frame = cells()
    with pytest.raises(Skipped) as raised:
        counterparts.place(X, frame.assign(tissue="blood"), reference="blood", seed=0)
    assert raised.value.reason is Reason.ONE_TISSUE
