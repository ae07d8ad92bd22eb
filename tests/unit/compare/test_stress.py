"""Dissociation stress: its score, and which findings it explains."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import genes
from sscite.compare.statistics import dissociation_stress


def test_every_gene_of_the_score_is_a_stress_gene():
    assert dissociation_stress.stress_genes(pd.Index(genes.named("DISSOCIATION_STRESS"))).all()


def test_the_score_is_the_mean_log_of_counts_per_ten_thousand():
    measured = pd.Index(["FOS", "JUN", "EGR1", "IER2", "DUSP1", "other"])
    counts = np.array([[3, 3, 3, 3, 3, 9985], [0, 0, 0, 0, 0, 500]])
    np.testing.assert_allclose(dissociation_stress.score(counts, measured), [2, 0])


def test_too_few_core_genes_give_no_score():
    assert np.isnan(dissociation_stress.score(np.ones((2, 2)), pd.Index(["FOS", "other"]))).all()


def test_a_finding_is_explained_only_when_its_effect_and_its_significance_go():
    effect, significant = np.array([2.0, 2.0, 2.0, 2.0]), np.array([True, True, True, False])
    given, p = np.array([0.2, 1.8, 0.2, 0.2]), np.array([0.6, 0.2, 0.01, 0.6])
    assert dissociation_stress.explained(effect, significant, given, p).tolist() == [True, False, False, False]


def test_the_score_of_a_sample_leaves_out_the_lineage_that_is_tested():
    scores = pd.DataFrame({"mono": [3.0, -3.0], "T": [0.5, -0.5], "B": [0.1, np.nan]}, index=["s1", "s2"])
    assert dissociation_stress.sample_scores(scores, without="mono").tolist() == [0.3, -0.5]


def test_a_sample_with_no_other_lineage_is_scored_in_the_tested_one():
    scores = pd.DataFrame({"mono": [3.0, -3.0], "T": [0.5, np.nan]}, index=["s1", "s2"])
    assert dissociation_stress.sample_scores(scores, without="mono").tolist() == [0.5, -3.0]


def test_a_finding_that_could_not_be_adjusted_says_so():
    table = pd.DataFrame({"effect": [1.0, 1.0, -1.0, 1.0], "effect_given_stress": [np.nan, 0.9, np.nan, 0.1],
                          "p_given_stress": [np.nan, 0.001, np.nan, 0.8]})  # fmt: skip
    flags = dissociation_stress.flags(table, np.ones(4, bool), np.array([True, False, True, False]))
    assert flags.tolist() == ["stress gene", "", "could not be adjusted", "explained by stress score"]
