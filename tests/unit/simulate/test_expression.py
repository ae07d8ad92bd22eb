"""What a sample's cells express, and pseudobulk drawn without cells."""

import numpy as np
import pytest

from sscite import simulate
from sscite.simulate import expression, profiles

SAMPLE = {"sex": "female", "tissue": "blood", "stage": ""}


@pytest.fixture(scope="module")
def book() -> profiles.Profiles:
    return profiles.build(1000)


def fold(book, subset, gene, sample, effect):
    plain = expression.sample_rates(book, SAMPLE, np.ones(1000), 0)
    changed = expression.sample_rates(book, {**SAMPLE, **sample}, np.ones(1000), effect)
    cell = book.rows(subset), book.genes.get_loc(gene)
    return changed[cell] / plain[cell]


def test_egr1_rises_at_onset_in_monocytes_alone(book):
    assert fold(book, "CD14_VCAN", "EGR1", {"stage": "onset"}, {"stage_egr1": 3}) == pytest.approx(3, rel=0.02)
    assert fold(book, "CD14_VCAN", "EGR1", {"stage": "before"}, {"stage_egr1": 3}) == pytest.approx(1, rel=0.02)
    assert fold(book, "CD8_TEM", "EGR1", {"stage": "onset"}, {"stage_egr1": 3}) == pytest.approx(1, rel=0.02)


def test_nfkb_targets_rise_in_cd14_egr1_alone(book):
    assert fold(book, "CD14_EGR1", "ICAM1", {}, {"nfkb": 3}) == pytest.approx(3, rel=0.05)
    assert fold(book, "CD14_VCAN", "ICAM1", {}, {"nfkb": 3}) == pytest.approx(1)


def test_tissue_carries_dissociation_stress(book):
    assert fold(book, "CD8_TEM", "FOS", {"tissue": "kidney"}, 0) == pytest.approx(expression.STRESS_FOLD, rel=0.05)


def test_a_sample_that_waited_has_stress_genes_raised_in_blood_too(book):
    assert fold(book, "CD8_TEM", "FOS", {"handling": "3"}, 0) == pytest.approx(3, rel=0.05)
    assert fold(book, "CD8_TEM", "FOS", {"handling": ""}, 0) == pytest.approx(1)


def test_half_of_the_donors_lack_a_gene_that_half_of_people_lack(book):
    factors = expression.donor_factors([f"d{i}" for i in range(400)], book, np.random.default_rng(0))
    gstm1, plain = (factors[book.genes.get_loc(gene)] for gene in ("GSTM1", "ACTB"))
    assert (gstm1 < 0.1).mean() == pytest.approx(0.5, abs=0.07)
    assert (plain > 0.5).all()


def test_sex_shows_in_its_genes(book):
    man = expression.sample_rates(book, {**SAMPLE, "sex": "male"}, np.ones(1000), 0)
    woman = expression.sample_rates(book, SAMPLE, np.ones(1000), 0)
    assert (man[:, book.genes.get_loc("XIST")] == 0).all()
    assert (woman[:, book.genes.get_loc("RPS4Y1")] == 0).all()
    assert (woman[:, book.genes.get_loc("XIST")] > 0).all()


def test_pseudobulk_grows_with_cells_and_depth():
    design = simulate.design({"HD": 2, "SRC": 2})
    counts = simulate.compositions(design, np.random.default_rng(0), cells=2000)
    bulk = simulate.pseudobulk(design, counts, np.random.default_rng(1), subsets=["CD8_TEM"], genes=1000, depth=1000)
    cells = counts.loc[bulk.index.get_level_values("sample"), "CD8_TEM"].to_numpy()
    assert bulk.shape == (4, 1000)
    assert np.allclose(bulk.sum(axis=1), 1000 * cells, rtol=0.15)


def test_pseudobulk_of_donors_varies_as_stated():
    design = simulate.design({"HD": 60})
    counts = simulate.compositions(design, np.random.default_rng(0), effect=0, cells=20_000)
    bulk = simulate.pseudobulk(design, counts, np.random.default_rng(1), subsets=["CD4_Naive"], genes=1000, effect=0)
    share = bulk.div(bulk.sum(axis=1), axis=0)
    common = share.loc[:, share.mean() > 1e-3]
    spread = np.log(common).std().median()
    assert spread == pytest.approx(np.hypot(expression.DONOR_SIGMA, expression.LIBRARY_SIGMA), rel=0.25)
