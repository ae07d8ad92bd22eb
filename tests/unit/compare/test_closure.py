from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.compare.composition import closure


def family(subsets: dict[str, list[str]]) -> pd.DataFrame:
    rows = [("all", "subset", parent, name) for parent, names in subsets.items() for name in names]
    rows += [("all", "lineage", "all", parent) for parent in subsets]
    rows += [("parent", "subset", parent, name) for parent, names in subsets.items() for name in names]
    return pd.DataFrame(rows, columns=["measure", "level", "parent", "subset"])


def test_a_tenfold_expansion_leaves_only_the_expanded_subset_and_its_lineage():
    cells = {"T": [100.0] * 4, "B": [100.0] * 3, "mono": [300.0, 100.0]}
    tests = family({parent: [f"{parent}{i}" for i in range(len(values))] for parent, values in cells.items()})
    raised = {"T": cells["T"], "B": cells["B"], "mono": [3000.0, 100.0]}

    def logs(values: dict[str, list[float]]) -> np.ndarray:
        total = sum(map(sum, values.values()))
        whole = [n / total for part in values.values() for n in part] + [sum(part) / total for part in values.values()]
        return np.log(np.array(whole + [n / sum(part) for part in values.values() for n in part]))

    change = logs(raised) - logs(cells)
    noise = np.random.default_rng(0).normal(0, 0.02, (200, len(change)))
    effect = np.vstack([change, noise])
    corrected = closure.correct(effect, np.ones_like(effect), tests)[0]
    named = pd.Series(corrected, index=tests["measure"] + " " + tests["subset"])
    assert named["all mono0"] == pytest.approx(np.log(10))
    assert named["all mono"] == pytest.approx(np.log(3100 / 400))
    assert named["parent mono0"] == pytest.approx(np.log(10))
    others = named.drop(["all mono0", "all mono", "parent mono0"])
    assert np.abs(others).max() < 0.01


def test_a_centre_within_its_chance_variation_is_not_subtracted():
    centre = np.append(0.1, np.random.default_rng(0).normal(0, 0.1, 500))
    assert closure.shrink(centre)[0] == 0
    assert closure.shrink(np.append(1.0, centre))[0] == pytest.approx(1)


def test_the_weighted_median_of_equal_weights_is_the_median():
    values = np.array([[3.0, 1, 2], [9, 7, 8]])
    assert closure.weighted_median(values, np.ones_like(values)).tolist() == [2, 8]
    assert closure.weighted_median(values, np.array([[5.0, 1, 1], [1, 1, 1]])).tolist() == [3, 8]
