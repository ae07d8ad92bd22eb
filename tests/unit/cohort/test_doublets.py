"""One probability of two cells from several sources, by hand."""

import numpy as np
import pandas as pd
import pytest

from sscite.cohort.merge import doublets


def droplets(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns, index=[f"c{i}" for i in range(len(next(iter(columns.values()))))])


def test_rna_alone_gives_the_score_back():
    obs = droplets(doublet_score=[0.3, 0.02, np.nan], doublet_rate=[0.05] * 3)
    assert doublets.probability(obs)[:2].tolist() == pytest.approx([0.3, 0.02])
    assert np.isnan(doublets.probability(obs).iloc[2])


def test_sources_multiply_the_odds():
    """Two samples of equal size hide half of the doublets: a mean of .04 visible ones gives a rate of .08."""
    obs = droplets(sample=["A", "B", "", ""], doublet_score=[0.05, 0.5, 0.05, 0.5], doublet_rate=[0.05] * 4,
                   demux_doublet=[0.0, 0.0, 0.08, 0.08])  # fmt: skip
    prior, rna = 0.08 / 0.92, (0.5 / 0.5) / (0.05 / 0.95)
    tags = 0.5 + 0.5 * (0.08 / 0.92) / (0.04 / 0.96)
    odds = prior * np.array([0.5, 0.5 * rna, tags, tags * rna])
    assert doublets.probability(obs).tolist() == pytest.approx(list(odds / (1 + odds)), rel=1e-3)


def test_a_cell_with_proteins_of_two_lineages_is_more_probably_two_cells():
    obs = droplets(doublet_score=[0.05, 0.05], doublet_rate=[0.05] * 2, set_aside=["", "doublet"])
    odds = 0.05 / 0.95 * doublets.PROTEIN_RATIO
    assert doublets.probability(obs).tolist() == pytest.approx([0.05, odds / (1 + odds)])


def test_tags_of_one_sample_say_nothing_of_doublets_and_no_source_gives_none():
    obs = droplets(sample=["A", "A"], doublet_score=[0.3, np.nan], doublet_rate=[0.05] * 2, demux_doublet=[0.0, 0.0])
    assert doublets.probability(obs).iloc[0] == pytest.approx(0.3)
    assert doublets.probability(droplets(sample=["A", ""])).isna().all()


def test_doublets_among_the_cells_used_are_described_where_a_source_is_known():
    numbers, sentence = doublets.describe(pd.Series([0.1, 0.7, 0.2]))
    assert numbers == {"doublets_expected": 1.0, "doublets_probable": 1}
    assert "1 of these cells (33.3%) are expected to be doublets; 1 have a probability above 0.5" in sentence
    assert doublets.describe(pd.Series([np.nan])) == ({}, "")
