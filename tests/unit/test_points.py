from __future__ import annotations

import numpy as np

from sscite.points import Panel, Points


def test_points_keep_each_name_once_and_drop_those_without_a_position():
    panels = [
        Panel("A", "x", "y", [0.123456, np.nan, 2], [1, 2, 1e-8], ["g1", "g2", "g3"], [0, 1, 1]),
        Panel("B", "", "%", [0, 1], [5, 6], ["g3", "g1"], [0, 1], ticks=("HD", "SRC"), note="p = 0.1"),
    ]
    found = Points(panels, {"a": "#000", "b": "#fff"}, shown=1, what="gene").record()
    assert found["labels"] == ["g1", "g2", "g3"]
    assert found["panels"][0]["x"] == [0.123, 2]
    assert found["panels"][0]["y"] == [1, 1e-8]
    assert found["panels"][0]["label"] == [0, 2]
    assert found["panels"][0]["group"] == [0, 1]
    assert found["panels"][1]["label"] == [2, 0]
    assert found["panels"][1]["ticks"] == ["HD", "SRC"]
    assert found["groups"] == [["a", "#000"], ["b", "#fff"]]
