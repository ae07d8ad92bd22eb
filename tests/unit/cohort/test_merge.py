"""Joining libraries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sscite.cohort import umap_figures
from sscite.cohort.merge import cells
from sscite.errors import UserError


def test_a_cell_is_left_out_for_the_first_reason_that_applies():
    obs = pd.DataFrame(
        {
            "qc_pass": [True, False, True, True, True, True], "hto_call": ["A", "A", "Doublet", "A", "A", "A"],
            "sample": ["S", "S", "", "", "S", "S"], "doublet": [False, True, True, False, True, False],
            "lineage": ["B", "B", "B", "B", "B", "platelet"],
        }
    )  # fmt: skip
    expected = ["", "low quality", "hashtag doublet", "no sample", "doublet", "platelet or red cell"]
    assert cells.exclusion(obs).tolist() == expected


def test_union_keeps_the_order_of_first_sight_and_intersection_that_of_the_first_library():
    genes = {"A": pd.Index(["x", "y", "z"]), "B": pd.Index(["z", "w", "x"])}
    assert cells.combine_genes(genes, "union").tolist() == ["x", "y", "z", "w"]
    assert cells.combine_genes(genes, "intersection").tolist() == ["x", "z"]


def test_libraries_without_common_genes_are_named_with_examples():
    genes = {"A": pd.Index(["CD3D", "MS4A1"]), "B": pd.Index(["ENSG01", "ENSG02"])}
    with pytest.raises(UserError, match=r"'B': 0 of its 2 genes \(such as ENSG01, ENSG02\)"):
        cells.combine_genes(genes, "union")


def test_genes_move_to_their_places_and_others_are_dropped():
    counts = sp.csr_matrix(np.array([[1, 2, 3], [0, 5, 0]], np.float32))
    moved = cells.spread_columns(counts, np.array([2, -1, 0]), 4)
    assert moved.toarray().tolist() == [[3, 0, 1, 0], [0, 0, 0, 0]]
    assert moved.has_sorted_indices


def test_an_antibody_that_a_panel_lacks_is_missing_not_zero():
    one, two = pd.DataFrame({"CD3": [1.0]}, index=["a"]), pd.DataFrame({"CD3": [2.0], "CD4": [0.0]}, index=["b"])
    stacked = cells.stack_proteins([one, two])
    assert np.isnan(stacked.loc["a", "CD4"])
    assert stacked.loc["b", "CD4"] == 0


def test_a_table_without_rows_is_that_of_a_skipped_step():
    joined = cells.join_cells(pd.DataFrame({"v": [1]}, index=["a"]), {"x.parquet": pd.DataFrame({"w": []})})
    assert joined.columns.tolist() == ["v"]


def test_a_table_of_other_cells_is_refused():
    with pytest.raises(UserError, match=r"x.parquet: its 1 cells are not the 2 cells"):
        cells.join_cells(pd.DataFrame(index=["a", "b"]), {"x.parquet": pd.DataFrame({"v": [1]}, index=["a"])})


def test_statistics_are_means_and_variances_of_counts_per_ten_thousand():
    values = np.array([[0, 10.0], [30, 20], [60, 30]])
    logged = sp.csr_matrix(np.log1p(values))
    statistics = cells.GeneStatistics(2)
    statistics.add("L", logged[:2])
    statistics.add("L", logged[2:])
    table = statistics.table()
    np.testing.assert_allclose(table["mean"][0], values.mean(axis=0))
    np.testing.assert_allclose(table["variance"][0], values.var(axis=0, ddof=1))


def test_the_figure_of_many_libraries_shows_those_with_the_fewest_cells_used():
    used = pd.DataFrame({"used": range(200, 0, -1), "doublet": 5}, index=[f"L{i:03d}" for i in range(200)])
    figure, caption = umap_figures.libraries(used)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == [f"L{i:03d}" for i in range(199, 159, -1)]
    assert caption.endswith("of the 40 libraries with the fewest cells used.")
    figure, caption = umap_figures.libraries(used.iloc[:40])
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [f"L{i:03d}" for i in range(40)]
    assert caption == "Cells used, and cells excluded by reason."


def test_the_figure_of_mixing_shows_the_libraries_that_are_mixed_least():
    """After correction 0.01 to 2.00 of a share of 2.5 if fully mixed: the first forty lack most."""
    after = np.arange(1, 201) / 100
    names = [f"L{i:03d}" for i in range(200)]
    mixing = pd.DataFrame({"library": names, "before": after / 2, "after": after, "if_mixed": 2.5})
    metrics = pd.DataFrame({name: [0.1, 0.2] for name in ("ilisi", "clisi", "label_kept", "connectivity")})
    left = umap_figures.before_after(metrics, mixing.sample(frac=1, random_state=0)).axes[0]
    assert [text.get_text() for text in left.get_yticklabels()] == names[:40]
