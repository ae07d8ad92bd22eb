"""Dissociation stress: its score, and which findings it explains."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.compare.statistics import dissociation_stress


def test_every_core_gene_is_a_stress_gene():
    assert set(dissociation_stress.CORE_GENES) <= dissociation_stress.STRESS_GENES


def test_the_score_is_the_mean_log_of_counts_per_ten_thousand():
    genes = pd.Index(["FOS", "JUN", "EGR1", "IER2", "DUSP1", "other"])
    counts = np.array([[3, 3, 3, 3, 3, 9985], [0, 0, 0, 0, 0, 500]])
    np.testing.assert_allclose(dissociation_stress.score(counts, genes), [2, 0])


def test_too_few_core_genes_give_no_score():
    assert np.isnan(dissociation_stress.score(np.ones((2, 2)), pd.Index(["FOS", "other"]))).all()


def test_a_finding_is_explained_only_when_its_effect_and_its_significance_go():
    effect, significant = np.array([2.0, 2.0, 2.0, 2.0]), np.array([True, True, True, False])
    given, p = np.array([0.2, 1.8, 0.2, 0.2]), np.array([0.6, 0.2, 0.01, 0.6])
    assert dissociation_stress.explained(effect, significant, given, p).tolist() == [True, False, False, False]
