"""The quasi-likelihood test against edgeR, scipy and statsmodels, and on counts whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from sscite.compare.statistics import effect_shrinkage, negative_binomial, quasi_likelihood, variance_prior
from sscite.compare.statistics.donor_tests import benjamini_hochberg

COUNTS = np.array([
    [163, 30, 34, 4, 1, 9, 10, 10, 6, 238, 74, 19, 24, 287],
    [105, 99, 20, 3, 3, 4, 16, 2, 2, 94, 46, 1, 18, 477],
    [105, 148, 16, 11, 3, 0, 12, 0, 2, 88, 72, 2, 19, 121],
    [88, 144, 32, 9, 3, 21, 5, 4, 2, 190, 61, 6, 13, 152],
    [590, 61, 20, 5, 1, 4, 16, 0, 7, 268, 70, 3, 16, 0],
    [960, 152, 61, 15, 5, 18, 25, 20, 6, 192, 101, 15, 49, 0],
    [525, 25, 27, 8, 3, 13, 11, 16, 3, 72, 69, 9, 12, 0],
])  # fmt: skip
DESIGN = np.column_stack([np.ones(7), [-1, 0, 1, 0.5, -0.5, 0.3, 0.2], [0, 0, 0, 0, 1, 1, 1]])
# edgeR 3.40.2: calcNormFactors; glmQLFit(dge, DESIGN, dispersion = 0.1); glmQLFTest(fit, coef = 3)
FACTORS = [1.1293314, 0.71970244, 0.65171299, 0.74047771, 1.2075516, 1.9469089, 1.084441]
LOG_FC = [
    1.778974,
    -1.014652,
    -0.3575831,
    -0.1800701,
    -0.4305519,
    -0.3569945,
    -0.1452691,
    0.8860588,
    0.1277497,
    -0.6275127,
    -0.4161442,
    -0.1825856,
    -0.4351761,
    -11.4647,
]
F = [
    110.2866,
    3.292072,
    0.9292385,
    0.2972415,
    1.242654,
    0.1365678,
    0.09259935,
    0.5983203,
    0.1830206,
    1.720353,
    2.376463,
    0.05676617,
    1.159349,
    74.94197,
]
P = [
    4.235384e-05,
    0.119292,
    0.3721065,
    0.632529,
    0.5376092,
    0.7243465,
    0.7711253,
    0.4684458,
    0.7742549,
    0.2373653,
    0.173863,
    0.8195713,
    0.3227758,
    0.0009464221,
]
PRIOR_DF = 2.030746


def simulate(target: int, reference: int, genes: int, *, fold: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = np.repeat([1, 0], [target, reference])
    mean = np.exp(rng.normal(3.5, 1.2, genes)) * 2.0 ** (fold * group[:, None])
    noise = np.exp(rng.normal(0, 0.4, (len(group), genes)))
    counts = rng.poisson(mean * noise * np.exp(rng.normal(0, 0.4, len(group)))[:, None])
    return counts[:, counts.sum(axis=0) > 0], group


def design(group: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(group)), group])


def test_effects_and_p_values_equal_edger_at_the_same_dispersion_and_prior(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(negative_binomial, "dispersion_trend", lambda counts, *_: np.full(len(counts), 0.1))
    monkeypatch.setattr(variance_prior, "_local_degrees", lambda variances, _: np.full(len(variances), PRIOR_DF))
    fit = quasi_likelihood.fit(COUNTS, DESIGN)
    assert fit.factors == pytest.approx(FACTORS, rel=1e-6)
    assert fit.effect[:-1] == pytest.approx(LOG_FC[:-1], abs=1e-3)
    assert fit.statistic**2 == pytest.approx(F, rel=2e-3)
    assert np.log10(fit.p_value) == pytest.approx(np.log10(P), abs=2e-3)
    assert np.sign(fit.statistic).tolist() == np.sign(LOG_FC).tolist()


def test_a_step_that_raises_the_deviance_is_halved_until_the_maximum_is_reached():
    counts = np.array([[0, 0, 900, 1, 0, 0, 2, 0.0]])
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1.0])
    columns = np.column_stack([np.ones(8), [3, -3, 0, 1, -2, 2, 0, 0], group])
    factors, a = np.array([0.01, 0.01, 30, 0.1, 1, 1, 1, 1]), np.array([2.0])

    def deviance(beta: np.ndarray) -> float:
        mean = factors * np.exp(np.clip(columns @ beta, -30, 30))
        return float(sm.families.NegativeBinomial(alpha=2.0).deviance(counts[0], mean))

    best = min(
        optimize.minimize(deviance, start, method="Nelder-Mead", options={"maxiter": 5000, "fatol": 1e-10}).fun
        for start in ([0, 0, 0], [3, 0, -3], [3, -1, -3], [-3, 1, 2])
    )
    assert negative_binomial.coefficients(counts, factors, columns, a)[2] == pytest.approx(best, rel=1e-4)


def test_the_trend_of_the_dispersion_is_that_planted_although_many_genes_have_none_of_their_own():
    rng = np.random.default_rng(2)
    mean = np.repeat(np.exp(rng.uniform(0, 6, 1500))[:, None], 6, axis=1)
    counts = rng.poisson(rng.gamma(1 / 0.2, mean * 0.2)).astype(float)
    fitted = np.repeat(counts.mean(axis=1, keepdims=True), 6, axis=1).clip(min=0.1)
    trend = negative_binomial.dispersion_trend(counts, fitted, np.ones((6, 1)), mean[:, 0])
    assert np.median(trend) == pytest.approx(0.2, rel=0.1)
    assert np.quantile(trend, 0.05) > 0.1


def test_a_gene_tested_without_a_donor_is_that_gene_without_the_donors_row():
    fit = quasi_likelihood.fit(COUNTS, DESIGN)
    genes, rows = np.array([0, 4]), np.arange(7) != 5
    effect, p = quasi_likelihood.retest(COUNTS, DESIGN, fit, genes, rows=rows)
    for place, gene in enumerate(genes):
        y, offset = COUNTS[rows, gene], np.log(fit.factors[rows])
        family = sm.families.NegativeBinomial(alpha=fit.dispersion[gene])
        full, null = (sm.GLM(y, DESIGN[rows][:, :k], family=family, offset=offset).fit(tol=1e-10) for k in (3, 2))
        prior = fit.prior_df[gene]
        scale = (prior * fit.prior_scale[gene] + full.deviance) / (prior + 3)
        df = min(3 + prior, fit.df.max())
        assert p[place] == pytest.approx(stats.f.sf((null.deviance - full.deviance) / scale, 1, df), rel=1e-3)
        assert effect[place] == pytest.approx(full.params[-1] / np.log(2), abs=0.1)  # the prior count shrinks a little


def test_a_pair_that_is_left_out_leaves_with_its_column():
    counts = np.tile([[10, 200, 90, 55]], (8, 1)) + np.arange(8)[:, None]
    pairs = np.repeat(np.eye(4), 2, axis=0)[:, 1:]
    columns = np.column_stack([np.ones(8), pairs, np.tile([0, 1], 4)])
    fit = quasi_likelihood.fit(counts, columns)
    effect, p = quasi_likelihood.retest(counts, columns, fit, np.arange(4), rows=np.arange(8) >= 2)
    assert np.isfinite(effect).all()
    assert np.isfinite(p).all()


def test_shrunken_effects_are_the_mode_of_a_normal_likelihood_and_a_cauchy_prior():
    rng = np.random.default_rng(0)
    error = np.concatenate([np.full(300, 0.3), [2.0, 0.2]])
    effect = np.concatenate([rng.normal(0, 0.5, 300), [4.0, 4.0]])
    shrunk = effect_shrinkage.shrink(effect, error)

    def variance(a: float) -> float:
        return float((((effect**2 - error**2) - a) / (error**2 + a) ** 2).sum())

    scale2 = min(optimize.brentq(variance, 1e-4, 10), 1 / np.log(2) ** 2)
    for place in (0, 300, 301):
        b, s = effect[place], error[place]
        grid = np.linspace(-6, 6, 200_001)
        loss = (b - grid) ** 2 / (2 * s**2) + np.log1p(grid**2 / scale2)
        inside = (grid * b >= 0) & (np.abs(grid) <= abs(b))
        assert shrunk[place] == pytest.approx(grid[inside][loss[inside].argmin()], abs=0.01)
    assert shrunk[301] > 3.8
    assert abs(shrunk[300]) < 2


def test_between_few_donors_without_a_difference_p_values_are_uniform():
    sets = [simulate(4, 12, 250, fold=np.zeros(250), seed=seed) for seed in range(20)]
    p = np.concatenate([quasi_likelihood.fit(c, design(group), groups=group).p_value for c, group in sets])
    assert len(p) > 4500
    assert 0.04 < (p < 0.05).mean() < 0.06
    assert 0.007 < (p < 0.01).mean() < 0.014


def test_planted_genes_are_found():
    fold = np.zeros(300)
    fold[:10] = 2
    counts, group = simulate(6, 6, 300, fold=fold, seed=3)
    p = quasi_likelihood.fit(counts, design(group)).p_value
    assert (benjamini_hochberg(p)[:10] < 0.05).sum() >= 8


def test_one_donor_of_many_with_an_extreme_count_does_not_make_a_finding():
    counts, group = simulate(8, 8, 200, fold=np.zeros(200), seed=4)
    counts[0, 5] = 100 * counts[:, 5].max()
    fit = quasi_likelihood.fit(counts, design(group), groups=group)
    assert fit.outlier[5]
    assert fit.p_value[5] > 0.01
    alone = quasi_likelihood.fit(counts[1:], design(group[1:]))
    assert fit.effect[5] == pytest.approx(alone.effect[5], abs=0.1)


def test_genes_of_few_and_of_many_counts_each_have_the_degrees_of_freedom_of_their_own_prior():
    rng = np.random.default_rng(7)
    n, df = 40_000, 6
    abundance = np.linspace(0, 10, n)
    planted = np.where(abundance < 5, 80, 5)
    true = 0.3 * planted / rng.chisquare(planted)
    raw = true * rng.chisquare(df, n) / df
    prior_df, prior = variance_prior.trended_prior(raw, np.full(n, float(df)), abundance)
    inner = (abundance < 3, abundance > 7)
    assert np.median(prior_df[inner[0]]) == pytest.approx(80, rel=0.25)
    assert np.median(prior_df[inner[1]]) == pytest.approx(5, rel=0.1)
    t = rng.normal(size=n) * np.sqrt(true) / np.sqrt(variance_prior.posterior(raw, np.full(n, df), prior_df, prior))
    p = 2 * stats.t.sf(np.abs(t), df + prior_df)
    for part in inner:  # limma's one number, 8.4, gives 0.0002 and 0.0016
        assert 0.0005 < (p[part] < 0.001).mean() < 0.0015


def test_genes_that_rise_do_not_make_the_others_appear_to_fall():
    fold = np.zeros(1000)
    fold[:150] = 2
    counts, group = simulate(6, 6, 1000, fold=fold, seed=5)
    fit = quasi_likelihood.fit(counts, design(group))
    alone = quasi_likelihood.fit(counts[:, 150:], design(group))  # the library sizes of genes that do not differ
    tmm = quasi_likelihood.fit(counts, design(group), factors=negative_binomial.library_factors(counts.T.astype(float)))
    shift = np.median(fit.effect[150:]) - np.median(alone.effect)
    assert abs(shift) < 0.5 * abs(np.median(tmm.effect[150:]) - np.median(alone.effect))
