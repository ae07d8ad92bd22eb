from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
from unit.demux.pools import mean_f, pool

from sscite.demux import decision, em, maximisation
from sscite.demux.expectation import Posterior, expectation
from sscite.demux.likelihoods import Tables
from sscite.demux.priors import DEPTH_BINS, Priors, depth_bins, visible_doublets


def test_posteriors_are_those_of_all_states_written_out():
    rng = np.random.default_rng(0)
    background = np.log(rng.random((4, 3, 2)))
    alone, paired, stray = (rng.random((4, 3, 2)) * 9 for _ in range(3))
    share, of_stray = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
    states, level = np.array([0.1, 0.6, 0.2, 0.1]), np.full((4, 2), 0.5)
    codes = np.array([[0, 1, 2, 0]])
    priors = Priors(share, of_stray, states, np.log([1.0, 2.0]), level, fixed=False)
    found, weights = expectation(codes, priors, Tables(background, alone, paired, stray), None)

    at = list(enumerate(codes[0]))
    base = np.exp(sum(background[h, c] for h, c in at)) * 0.5
    single = np.array([(base * states[1] * share[h] * alone[h, c]).sum() for h, c in at])
    doublet = {
        (g, h): (base * share[g] * share[h] * paired[g, a] * paired[h, b]).sum()
        for (g, a), (h, b) in combinations(at, 2)
    }
    beside = {
        (g, h): (base * share[g] * of_stray[h] * paired[g, a] * stray[h, b]).sum()
        for (g, a), (h, b) in permutations(at, 2)
    }
    doublets = states[3] / sum(share[g] * share[h] for g, h in combinations(range(4), 2)) * sum(doublet.values())
    per_pair = states[2] / sum(share[g] * of_stray[h] for g, h in permutations(range(4), 2))
    own = single + per_pair * np.array([sum(v for (g, _), v in beside.items() if g == h) for h in range(4)])
    total = states[0] * base.sum() + own.sum() + doublets
    assert found.single[0] == pytest.approx(own / total)
    assert found.states[0, 2] == pytest.approx(doublets / total)
    foreign = per_pair * np.array([sum(v for (_, h), v in beside.items() if h == k) for k in range(4)])
    assert weights.stray == pytest.approx(foreign / total)
    with_first = sum(v for pair, v in doublet.items() if 0 in pair) / sum(doublet.values()) * doublets
    assert weights.present[0].sum() == pytest.approx((own[0] + foreign[0] + with_first) / total)


def test_states_of_every_droplet_sum_to_one_and_singles_to_their_state():
    counts, _ = pool(droplets=400)
    model = em.fit(counts.to_numpy())
    found = em.posterior(counts.to_numpy(), model)
    assert found.states.sum(axis=1) == pytest.approx(np.ones(400))
    assert found.single.sum(axis=1) == pytest.approx(found.states[:, 1])


def test_blocks_do_not_change_posteriors():
    counts, _ = pool(droplets=300)
    model = em.fit(counts.to_numpy())
    whole, blocks = em.posterior(counts.to_numpy(), model), em.posterior(counts.to_numpy(), model, block=70)
    assert np.array_equal(whole.single, blocks.single)


def test_the_same_seed_gives_the_same_model_where_droplets_are_thinned():
    counts, _ = pool(droplets=800)
    first, again = (em.fit(counts.to_numpy(), at_most=300, seed=3) for _ in range(2))
    assert np.array_equal(first.tags.mu, again.tags.mu)


def test_planted_backgrounds_and_signals_are_found():
    counts, truth = pool(droplets=3000, tags=5)
    model = em.fit(counts.to_numpy())
    for h, tag in enumerate(counts):
        empty = counts[tag][(truth != tag) & (truth != "Doublet")].mean()
        full = counts[tag][truth == tag].median()
        level = np.exp(model.priors.level[1] @ model.priors.log_levels)
        assert model.tags.background[h] * level == pytest.approx(empty, rel=0.15)
        assert np.exp(model.tags.mu[h]) + model.tags.background[h] == pytest.approx(full, rel=0.15)


def test_loading_predicts_visible_doublets():
    assert visible_doublets(10_000, np.full(4, 0.25)) == pytest.approx(0.08 * 0.75)
    assert visible_doublets(10_000, np.array([1.0])) == 0


def test_the_doublet_rate_is_at_least_half_of_the_expected_one_and_that_of_stray_tags_is_counted():
    share = np.array([0.5, 0.5])
    old = Priors(share, share, np.array([0.1, 0.7, 0.1, 0.1]), np.zeros(1), np.ones((4, 1)), fixed=True)
    counted = np.array([[0.0], [100.0], [0.0], [0.0]])  # all of 100 droplets hold one cell and no stray tag
    rates = maximisation.priors(old, np.tile(share, (100, 1)), counted, np.zeros(2), droplets=10_000).states
    assert rates[3] / rates[1] == pytest.approx(0.02 / (101 / 103))  # half of 0.08 × (1 - 0.5)
    assert rates[2] == 0


def test_posteriors_are_raised_to_a_power_and_sum_to_one():
    """Of 0.9 and 0.1 the power 0.8 leaves 0.9^0.8 / (0.9^0.8 + 0.1^0.8) = 0.853."""
    one = np.zeros(1)
    found = em.temper(Posterior(np.array([[0.9, 0.0]]), np.array([[0.0, 0.9, 0.1]]), one, one))
    assert found.single[0] == pytest.approx([0.8529, 0], abs=1e-4)
    assert found.states[0] == pytest.approx([0, 0.8529, 0.1471], abs=1e-4)


def test_a_parabola_peaks_where_it_should():
    heights = [-((x - 0.5) ** 2) for x in (-1.0, 0.0, 1.0)]
    assert maximisation.parabola_step(*map(np.array, heights)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("shape", "least"),
    [
        ({"tags": 40, "droplets": 4000}, 0.98),
        ({"droplets": 250}, 0.96),
        ({"tags": 2}, 0.97),
        ({"tags": 12, "fold": 6}, 0.95),
        ({"tags": 3, "negatives": 0.4}, 0.97),
        ({"background": 0.1, "fold": 500}, 0.95),
    ],
    ids=["40 tags", "250 droplets", "2 tags", "12 weak tags", "many negatives", "almost no background"],
)
def test_hard_pools_are_called_right(shape, least):
    counts, truth = pool(seed=4, **shape)
    found = em.posterior(counts.to_numpy(), em.fit(counts.to_numpy()))
    calls = decision.names_of(decision.decide(found.single, found.states), list(counts.columns))
    assert mean_f(calls, truth) >= least


def test_posteriors_mean_what_they_say():
    counts, truth = pool(seed=5, droplets=4000, fold=4)
    found = em.posterior(counts.to_numpy(), em.fit(counts.to_numpy()))
    best = found.single.argmax(axis=1)
    right = counts.columns.to_numpy()[best] == truth
    confidence = found.single.max(axis=1)
    for low, high in ((0.5, 0.8), (0.8, 0.95), (0.95, 1)):
        band = (confidence > low) & (confidence <= high)
        assert right[band].mean() == pytest.approx(confidence[band].mean(), abs=0.1)


def test_depth_changes_the_odds_of_two_states_by_the_ratio_of_their_depths():
    counts = pool(droplets=50)[0].to_numpy()
    model = em.fit(counts, depth=np.arange(50) % DEPTH_BINS)
    plain = replace(model, priors=replace(model.priors, depth=None))
    table = np.full((4, DEPTH_BINS), 0.05)
    table[3, 2], table[1:3, 2] = 0.3, 0.1
    informed = replace(model, priors=replace(model.priors, depth=table))
    without, found = em.posterior(counts, plain), em.posterior(counts, informed, depth=np.full(50, 2))
    before, after = (each.states[:, 2] / each.single.max(axis=1) for each in (without, found))
    certain = after > 1e-12
    assert after[certain] / before[certain] == pytest.approx(np.full(certain.sum(), 3**em.TEMPER), rel=1e-6)


def test_the_depth_of_one_cell_and_of_two_is_counted_and_a_stray_tag_brings_none():
    """Of 60 + 20 single cells 60 lie in the first bin; 20 droplets are added in the pool's proportions 61 : 41."""
    share = np.array([0.5, 0.5])
    old = Priors(share, share, np.array([0.1, 0.7, 0.1, 0.1]), np.zeros(1), np.ones((4, 1)), fixed=True)
    counted = np.array([[0.0, 0.0], [40.0, 20.0], [20.0, 0.0], [0.0, 20.0]])
    level_state = counted.sum(axis=1, keepdims=True)
    found = maximisation.priors(
        old, np.tile(share, (80, 1)), level_state, np.zeros(2), droplets=100, depth_state=counted
    ).depth
    assert found[1] == pytest.approx([(60 + 20 * 61 / 102) / 100, (20 + 20 * 41 / 102) / 100])
    assert found[2] == pytest.approx(found[1])
    assert found[3] == pytest.approx([20 * 61 / 102 / 40, (20 + 20 * 41 / 102) / 40])


def test_depths_are_binned_in_twelfths_and_equal_ones_share_a_bin():
    assert list(depth_bins(np.arange(24.0))) == sorted(list(range(12)) * 2)
    assert len(set(depth_bins(np.full(30, 7.0)))) == 1
