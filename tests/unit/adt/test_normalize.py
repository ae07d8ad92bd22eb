"""One library from counts to values, with every kind of bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import roc_auc_score

from sscite.adt import dsb
from sscite.adt.inputs import name_panel
from sscite.adt.method import METHODS
from sscite.adt.normalisation import CELL_COLUMNS, QUALITY_COLUMNS, Settings, assess, normalise
from sscite.errors import UserError

NAMES = [
    "CD3",
    "CD4",
    "CD8",
    "CD14",
    "CD16",
    "CD19",
    "CD56",
    "CD11c",
    "CD45RA",
    "HLA-DR",
    "IgG1_control",
    "IgG2a_control",
]


def library(cells: int = 120, empties: int = 150) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    positive = rng.random((cells, len(NAMES))) < 0.3
    positive[:, -2:] = False
    return rng.poisson(10 + 500 * positive), rng.poisson(6, (empties, len(NAMES)))


def run(counts: np.ndarray, empties: np.ndarray | None, isotypes: list[str] | None = None, **settings: object):
    panel = name_panel(NAMES[: counts.shape[1]], isotypes=isotypes or [], extra=None)
    matrix = sparse.csr_matrix(counts)
    background = None if empties is None else sparse.csr_matrix(empties)
    rng = np.random.default_rng(0)
    result = normalise(matrix, panel, empties=background, settings=Settings(**settings), rng=rng)
    quality, cells, _ = assess(matrix, panel, result, empties=background, rna=None, rng=rng)
    assert np.isfinite(result.proteins).all()
    assert np.isfinite(cells.to_numpy(dtype=float)).all()
    assert quality.columns.tolist() == QUALITY_COLUMNS
    assert cells.columns.tolist() == CELL_COLUMNS
    return result, quality, cells


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_a_finite_value_for_every_cell_and_protein(method: str):
    counts, empties = library()
    assert run(counts, empties, method=method)[0].proteins.shape == counts.shape


@pytest.mark.parametrize("method", METHODS)
def test_a_protein_without_counts_and_a_cell_without_counts_are_reported(method: str):
    counts, empties = library()
    counts[:, 2], empties[:, 2], counts[5] = 0, 0, 0
    result, quality, _ = run(counts, empties, method=method)
    assert quality["quality_class"][2] == "no counts"
    assert any("CD8: no counts" in note for note in result.notes)
    assert any("1 cells have no antibody counts" in note for note in result.notes)


def test_a_constant_column_is_scaled_by_the_usual_spread_and_named():
    counts, empties = library()
    counts[:, 4], empties[:, 4] = 7, 7
    assert any("CD16: constant" in note for note in run(counts, empties)[0].notes)


def test_no_isotypes_leave_the_background_mean_alone_and_say_so():
    counts, empties = library()
    result, _, _ = run(counts[:, :10], empties[:, :10])
    assert any("No isotype controls" in note for note in result.notes)
    np.testing.assert_array_equal(result.technical.noise, result.technical.background)


def test_one_isotype_is_used():
    counts, empties = library()
    result, _, _ = run(counts, empties, isotypes=["IgG1_control"])
    assert result.technical.isotypes.tolist() == [10]


def test_an_isotype_without_variation_is_left_out_and_named():
    counts, empties = library()
    counts[:, 10] = 3
    assert any("IgG1_control: isotype control without variation" in note for note in run(counts, empties)[0].notes)


@pytest.mark.parametrize("empties", [None, 0, 99])
def test_dsb_without_enough_empty_droplets_is_refused_with_the_remedy(empties: int | None):
    counts, background = library()
    with pytest.raises(UserError, match="needs at least 100; give more, or choose method clr_protein"):
        run(counts, None if empties is None else background[:empties])


def test_negative_and_missing_counts_are_refused():
    counts, empties = library()
    with pytest.raises(UserError, match="1 counts are negative or missing"):
        run(np.where(np.arange(counts.size).reshape(counts.shape) == 3, -1, counts), empties)
    with pytest.raises(UserError, match="empty droplets: 1 counts are negative or missing"):
        run(counts, np.where(np.arange(empties.size).reshape(empties.shape) == 3, np.nan, empties.astype(float)))


def sticky_monocytes() -> tuple[np.ndarray, np.ndarray]:
    """Every tenth cell carries CD14 and CD11c, dimly in some, and binds three times as much of everything."""
    rng = np.random.default_rng(1)
    monocyte = np.arange(600) % 10 == 0
    level = np.exp(rng.normal(0, 0.3, 600)) * np.where(monocyte, 3, 1)
    mean = np.full((600, len(NAMES)), 20.0)
    mean[:, [0, 1]] += 400 * (~monocyte & (np.arange(600) % 3 > 0))[:, None]
    mean[:, [3, 7]] += np.exp(rng.normal(3.5, 1, 600))[:, None] * monocyte[:, None]
    return rng.poisson(mean * level[:, None]), monocyte


def test_without_empty_droplets_a_lineage_that_binds_more_of_everything_keeps_its_marker():
    counts, monocyte = sticky_monocytes()
    result, _, _ = run(counts, None, method="dsb_cells")
    assert result.slopes == "within negative and positive cells"
    over_all = dsb.regress_out(*corrected(counts))
    auroc = [roc_auc_score(monocyte, values[:, NAMES.index("CD14")]) for values in (result.proteins, over_all)]
    assert auroc[0] > auroc[1] + 0.1


def corrected(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values after step 1 with the background of the cells, and the technical level in them."""
    matrix = sparse.csr_matrix(counts)
    values = dsb.correct(matrix, dsb.ambient_of_cells(matrix, rng=np.random.default_rng(0)))
    return values, dsb.technical(values, np.array([10, 11])).noise


def test_with_empty_droplets_the_slope_is_rs_over_all_cells():
    counts, empties = library()
    result, _, _ = run(counts, empties)
    values = dsb.correct(sparse.csr_matrix(counts), dsb.ambient(sparse.csr_matrix(empties)))
    assert result.slopes == "over all cells"
    np.testing.assert_array_equal(result.proteins, dsb.regress_out(values, result.technical.noise))


@pytest.mark.parametrize("cells", [1, 2, 19])
def test_few_cells_are_corrected_and_not_denoised(cells: int):
    counts, empties = library(cells)
    result, _, _ = run(counts, empties)
    assert result.technical is None
    assert result.slopes == ""
    assert any(f"{cells} cells, at least 20" in note for note in result.notes)
    run(counts, None, method="dsb_cells")


def test_few_proteins_are_corrected_and_not_denoised():
    counts, empties = library()
    assert run(counts[:, :9], empties[:, :9])[0].technical is None


def test_impossible_settings_are_refused_all_at_once():
    with pytest.raises(UserError) as caught:
        Settings(method="x", scale="y", pseudocount=0, clip=(0.9, 0.1)).check()
    assert len(caught.value.problems) == 4


def test_clipping_and_pseudocount_reach_the_result():
    counts, empties = library()
    plain, clipped = run(counts, empties)[0].proteins, run(counts, empties, clip=(0.05, 0.95))[0].proteins
    np.testing.assert_allclose(clipped.max(axis=0), np.quantile(plain, 0.95, axis=0))
    assert not np.allclose(plain, run(counts, empties, pseudocount=1)[0].proteins)


def test_a_users_isotypes_replace_those_found_by_name_and_unknown_ones_are_refused():
    panel = name_panel(NAMES, isotypes=["CD3"], extra=None)
    assert panel.loc[panel["is_isotype"], "protein"].tolist() == ["CD3"]
    with pytest.raises(UserError, match="isotype 'IgG9' is not among"):
        name_panel(NAMES, isotypes=["IgG9"], extra=None)


def test_two_panels_share_proteins_under_one_name():
    blood = name_panel(["CD3_TotalSeqB", "CD8a_TotalSeqB"], isotypes=[], extra=None)
    kidney = name_panel(["CD8:SK1|CD8A|AHS0228|pAbO", "CD3:UCHT1|CD3E|AHS0231|pAbO"], isotypes=[], extra=None)
    assert pd.Index(blood["protein"]).intersection(kidney["protein"]).tolist() == ["CD3", "CD8"]
