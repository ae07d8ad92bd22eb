"""The cells that the browser unpacks are the cells of the cohort."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pandas as pd

from sscite.report import explore


def unpack(text: str, kind: str = "u1") -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), kind)


def cells(count: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample": ["s1", "s1", "s2", "s2"] * (count // 4), "subset": ["B", "NK", "B", ""] * (count // 4),
            "n_genes": np.arange(count), "qc_reason": ["a", "b", "c", "d"] * (count // 4),
            "umap_1": np.linspace(-5, 5, count), "umap_2": np.linspace(0, 1, count),
        },
        index=[f"L:{i}" for i in range(count)],
    )  # fmt: skip


def test_a_category_keeps_its_levels_and_missing_labels_are_named():
    subset = next(c for c in explore.pack(cells(), [], total=4)["columns"] if c["name"] == "subset")
    assert [subset["levels"][code] for code in unpack(subset["data"])] == ["B", "NK", "B", "not given"]


def test_coordinates_fill_the_grid_and_keep_their_order():
    [drawn] = explore.pack(cells(), [], total=4)["maps"]
    assert unpack(drawn["x"], "<u2").tolist() == [0, 1365, 2730, 4095]


def test_a_protein_has_sixteen_levels_two_cells_in_a_byte():
    [feature] = explore.pack(cells(), [("protein", "CD4", np.array([0.0, 1.0, 0.5]))], total=4)["features"]
    high = unpack(feature["data"]) >> 4, unpack(feature["data"]) & 15
    assert [high[0][0], high[1][0], high[0][1]] == [0, 15, 8]
    assert (feature["kind"], feature["low"]) == ("protein", 0.0)


def test_technical_columns_are_not_offered():
    assert explore.shown_columns(cells()) == ["subset", "sample", "n_genes"]


def test_any_first_part_of_the_cells_is_a_stratified_sample():
    table = cells(4000)
    table["subset"] = np.where(np.arange(4000) < 400, "rare", "common")
    first = table.iloc[explore.stratified_order(table, seed=0)].head(400)
    assert 35 <= (first["subset"] == "rare").sum() <= 45
    assert 195 <= (first["sample"] == "s1").sum() <= 205
