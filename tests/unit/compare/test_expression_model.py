"""The negative binomial regression, against PyDESeq2 and on counts whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.compare.statistics import negative_binomial
from sscite.compare.statistics.donor_tests import benjamini_hochberg


def simulate(target: int, reference: int, genes: int, *, fold: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = np.repeat([1, 0], [target, reference])
    mean = np.exp(rng.normal(3.5, 1.2, genes)) * 2.0 ** (fold * group[:, None])
    noise = np.exp(rng.normal(0, 0.4, (len(group), genes)))
    counts = rng.poisson(mean * noise * np.exp(rng.normal(0, 0.4, len(group)))[:, None])
    return counts[:, counts.sum(axis=0) > 0], group


def test_effects_errors_and_dispersions_equal_pydeseq2():
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.ds import DeseqStats

    counts, group = simulate(4, 8, 300, fold=np.zeros(300), seed=1)
    age = np.linspace(-1, 1, 12)
    names = [f"s{i}" for i in range(12)]
    design = pd.DataFrame({"age": age, "side": np.where(group == 1, "b", "a")}, index=names)
    dds = DeseqDataSet(counts=pd.DataFrame(counts, index=names), metadata=design, design="~age + side", quiet=True)
    dds.deseq2()
    peer = DeseqStats(dds, contrast=["side", "b", "a"], cooks_filter=False, independent_filter=False, quiet=True)
    peer.summary()
    ours = negative_binomial.fit(counts, np.column_stack([np.ones(12), age, group]))
    known = np.isfinite(peer.results_df["log2FoldChange"].to_numpy())
    assert known.sum() > 280
    assert np.median(np.abs(ours.effect - peer.results_df["log2FoldChange"].to_numpy())[known]) < 1e-3
    assert np.corrcoef(ours.statistic[known], peer.results_df["stat"].to_numpy()[known])[0, 1] > 0.999


def test_the_fold_change_of_a_gene_twice_as_high_is_one():
    counts = np.tile([[100, 50, 500]], (8, 1))
    counts[:4, 0] = 200
    counts[:, 1] += np.arange(8)
    many = np.hstack([counts, np.full((8, 60), 100)])
    fit = negative_binomial.fit(many, np.column_stack([np.ones(8), np.repeat([1, 0], 4)]))
    assert fit.effect[0] == pytest.approx(1, abs=0.01)
    assert fit.effect[3:] == pytest.approx(0, abs=0.01)


def test_between_few_donors_without_a_difference_hardly_any_subset_has_a_finding():
    found = 0
    for seed in range(20):
        counts, group = simulate(4, 12, 250, fold=np.zeros(250), seed=seed)
        fit = negative_binomial.fit(counts, np.column_stack([np.ones(16), group]), cells=group)
        found += int((benjamini_hochberg(fit.p_value) < 0.05).any())
    assert found <= 3  # 5 % of 20 is one; more than three has a chance of 2 %


def test_planted_genes_are_found():
    fold = np.zeros(300)
    fold[:10] = 2
    counts, group = simulate(6, 6, 300, fold=fold, seed=3)
    fit = negative_binomial.fit(counts, np.column_stack([np.ones(12), group]), cells=group)
    assert (benjamini_hochberg(fit.p_value)[:10] < 0.05).sum() >= 8


def test_one_donor_of_many_with_an_extreme_count_does_not_make_a_finding():
    counts, group = simulate(8, 8, 200, fold=np.zeros(200), seed=4)
    counts[0, 5] = 100 * counts[:, 5].max()
    fit = negative_binomial.fit(counts, np.column_stack([np.ones(16), group]), cells=group)
    assert fit.replaced[5]
    assert fit.p_value[5] > 0.01
