"""Everything known of the cells in one table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.subsets import collect


def test_used_cells_come_with_coordinates_and_left_out_cells_with_their_reason():
    obs = pd.DataFrame(
        {"lineage_annotated": ["B"], "lineage": ["B"], "doublet": [False], "excluded": [""]}, index=["a"]
    )
    excluded = pd.DataFrame({"lineage": ["NK"], "doublet": [True], "excluded": ["doublet"]}, index=["b"])
    table = collect.cells_table(obs, excluded, {"X_umap": np.array([[1.0, 2.0]])})
    assert table["excluded"].tolist() == ["", "doublet"]
    assert table["lineage"].tolist() == ["B", "NK"]
    assert table["doublet"].tolist() == [False, True]
    assert table.loc["a", ["umap_1", "umap_2"]].tolist() == [1, 2]
    assert np.isnan(table.loc["b", "umap_1"])


def test_text_becomes_categories_and_missing_text_empty():
    tidy = collect.text_to_categories(pd.DataFrame({"t": ["x", None], "n": [1.0, np.nan]}))
    assert tidy["t"].tolist() == ["x", ""]
    assert isinstance(tidy["t"].dtype, pd.CategoricalDtype)
    assert np.isnan(tidy["n"].iloc[1])


def test_numbers_among_covariates_become_numbers_and_text_stays():
    samples = pd.DataFrame({"sample": ["S1", "S2"], "donor": ["1", "2"], "age": ["50", ""], "group": ["HD", "SSc"]})
    joined = collect.add_covariates(pd.DataFrame({"sample": ["S2", "S1"], "donor": ["2", "1"]}), samples)
    assert joined["age"].iloc[1] == 50
    assert np.isnan(joined["age"].iloc[0])
    assert joined["group"].tolist() == ["SSc", "HD"]
